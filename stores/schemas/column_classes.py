"""What a Parquet table is: typed columns, each with its privacy class; grain and key. Some columns that many tables share.

The tables are in the modules beside this one, by subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Privacy(StrEnum):
    """Class of a column: a column of class `identity` is allowed in the vault only."""

    IDENTITY = "identity"
    PSEUDONYMOUS = "pseudonymous"
    OPEN = "open"


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type, privacy class and meaning."""

    name: str
    type: str
    privacy: Privacy
    meaning: str


@dataclass(frozen=True)
class Table:
    """One Parquet table: what one row is, the key, the columns in their order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def names(self) -> list[str]:
        """Return the column names in order."""
        return [column.name for column in self.columns]


def columns(privacy: Privacy, *rows: tuple[str, str, str]) -> tuple[Column, ...]:
    """Return columns of one class from (name, DuckDB type, meaning)."""
    return tuple(Column(name, type_, privacy, meaning) for name, type_, meaning in rows)


ROW_ID = columns(
    Privacy.OPEN,
    ("delivery_id", "VARCHAR", "file received from a partner"),
    ("line_number", "BIGINT", "physical line where the record starts, 1-based, in the unpacked text"),
)
PLACE = columns(
    Privacy.OPEN,
    ("byte_offset", "BIGINT", "offset of the record in the unpacked bytes"),
    ("byte_length", "BIGINT", "length of the record in bytes, without its final newline"),
    ("partner_id", "VARCHAR", "who delivered"),
    ("feed_id", "VARCHAR", "the dossier's feed that the file belongs to"),
)
INSTANTS = columns(
    Privacy.OPEN,
    ("exported_at", "TIMESTAMP", "export instant of the file, by its name and feed"),
    ("received_at", "TIMESTAMP", "arrival of the file: from then on the row is known"),
)
