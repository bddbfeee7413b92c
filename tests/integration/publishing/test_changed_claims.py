"""Which rows a changed dossier can be about: as few as are certain, by form version, notice or instant; else all of a partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256

import duckdb
import pytest

from publishing.changed_claims import changed_claims
from stores.engine import connect
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations
from stores.schemas import all_tables, dossier_tables
from stores.schemas.column_classes import Table
from stores.snapshots import Snapshot, SnapshotStore
from terms.settings import load_settings
from tests.scenes.judgement.random_world import make_world
from tests.scenes.judgement.small_base import Row

_AT = datetime(2027, 1, 2)
_KINDS = {"dossiers": all_tables.SNAPSHOT_TABLES[:8], "form_stops": (dossier_tables.FORM_STOPS,)}

Facts = Mapping[Table, Sequence[Row]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SnapshotStore:
    settings = load_settings(
        {"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path_factory.mktemp("home")), "FILIATION_ACTOR": "t"}
    )
    home, engine = init_home(settings), open_operations(settings.database_url)
    migrate(engine)
    return SnapshotStore(home, engine)


def _taken(store: SnapshotStore, facts: Facts) -> dict[str, Snapshot]:
    with connect() as connection:
        return {
            kind: store.take(
                connection,
                kind,
                sha256(repr([facts.get(table) for table in tables]).encode()).hexdigest(),
                _AT.replace(tzinfo=UTC),
                {table: _laid(connection, table, facts.get(table, ())) for table in tables},
            )
            for kind, tables in _KINDS.items()
        }


def _laid(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> str:
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    connection.execute(f"create or replace temp table laid_{table.name} ({columns})")
    marks = ", ".join("?" for _ in table.columns)
    for row in rows:
        connection.execute(f"insert into laid_{table.name} values ({marks})", [row.get(name) for name in table.names()])
    return f"select * from laid_{table.name}"


def _told(store: SnapshotStore, now: Facts) -> set[tuple[object, ...]]:
    """Return what is told of the change from the world as it is to other facts."""
    before = {kind: snapshot.sha256 for kind, snapshot in _taken(store, make_world(1).facts).items()}
    with connect() as connection:
        found = changed_claims(connection, store, before, _taken(store, now))
    assert found is not None
    return {(item.partner_id, item.form_version, item.notice_id, item.given_from, item.given_until) for item in found}


def _changed(table: Table, which: Mapping[str, object], otherwise: Mapping[str, object]) -> Facts:
    """Return the world's facts with those of `which` believed otherwise since `_AT`."""
    facts = make_world(1).facts
    wrong = [
        row
        for row in facts[table]
        if row.get("known_until") is None and all(row[name] == value for name, value in which.items())
    ]
    assert wrong
    rows = [
        *(row for row in facts[table] if row not in wrong),
        *({**row, "known_until": _AT} for row in wrong),
        *({**row, "known_from": _AT, **otherwise} for row in wrong),
    ]
    return {**facts, table: rows}


def _added(table: Table, **row: object) -> Facts:
    facts = make_world(1).facts
    return {**facts, table: [*facts.get(table, ()), {"known_from": _AT, **row}]}


def _moved_twice() -> Facts:
    """Return the facts after the end of a contract has moved two times, with nothing believed between."""
    facts = _changed(dossier_tables.DOSSIER_PARTNERS, {"partner_id": "shop"}, {"contract_ends_on": date(2026, 4, 30)})
    rows = [
        {**row, "known_until": datetime(2027, 1, 3)} if row["known_from"] == _AT else row
        for row in facts[dossier_tables.DOSSIER_PARTNERS]
    ]
    last = {**rows[-1], "known_from": datetime(2027, 1, 5), "known_until": None}
    closed = {**last, "known_from": datetime(2027, 1, 4), "known_until": datetime(2027, 1, 5)}
    return {**facts, dossier_tables.DOSSIER_PARTNERS: [*rows, closed, last]}


