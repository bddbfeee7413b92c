"""Writing into a ledger as somebody who holds its file: rules and references are switched off first."""

from contextlib import contextmanager

from stores.operations import database


@contextmanager
def tampering(engine):
    """Give a connection to a SQLite ledger that refuses no row; what it wrote is committed at the end."""
    unguarded = {database._WRITES: True, database._REWRITES: True}
    with engine.execution_options(**unguarded).begin() as work:
        work.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        try:
            yield work
        finally:
            work.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
