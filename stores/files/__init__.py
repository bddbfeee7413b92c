"""Kinds of files: encrypted files, Parquet files, and Parquet files that grow batch by batch.

Which files there are, and where, is decided by the stores.
"""
