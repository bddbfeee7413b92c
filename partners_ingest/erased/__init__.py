"""Persons who were taken out: finding their numbers in records and redacting their lines.

Erasing from the other stores belongs to `lineage.erasure`.
"""
