"""Bytes become records: encodings, headers, lines, and one reader for each kind of file.

What a cell means belongs to `rows`.
"""
