"""The database in memory in which one delivery is worked on.

What does not fit spills into the private scratch folder, under a key that exists in this process only, and goes when the
delivery is done. `delivered_lines` puts the delivery's lines here; what is made of them belongs to the readers and to
`partners_ingest.rows`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from stores.engine import connect
from stores.vault import Vault

#: Memory of the tables before they spill: with the interpreter and its libraries a process stays below 2 GB.
_MEMORY = "700MB"


@contextmanager
def open_workbench(folder: Path, vault: Vault, disk_mib: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection whose tables lie in memory, and encrypted in `folder` beyond it; unlocked for the vault.

    Not a database file: DuckDB would compress every step's table, which costs more than the steps.

    Args:
        folder: for what does not fit into memory.
        vault: for which it is unlocked.
        disk_mib: what may lie in `folder` at most.
    """
    connection = connect(spill_to=folder)
    try:
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        connection.execute(f"set max_temp_directory_size = '{disk_mib}MiB'")
        # every row carries its line number, and a join would let one thread alone keep the order
        connection.execute("set preserve_insertion_order = false")
        vault.unlock(connection)
        yield connection
    finally:
        connection.close()
