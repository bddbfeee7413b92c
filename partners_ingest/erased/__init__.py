"""Persons who were erased or purged: finding their numbers in records and redacting their lines.

Erasing from the other stores belongs to `lineage.erasure`.
"""
