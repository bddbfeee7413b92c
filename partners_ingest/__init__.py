"""Floor 1: a partner's bytes become typed opt-in rows with proof, or quarantined rows with reasons.

What a row's consent allows is not judged here (see `dbt_project`), and Dagster is not known here.
"""
