"""The warehouse: the base that is served, the build of the next one, what goes into a build, questions to a base.

What a base holds is defined by dbt (`dbt_project`); publishing belongs to `publishing`.
"""
