"""Mojibake: UTF-8 that was once read as cp1252, turned back where that is provably reversible.

Rare, so found by a pattern in SQL and repaired once per distinct value in Python. It never rejects a row
(partners README, section 2). Encodings of whole files belong to the readers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb
import pyarrow as pa

#: Bytes that cp1252 leaves undefined; tools that misread UTF-8 keep them as the control of the same number.
_UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}

#: A lead byte of UTF-8 seen as a letter, then something beyond ASCII.
_PATTERN = "[ÂÃÅâ][^\\x00-\\x7F]"


def repair_mojibake(text: str) -> str:
    """Return the text as it was before the misreading, or unchanged where that cannot be proved.

    A text that was misread several times is turned back as often. A text that would become one with control
    characters was never misread: no person writes them.
    """
    while re.search(_PATTERN, text):
        try:
            before = b"".join(_byte(char) for char in text).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            break
        if any(0x80 <= ord(char) <= 0x9F and ord(char) not in _UNDEFINED for char in before):
            break
        text = before
    return text


def _byte(char: str) -> bytes:
    return bytes([ord(char)]) if ord(char) in _UNDEFINED else char.encode("cp1252")


def repair_columns(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    """Repair the named text columns of a table in place and set its column `is_repaired` where one changed.

    Args:
        connection: where the table is.
        table: its name; it has a column `is_repaired`.
        columns: of text.
    """
    damaged = connection.execute(_damaged_sql(table, columns)).fetchall()
    repairs = [(column, text, repair_mojibake(text)) for column, text in damaged]
    changed = [repair for repair in repairs if repair[1] != repair[2]]
    if not changed:
        return
    names = ("of_column", "before", "after")
    batch = pa.table([pa.array(values, pa.string()) for values in zip(*changed, strict=True)], names=names)
    connection.register("repairs_batch", batch)
    for column in sorted({column for column, _, _ in changed}):
        connection.execute(
            f"update {table} set {column} = r.after, is_repaired = true from repairs_batch as r"
            f" where r.of_column = '{column}' and {column} = r.before"
        )
    connection.unregister("repairs_batch")


def _damaged_sql(table: str, columns: Sequence[str]) -> str:
    """Return SQL for column and text of everything that looks misread; rows of ASCII are passed over at once."""
    texts = ", ".join(f"{{'name': '{column}', 'text': {column}}}" for column in columns)
    together = f"concat({', '.join(columns)})"
    return (
        f"select distinct cell.name, cell.text from (select unnest([{texts}]) as cell from {table}"
        # a letter beyond ASCII is common, a pair that looks misread is not: asked of the whole row before it is taken apart
        f" where strlen({together}) <> length({together}) and regexp_matches({together}, '{_PATTERN}'))"
        f" where regexp_matches(cell.text, '{_PATTERN}')"
    )
