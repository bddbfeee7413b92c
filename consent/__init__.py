"""Floor 1: dossiers, notices, form versions, audits and rules, and the one place to ask for a judgement.

The evaluation itself is SQL of `dbt_project`, which ships inside the base; Dagster is not known here.
"""
