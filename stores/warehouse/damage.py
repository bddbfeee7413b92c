"""A base whose bytes are not those that were written: known by DuckDB's own checksums, and told in words.

Opening a base belongs to `stores.warehouse.warehouse`; what was sealed is compared by `sealing.checks`.
"""

from __future__ import annotations

from stores.engine import quoted
from stores.warehouse.warehouse import Warehouse
from terms.errors import FiliationError

#: How DuckDB begins when a block, a header or the whole file is not what it wrote. It tells numbers of blocks, no value of a row.
_SAYS = ("Corrupt database file", "not a valid DuckDB database file", "The file is not a database")


class BaseDamaged(FiliationError):
    """The base that is served cannot be read whole."""


def told_damage(error: BaseException) -> BaseDamaged | None:
    """Return what an error of DuckDB says of a damaged base, in words; None = it says something else."""
    if "duckdb" not in type(error).__module__ or not any(words in str(error) for words in _SAYS):
        return None
    return BaseDamaged(
        "The base is damaged: some of its bytes are not those that were written, and nothing is answered from it.",
        "Move `warehouse/base.duckdb` out of the home and run `filiation refresh`: it is built anew from what was taken in.",
    )


def read_whole(warehouse: Warehouse) -> int:
    """Read every value of the published base once, so that its checksums are compared, and return how many tables it has.

    Raises:
        BaseDamaged: a byte of it was changed.
    """
    if not warehouse.base_path.exists():
        return 0
    try:
        with warehouse.open_base() as base:
            names = base.execute("select table_name from duckdb_tables() where not temporary").fetchall()
            for (name,) in names:
                base.execute(f"select sum(hash(read)::hugeint) from query_table('{quoted(name)}') as read").fetchone()
    except Exception as error:
        damage = told_damage(error)
        if damage is None:
            raise
        raise damage from None
    return len(names)
