"""Proofs by killing: an intake or a refresh is killed at random instants, and the base must be the same as without."""
