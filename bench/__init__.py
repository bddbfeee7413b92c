"""What is run by hand and reported in docs/performance.md: measurements against a floor, and proofs too long for a test.

One folder per subject. A bench is a module with `CASES`, named in `bench.registry`; a long proof is a module with a command
line of its own. A bench measures on
invented data in the environment `bench` and never judges: nothing here is a timed test.
"""
