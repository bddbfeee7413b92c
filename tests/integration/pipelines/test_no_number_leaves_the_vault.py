"""Planted numbers, names and addresses are searched in everything that a night leaves behind, and in what it printed."""

import shutil
import sqlite3

import duckdb
import pytest

from tests.scenes.searches import canaries
from tests.scenes.searches.leak_search import is_leak, leaks

NUMBER_FORMS = [
    "+33639980042",
    "0639980042",
    "06 39 98 00 42",
    "06.39.98.00.42",
    "06-39-98-00-42",
    "33639980042",
    "0033639980042",
    "639980042",
    "+33 6 39 98 00 42",
]


@pytest.mark.parametrize("text", NUMBER_FORMS)
def test_the_search_sees_every_written_form(text):
    assert is_leak(f"value={text};".encode())
    assert not is_leak(b"a1639980042ff")


def test_the_search_sees_through_compression(tmp_path):
    """Positive control: a number in a text, a Parquet, a DuckDB and an SQLite file is found in each."""
    (tmp_path / "a.log").write_text("number 0639980042")
    with duckdb.connect() as connection:
        connection.execute(f"copy (select '06 39 98 00 42' as x) to '{tmp_path}/b.parquet' (compression zstd)")
    with duckdb.connect(str(tmp_path / "c.duckdb")) as connection:
        connection.execute("create table t as select ['+33639980042'] as x")
    with sqlite3.connect(tmp_path / "d.sqlite") as connection:
        connection.execute("create table t (x)")
        connection.execute('insert into t values (\'{"n": "+33639980042"}\')')
    assert {place.split(":")[0] for place in leaks(tmp_path)} == {"a.log", "b.parquet", "c.duckdb", "d.sqlite"}


def test_the_planted_row_was_taken_in(sample_refresh):
    shell, first = sample_refresh
    assert first.code == 0, first.err
    assert shell.run("lineage", canaries.NUMBER, "--reason", "control", "--json").json()["known"]
    found = {row["file"]: row for row in shell.run("deliveries", "--json").lines()}[canaries.FILE]
    assert found["outcome"] == "accepted"
    assert found["accepted_rows"] > 0 and found["quarantined_rows"] > 1


def test_nothing_of_the_planted_values_stands_anywhere_under_the_home(sample_refresh):
    shell, first = sample_refresh
    shell.run("quarantine"), shell.run("status")
    assert leaks(shell.home) == []
    words = [word.encode() for word in canaries.ALL]
    places = [
        str(file.relative_to(shell.home))
        for file in shell.home.rglob("*")
        if file.is_file() and any(word in file.read_bytes() for word in words)
    ]
    assert places == []


def test_nothing_of_the_planted_values_is_printed(sample_refresh):
    shell, first = sample_refresh
    answers = [
        first,
        shell.run("deliveries"),
        shell.run("quarantine", "--json"),
        shell.run("status", "--json"),
        shell.run("segment", "count", "config/campaigns/demo.yaml", "--json"),
    ]
    for answer in answers:
        text = answer.out + answer.err
        assert not is_leak(text.encode())
        assert not [word for word in canaries.ALL if word in text]


def test_a_planted_word_would_be_found(sample_refresh, tmp_path):
    """Positive control on a copy of the real home: one line in a log is enough."""
    shell, _ = sample_refresh
    copy = tmp_path / "copy"
    shutil.copytree(shell.home / "dbt", copy / "dbt")
    (copy / "dbt" / "console.log").open("a").write(f"\nrow of {canaries.NUMBER}\n")
    assert leaks(copy) == ["dbt/console.log"]
