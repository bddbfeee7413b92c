"""Dossiers of partners (feeds, notices, form versions, audits, transport) and the controller that their notices name.

Here they are read, checked and kept as dated facts.

Judging an opt-in by them belongs to the SQL in `dbt_project/`.
"""
