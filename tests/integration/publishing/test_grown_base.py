"""A base that grows from the serving one, night after night, holds what a base built whole from the same inputs holds.

A random world arrives in nights: files, facts of dossiers that change or end, an own stop of a form. After each the build
starts as a copy of the base before. The last night touches few: what it keeps of the others must be all that they had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from publishing.build import publish, start_build
from stores.all_stores import Stores, open_stores
from stores.schemas import column_classes, delivered_rows, dossier_tables
from stores.warehouse.inputs import BuildInputs
from stores.warehouse.warehouse import Warehouse
from terms.settings import load_settings
from tests.scenes.judgement.many_worlds import known_by
from tests.scenes.judgement.random_world import CONTACTS, contact, make_world
from tests.scenes.judgement.small_base import DBT_PROJECT, Delivered, Row, World, lay_world, run_dbt

#: Nights at which more is known of the world; the dossiers change on 1 July 2026.
_NIGHTS = (datetime(2026, 5, 5), datetime(2026, 7, 2), datetime(2027, 1, 1))


@pytest.fixture(autouse=True)
def few_may_be_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a base grow however many contacts a night touches: the worlds are small, and most of them meet."""
    monkeypatch.setattr("publishing.affected_contacts.MAX_AFFECTED_SHARE", 10.0)


def _stores(folder: Path) -> Stores:
    return open_stores(
        load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(folder), "FILIATION_ACTOR": "test"})
    )


def _night(folder: Path, world: World) -> tuple[Stores, BuildInputs]:
    inputs = lay_world(folder, world)
    stores = _stores(folder)
    start_build(stores, inputs)
    run_dbt(stores.home, stores.warehouse.build_path, "build", "--exclude-resource-type", "unit_test")
    return stores, inputs


def _touched(warehouse: Warehouse) -> int | None:
    """Return how many contacts the build judges anew, None in a whole one."""
    with warehouse.open_build() as build:
        (touched,) = build.execute("select touched from lake.build_inputs").fetchall()[0]
    return None if touched is None else int(touched)


def _nights(world: World) -> Iterator[World]:
    *files, leavers = world.deliveries
    early = replace(world, deliveries=files)
    for night in _NIGHTS:
        yield known_by(early, night)
    stop = {"partner_id": "direct", "form_version": "F1", "stopped_at": datetime(2026, 9, 9)}
    stopped = {**world.facts, dossier_tables.FORM_STOPS: [stop]}
    yield replace(early, facts=stopped)
    otherwise = _believed_otherwise(stopped)
    yield replace(early, facts=otherwise)
    yield World([*files, leavers, _late_rows()], otherwise)


def _late_rows(file: str = "late") -> Delivered:
    """Return a file of somebody new and of somebody known, whose records are no one else's."""
    at = datetime(2027, 1, 3)
    said = {"flag": "given", "consented_at": datetime(2026, 12, 31), "form_version": "F1", "notice_id": "full"}
    rows = [
        {
            **said,
            "line_number": line,
            "contact_id": contact(who),
            "source_key": f"{file}-{line}",
            "number_kind": "mobile",
        }
        for line, who in enumerate((CONTACTS, 1), start=1)
    ]
    return Delivered(f"direct-web-{file}", "direct", "web", at, at, {delivered_rows.OPT_INS: rows})


#: The instant at which the last night believes otherwise of each partner.
_OTHERWISE = datetime(2027, 1, 2)


def _believed_otherwise(
    facts: Mapping[column_classes.Table, Sequence[Row]],
) -> dict[column_classes.Table, Sequence[Row]]:
    """Return facts of which one of each kind was found to be wrong: an audit, a notice, a contract's end, a form's time."""
    changes: Mapping[column_classes.Table, tuple[Mapping[str, object], Mapping[str, object]]] = {
        dossier_tables.DOSSIER_AUDITS: (
            {"partner_id": "direct", "form_version": "F2"},
            {"finding": "entry_requires_consent"},
        ),
        dossier_tables.DOSSIER_NOTICES: ({"partner_id": "shop", "notice_id": "vague"}, {"purposes": ["political"]}),
        dossier_tables.DOSSIER_PARTNERS: ({"partner_id": "shop"}, {"contract_ends_on": date(2026, 4, 30)}),
        dossier_tables.DOSSIER_FORM_VERSIONS: (
            {"partner_id": "broker", "form_version": "B2"},
            {"first_seen_at": datetime(2025, 8, 1)},
        ),
    }
    return {**facts, **{table: _closed(facts[table], *change) for table, change in changes.items()}}


