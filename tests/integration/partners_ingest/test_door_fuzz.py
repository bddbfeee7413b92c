"""A few hundred mutated files end with an outcome and exact control totals; thousands are run by command.

What is mutated is in `tests.scenes.door.mutants`, what must hold in `door_fuzz`; its own eyes are tried here on a door that was broken on purpose.
"""

from __future__ import annotations

import duckdb
import pytest

from partners_ingest.intake import preflight
from partners_ingest.rows import delivery_facts as delivery
from stores.keys import Keys
from tests.scenes.door import door_fuzz, mutants

SEED = 20261124
FILES = 100


def test_every_mutated_file_ends_with_an_outcome_and_exact_totals() -> None:
    tally = door_fuzz.run(SEED, range(FILES))
    assert tally.failures == []
    assert sum(tally.outcomes.values()) == FILES
    assert tally.outcomes["accepted"] > FILES // 10 and len(tally.outcomes) > 6
    assert tally.records > FILES and len(tally.codes) > 8


def test_a_mutant_is_known_by_its_seed_and_number() -> None:
    untouched = mutants.originals()
    assert mutants.mutant(1, 40, untouched) == mutants.mutant(1, 40, untouched)
    assert mutants.mutant(1, 40, untouched).data != mutants.mutant(2, 40, untouched).data


def test_a_lost_record_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is lost after it was counted: counts that do not add up are refused by the operations database already."""
    count_rows = delivery.count_rows

    def lose_the_last(connection: duckdb.DuckDBPyConnection) -> delivery.RowCounts:
        counts = count_rows(connection)
        connection.execute("create or replace temp table lost as from fields order by line_number desc limit 1")
        for table in ("keyed", "fields"):
            connection.execute(f"delete from {table} where line_number in (select line_number from lost)")
        return counts

    monkeypatch.setattr(delivery, "count_rows", lose_the_last)
    tally = door_fuzz.run(SEED, range(20))
    assert any("control totals are not those of the rows" in failure for failure in tally.failures)


def test_a_record_that_is_not_where_it_is_said_to_be_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    judge_rows = delivery.judge_rows

    def shorten_one(connection: duckdb.DuckDBPyConnection, facts: delivery.DeliveryFacts, keys: Keys) -> None:
        judge_rows(connection, facts, keys)
        connection.execute("update keyed set byte_length = byte_length - 1 where line_number % 2 = 0")

    monkeypatch.setattr(delivery, "judge_rows", shorten_one)
    tally = door_fuzz.run(SEED, range(20))
    assert any("bytes between records belong to none" in failure for failure in tally.failures)


def test_a_value_that_is_told_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "describe_unknown", lambda _header, line, _feed: f"it begins {line!r}")
    tally = door_fuzz.run(SEED, range(60))
    assert any("a value was told" in failure for failure in tally.failures)
