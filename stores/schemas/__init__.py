"""The columns of every Parquet table of lake and vault: type, class, meaning, grain and key.

Tables of the operations database stand in `stores.operations`.
"""
