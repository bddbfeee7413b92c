"""A question whose plan is kept answers as one that is planned anew, whatever rows it is given later. Look-ups are tested elsewhere."""

from uuid import UUID

import duckdb
import pytest

from stores.warehouse.questions import KeptQuestions, Questions

_COLUMNS = {"id": "uuid", "told_at": "timestamp", "word": "varchar", "place": "bigint"}
_ASKED = (
    "select held.place from held inner join asked using (id)",
    "select held.place from held where held.id in (select a.id from asked as a)",
    "select count(*) from held cross join asked where held.told_at < asked.told_at",
    "select held.place from held inner join asked using (word)",
    "select held.place from held inner join asked using (place)",
    "select min(word), max(word), min(told_at), max(told_at), count(place) from asked",
    "select count(*) from asked where word is null or place is null",
)


@pytest.fixture
def held():
    with duckdb.connect() as connection:
        connection.execute(
            "create table held as select md5(range::varchar)::uuid as id, timestamp '2026-01-01' + to_days(range::int) as told_at,"
            " 'w' || range as word, range as place from range(5000)"
        )
        yield connection


def _row(connection, place):
    return connection.execute(
        "select id, held.told_at + interval 1 second, word, place from held where place = ?", [place]
    ).fetchone()


def test_a_kept_plan_finds_what_is_laid_after_it_was_made(held):
    kept, anew = KeptQuestions(held.cursor()), Questions(held.cursor())
    rounds = [[7], [4321], [0], [], [12, 4999], [2500], [1]]
    for places in rounds:
        rows = [_row(held, place) for place in places]
        if places == [2500]:
            rows = [(UUID(int=5), None, None, None)]
        for questions in (kept, anew):
            questions.fill("asked", _COLUMNS, rows)
        for sql in _ASKED:
            assert sorted(kept.ask(sql)) == sorted(anew.ask(sql)), (places, sql)


def test_what_is_asked_whole_is_read_once(held):
    kept = KeptQuestions(held.cursor())
    assert kept.ask_whole("select count(*) from held") == [(5000,)]
    held.execute("delete from held")
    assert kept.ask_whole("select count(*) from held") == [(5000,)]
    assert Questions(held).ask_whole("select count(*) from held") == [(0,)]
