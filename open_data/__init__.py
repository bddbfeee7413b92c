"""Floor 1: public sources (addresses, bureau maps, results, IRIS, income) become vintages in the lake.

Tying a person's address to them belongs to `territories`; Dagster is not known here.
"""
