"""Territories against their floors, and how right the matcher of addresses is on addresses written by people."""
