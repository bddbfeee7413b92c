"""Asking the published base what it judges of a use: the use, the live facts, the questions, the answers, counts.

The evaluation itself is SQL of `dbt_project`, which ships inside the base; nothing is decided here.
"""
