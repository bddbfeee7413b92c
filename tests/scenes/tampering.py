"""Writing into a ledger as somebody who holds it: rules and references are switched off first, as far as an engine lets them."""

from contextlib import contextmanager

from stores.operations import database


@contextmanager
def tampering(engine):
    """Give a connection that SQLite refuses no row, and PostgreSQL none for its references; committed at the end."""
    unguarded = {database._WRITES: True, database._REWRITES: True}
    with engine.execution_options(**unguarded).begin() as work:
        if work.dialect.name == "postgresql":
            work.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield work
            return
        work.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        try:
            yield work
        finally:
            work.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