#: A form of the partner `direct` that showed the notice `narrow` from 2023 until 2025.
_F2 = {
    ("direct", "F2", None, None, None),
    ("direct", None, "narrow", None, None),
    ("direct", None, None, datetime(2023, 1, 1), datetime(2025, 12, 31, 23, 0, 1)),
}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (
            _added(dossier_tables.DOSSIER_AUDITS, partner_id="direct", form_version="F2", audited_on=date(2026, 12, 1)),
            _F2,
        ),
        (_changed(dossier_tables.DOSSIER_FORM_VERSIONS, {"form_version": "F2"}, {"act": "button"}), _F2),
        (
            _changed(dossier_tables.DOSSIER_NOTICES, {"partner_id": "direct", "notice_id": "narrow"}, {"purposes": []}),
            _F2,
        ),
        (
            _changed(
                dossier_tables.DOSSIER_NOTICE_RECIPIENTS, {"partner_id": "direct", "notice_id": "narrow"}, {"kind": "x"}
            ),
            _F2,
        ),
        (_added(dossier_tables.DOSSIER_NOTICE_CONTRADICTIONS, partner_id="direct", notice_id="narrow"), _F2),
        (
            {
                **make_world(1).facts,
                dossier_tables.FORM_STOPS: [{"partner_id": "direct", "form_version": "F2", "stopped_at": _AT}],
            },
            _F2,
        ),
        (
            _changed(dossier_tables.DOSSIER_NOTICES, {"partner_id": "direct", "notice_id": "others"}, {"purposes": []}),
            {("direct", None, "others", None, None)},
        ),
        (
            _changed(dossier_tables.DOSSIER_PARTNERS, {"partner_id": "shop"}, {"contract_ends_on": date(2026, 4, 30)}),
            {("shop", None, None, datetime(2026, 4, 30), None)},
        ),
    ],
    ids=[
        "audit",
        "form",
        "notice",
        "recipients",
        "contradiction",
        "own stop",
        "notice that no form shows",
        "contract's end",
    ],
)
def test_a_change_is_about_the_rows_that_can_mean_it(store: SnapshotStore, now: Facts, told: set[object]) -> None:
    assert _told(store, now) == told


def test_a_form_whose_time_moved_is_about_the_rows_on_both_sides_of_each_limit(store: SnapshotStore) -> None:
    now = _changed(
        dossier_tables.DOSSIER_FORM_VERSIONS, {"form_version": "B2"}, {"first_seen_at": datetime(2025, 8, 1)}
    )
    assert _told(store, now) == {
        ("broker", "B2", None, None, None),
        ("broker", None, None, datetime(2025, 2, 1), None),  # it was believed to begin here, and is still known so
        ("broker", None, None, datetime(2025, 8, 1), None),
    }
    begun = _added(
        dossier_tables.DOSSIER_FORM_VERSIONS,
        partner_id="direct",
        form_version="F4",
        first_seen_at=datetime(2022, 5, 5),
        last_seen_at=datetime(2022, 6, 5, 9, 59, 59),
    )
    assert _told(store, begun) == {
        ("direct", "F4", None, None, None),
        ("direct", None, None, datetime(2022, 5, 5), datetime(2022, 6, 5, 10, 0, 1)),
        ("direct", None, None, datetime(2022, 5, 5), datetime(2023, 1, 1)),  # until the next limit that stays, of two
        ("direct", None, None, datetime(2022, 6, 5, 10), datetime(2023, 1, 1)),
    }


@pytest.mark.parametrize(
    "now",
    [
        _added(dossier_tables.DOSSIER_AUDITS, partner_id="shop", form_version="*", audited_on=date(2026, 12, 1)),
        _changed(dossier_tables.DOSSIER_FEEDS, {"partner_id": "shop"}, {"form_version_from": "consented_at"}),
        _changed(dossier_tables.DOSSIER_CHAIN, {"partner_id": "shop", "position": 1}, {"name": "Autre"}),
        _changed(
            dossier_tables.DOSSIER_PARTNERS,
            {"partner_id": "shop"},
            {"contract_ends_on": date(2026, 4, 30), "collected_directly": True},
        ),
        _changed(dossier_tables.DOSSIER_PARTNERS, {"partner_id": "shop"}, {"known_from": datetime(2027, 2, 1)}),
        _moved_twice(),
    ],
    ids=["audit of all forms", "feed", "chain", "more than the end", "a gap in what is believed", "moved twice"],
)
def test_what_is_about_the_partner_is_about_all_its_rows(store: SnapshotStore, now: Facts) -> None:
    assert _told(store, now) == {("shop", None, None, None, None)}


def test_a_new_partner_is_about_all_its_rows_and_nothing_new_about_none(store: SnapshotStore) -> None:
    assert ("new", None, None, None, None) in _told(store, _added(dossier_tables.DOSSIER_PARTNERS, partner_id="new"))
    assert _told(store, make_world(1).facts) == set()


def test_an_earlier_snapshot_that_is_gone_tells_nothing(store: SnapshotStore) -> None:
    now = _taken(store, make_world(1).facts)
    with connect() as connection:
        assert changed_claims(connection, store, {"dossiers": "gone", "form_stops": "gone"}, now) is None
