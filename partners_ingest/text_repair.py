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
    """Repair the named text columns of a table in place and set its column `is_repaired` where one changed."""
    for column in columns:
        damaged = connection.execute(
            f"select distinct {column} from {table} where regexp_matches({column}, '{_PATTERN}')"
        ).fetchall()
        pairs = [(text, repair_mojibake(text)) for (text,) in damaged]
        changed = [(text, repaired) for text, repaired in pairs if text != repaired]
        if not changed:
            continue
        before, after = zip(*changed, strict=True)
        connection.register("repairs_batch", pa.table({"before": pa.array(before), "after": pa.array(after)}))
        connection.execute(
            f"update {table} set {column} = r.after, is_repaired = true from repairs_batch as r where {column} = r.before"
        )
        connection.unregister("repairs_batch")
