"""Floor 1: how long what is kept, and deleting what is older: periods, what is due, the purge.

Erasing one person on request belongs to `lineage.erasure`.
"""
