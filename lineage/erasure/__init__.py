"""Erasing a person from every store, with a receipt; and readmission.

Deleting by age belongs to `retention`.
"""
