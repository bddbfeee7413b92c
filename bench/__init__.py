"""Measurements and long proofs that are run by hand and reported in docs/performance.md; no test is timed here."""
