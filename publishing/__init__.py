"""Floor 1: starting a build, checking it, and publishing it as the base with its manifest.

From top to bottom; imports run down this list only:

    checks                              checks between a build and its publishing
    erasing                             the base without the rows of erased persons
    build                               a build from all current inputs; publishing it
    decisions                           a person allows a smaller base
    affected_contacts, changed_claims   which contacts new files and changed dossiers concern
    facts_of_partners                   which rows a changed fact concerns, by the meta of dbt models

How inputs are stored belongs to `stores`, what a base holds to `dbt_project`. No Dagster here.
"""
