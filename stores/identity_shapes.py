"""What a number or an e-mail address looks like in a text, however it is written: macros for the two locks of the vault.

The first lock is the door, which searches a row before it is written (`partners_ingest.rows.stated_words`); the second is the check
of a whole base before it is published (`publishing.checks`). Which number a cell means is decided by `partners_ingest.rows.phone`.
"""

from __future__ import annotations

import duckdb

from stores.sql_files import sql_of


def create_identity_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary macros `looks_like_number`, `looks_like_coded_number`, `looks_like_email` and `names_person`.

    A text that is null looks like nothing. `looks_like_coded_number` is for columns of codes: it asks for a leading 0 or a
    country code, as nine bare digits are the code of an area, too, and takes parts joined by _ for one word.
    """
    connection.execute(sql_of(__file__, "macros"))