def _closed(rows: Sequence[Row], which: Mapping[str, object], otherwise: Mapping[str, object]) -> list[Row]:
    """Return the rows with the open ones of `which` closed, and what is believed of them since."""
    wrong = [
        row
        for row in rows
        if row.get("known_until") is None and all(row[name] == value for name, value in which.items())
    ]
    assert wrong
    return [
        *(row for row in rows if row not in wrong),
        *({**row, "known_until": _OTHERWISE} for row in wrong),
        *({**row, "known_from": _OTHERWISE, **otherwise} for row in wrong),
    ]


_MARTS = sorted((DBT_PROJECT / "models" / "marts").glob("*.sql"))
#: Marts of contacts: a build makes the touched ones' rows anew, and its tests read these alone.
_FORGETTING = {file.stem for file in _MARTS if "forget_touched" in file.read_text()}

#: What a reader sees of each mart. Of those that only gain rows: what is in use; a situation's number is told by what it is
#: made of.
_READ: Mapping[str, str] = {
    **{file.stem: f"select * from {file.stem}" for file in _MARTS},
    **{
        name: f"select * exclude (situation_id) from {name} join situation_keys using (situation_id)"
        " where situation_id in (select situation_id from verdict_spans)"
        for name in ("verdict_spans", "situation_counts", "situations")
    },
    "situation_keys": "select own_standing_id, worth_key from situation_keys semi join verdict_spans using (situation_id)",
    "standings": "select * from standings where standing_id in (select standing_id from situations"
    " where situation_id in (select situation_id from verdict_spans))",
    "consent_terms": "select * from consent_terms semi join acts using (claim_id)",
    "finding_kinds": "select * from finding_kinds semi join findings using (kind_id)",
}


def _differences(grown: Path, whole: Path) -> dict[str, int]:
    found = {}
    with duckdb.connect() as both:
        both.execute(f"attach '{grown}' as grown (read_only); attach '{whole}' as whole (read_only)")
        for name, sql in _READ.items():
            for side in ("grown", "whole"):
                both.execute(f"use {side}")
                both.execute(f"create or replace temp table {side}_rows as {sql}")
            rows = both.execute(
                "select count(*) from ((from grown_rows except all from whole_rows)"
                " union all (from whole_rows except all from grown_rows))"
            ).fetchall()
            found[name] = rows[0][0]
    return found


def _reads_only_what_it_made(stores: Stores, mart: str) -> bool:
    """Return whether dbt's test of a mart's key, as it ran, finds a row of a touched contact that stands twice, and no other."""
    (ran,) = (stores.home.dbt / "target" / "run").glob(f"**/{mart}.yml/primary_key_*.sql")
    found = []
    with stores.warehouse.edit_build() as build:
        for whose in ("semi", "anti"):
            build.execute("begin")
            build.execute(f"insert into {mart} from {mart} {whose} join lake.touched using (contact_id) limit 1")
            found.append(build.execute(ran.read_text()).fetchall()[0][0])
            build.execute("rollback")
    return found == [1, 0]


@pytest.mark.parametrize("seed", [11])
def test_a_grown_base_is_the_whole_one(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, known in enumerate(_nights(make_world(seed))):
        stores, inputs = _night(tmp_path / "grown", known)
        touched = _touched(stores.warehouse)
        assert (touched is not None) is (number > 0)
        tested = {mart for mart in _FORGETTING if number and _reads_only_what_it_made(stores, mart)}
        counts = publish(stores, inputs).row_counts
    assert touched is not None
    assert 0 < touched < counts["contacts"] / 5
    assert tested == _FORGETTING
    whole, inputs = _night(tmp_path / "whole", known)
    assert _touched(whole.warehouse) is None
    assert not {
        name: rows
        for name, rows in _differences(stores.warehouse.base_path, whole.warehouse.build_path).items()
        if rows
    }
    gone = lay_world(tmp_path / "grown", replace(known, deliveries=known.deliveries[1:]))
    start_build(stores, gone)
    assert _touched(stores.warehouse) is None
    monkeypatch.setattr("publishing.affected_contacts.MAX_AFFECTED_SHARE", 0.0)
    assert publish(whole, inputs).row_counts.keys() == counts.keys()
    start_build(
        whole, lay_world(tmp_path / "whole", replace(known, deliveries=[*known.deliveries, _late_rows("later")]))
    )
    assert _touched(whole.warehouse) is None
