"""One module per group of `filiation` commands: options in, one call of a room, an answer out.

A command imports its room inside its function, so that a look-up starts in a fraction of a second and only
the commands that run a job import Dagster.
"""
