"""The columns of every Parquet table of lake, vault and snapshots: type, privacy class, meaning, grain and key.

Tables of the operations database are in `stores.operations`.
"""
