"""The second lock: a base in which something looks like a number or an e-mail address is not published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest

from publishing.checks import holds_no_identity
from stores.all_stores import Stores
from stores.engine import connect


class _Build:
    """A build with one table, in place of the warehouse's."""

    def __init__(self, column: str, text: str) -> None:
        self._column, self._text = column, text

    @contextmanager
    def open_build(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with connect() as build:
            build.execute(f"create table contacts as select $1 as {self._column}, ['{'a' * 32}'] as keys", [self._text])
            yield build


def _holds(column: str, text: str) -> bool:
    return holds_no_identity(cast(Stores, SimpleNamespace(warehouse=_Build(column, text)))).holds


@pytest.mark.parametrize(
    "text",
    [
        "0639980042",
        "639980042",
        "06-39-98-00-42",
        "０６３９９８００４２",
        "+262 692 00 00 01",
        "0692000001",
        "+32 470 12 34 56",
        "zoe＠exemple.test",
        "Mme Bérard, 06 39 98 00 42, le soir",
    ],
)
def test_whatever_looks_like_a_person_holds_the_base(text: str) -> None:
    assert not _holds("postcode", text)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("iris_code", "751114203"),
        ("bureau_code", "75056_1104"),
        ("address_id", "48271_0190_00037"),
        ("to_codes", "[48271_0013, 48271_0005]"),
        ("postcode", "75011"),
        ("form_version", "unknown:63998004263998004263998004263998"),
        ("told", "2026-03-02 17:04:11"),
        ("told", "98.5 % of 12345678 rows"),
    ],
)
def test_codes_days_and_hashes_do_not(column: str, text: str) -> None:
    assert _holds(column, text)
