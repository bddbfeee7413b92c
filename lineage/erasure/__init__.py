"""Erasing a person from every store, with a receipt; and readmitting an erased person.

Deleting by age belongs to `retention`, the receipt as a paper to `lineage.papers.receipt`.
"""
