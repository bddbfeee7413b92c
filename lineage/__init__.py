"""Floor 1: where a number comes from, why it may be used, every time it was; and the delivered bytes that prove it.

Deciding what a consent is worth is not done here (`consent.judgement` is asked), and Dagster is not known here.
"""
