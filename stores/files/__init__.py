"""Files on disk: encrypted files, Parquet files, files that grow by batches.

What is kept in them belongs to the stores.
"""
