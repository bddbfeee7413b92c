"""What a reader hands on: the records of a delivery as one relation of text cells, with structural faults.

Each format has a reader in a module of its own; which one reads a feed is decided in `registry`.
Meaning of the cells belongs to `partners_ingest.rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import duckdb

from consent.dossiers.feeds import Feed


@dataclass(frozen=True)
class Header:
    """The labels of a delivery, in order; empty where the format has none.

    `labels` are as `labels.plain_label` compares them, `written` as delivered. `lines` is the number of physical
    lines that the header takes, `text` their text (None where the file has no header).
    """

    labels: tuple[str, ...]
    written: tuple[str, ...]
    lines: int
    text: str | None


@dataclass(frozen=True)
class Records:
    """The view `records` and the position of each label or path in its `cells` (1-based).

    A view: what is cut from the lines is written once, as `fields`. Columns of `records`: `line_number` (where the record starts), `line_count` (physical lines), `byte_offset`,
    `byte_length` (without the final newline), `record_key` (UHUGEINT, equal for equal text), `record_text`, `problem` (structural
    code or null), `content_key` (UHUGEINT of label -> cell whatever the order of columns, null where damaged),
    `cells` (VARCHAR[], null where damaged), `remains` (VARCHAR[], null where sound: the cells that a damaged record
    seems to have; only withdrawals are looked for in them).
    """

    positions: Mapping[str, int]
    header: Header


class LinesEnd(Enum):
    """What comes after the lines that have been read."""

    FILE = "nothing"
    BATCH = "more lines"


class Reader(Protocol):
    """Turns the table `lines` into `records`; knows one format."""

    def read_header(self, connection: duckdb.DuckDBPyConnection, feed: Feed) -> Header:
        """Return the labels of the file."""

    def read_records(
        self, connection: duckdb.DuckDBPyConnection, feed: Feed, header: Header, end: LinesEnd = LinesEnd.FILE
    ) -> Records:
        """Create the view `records` of the table `lines`.

        Where more lines follow, those of a record that is not over are held back.

        Args:
            connection: the workbench, with `lines` or `text_lines`.
            feed: of the file.
            header: of the file, as `read_header` returned it.
            end: what comes after the lines that are there.
        """
