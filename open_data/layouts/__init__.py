"""One module per layout of official files; what they share is `layout` (the interface) and two readers.

A new layout is a module here and a line in `registry`.
"""
