"""Floor 0: the only Python that opens a store.

From top to bottom; imports run down this list only:

    backup                         copies of a home and of its ledger
    all_stores, rotation           all stores together; changing the encryption key of one file
    warehouse/                     the base that is served, the build, and what goes into a build
    snapshots                      configuration as it was read
    evidence/                      delivered bytes, commitments to their lines, redactions
    vault, lake                    rows with identity, rows without
    operations/                    the ledger: tables of the operations database, its journal and transactions
    home                           folders, stamp, writer's lock, scratch folder
    files/                         encrypted files and Parquet files
    schemas/                       columns of every Parquet table
    engine, keys                   DuckDB connections; keys derived from the secrets

Rules, formats of partners and Dagster do not belong here.
"""
