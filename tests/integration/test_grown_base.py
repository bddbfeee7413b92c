"""A base that grows from the serving one, night after night, holds what a base built whole from the same inputs holds.

A random world arrives in nights: files, facts of dossiers that change or end, an own stop of a form. After each the build
starts as a copy of the base before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from many_worlds import known_by
from random_world import make_world
from small_base import Row, World, lay_world, run_dbt

from publishing.build import publish, start_build
from stores import schemas
from stores.house import House, open_house
from stores.inputs import BuildInputs
from stores.warehouse import Warehouse
from terms.settings import load_settings

#: Nights at which more is known of the world; the dossiers change on 1 July 2026.
_NIGHTS = (datetime(2026, 5, 5), datetime(2026, 7, 2), datetime(2026, 8, 1), datetime(2027, 1, 1))


@pytest.fixture(autouse=True)
def few_may_be_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a base grow however many contacts a night touches: the worlds are small, and most of them meet."""
    monkeypatch.setattr("publishing.touched.MAX_TOUCHED_SHARE", 10.0)


def _house(folder: Path) -> House:
    return open_house(
        load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(folder), "FILIATION_ACTOR": "test"})
    )


def _night(folder: Path, world: World) -> tuple[House, BuildInputs]:
    inputs = lay_world(folder, world)
    house = _house(folder)
    start_build(house, inputs)
    run_dbt(house.home, house.warehouse.build_path, "build", "--exclude-resource-type", "unit_test")
    return house, inputs


def _is_grown(warehouse: Warehouse) -> bool:
    with warehouse.open_build() as build:
        return bool(build.execute("select touched is not null from lake.build_inputs").fetchall()[0][0])


def _nights(world: World) -> Iterator[World]:
    for night in _NIGHTS:
        yield known_by(world, night)
    stop = {"partner_id": "direct", "form_version": "F1", "stopped_at": datetime(2026, 9, 9)}
    stopped = {**world.facts, schemas.FORM_STOPS: [stop]}
    yield replace(world, facts=stopped)
    yield replace(world, facts=_believed_otherwise(stopped))


#: The instant at which the last night believes otherwise of each partner.
_OTHERWISE = datetime(2027, 1, 2)


def _believed_otherwise(facts: Mapping[schemas.Table, Sequence[Row]]) -> dict[schemas.Table, Sequence[Row]]:
    """Return facts of which one of each kind was found to be wrong: an audit, a notice, a contract's end, a form's time."""
    changes: Mapping[schemas.Table, tuple[Mapping[str, object], Mapping[str, object]]] = {
        schemas.DOSSIER_AUDITS: (
            {"partner_id": "direct", "form_version": "F2"},
            {"finding": "entry_requires_consent"},
        ),
        schemas.DOSSIER_NOTICES: ({"partner_id": "shop", "notice_id": "vague"}, {"purposes": ["political"]}),
        schemas.DOSSIER_PARTNERS: ({"partner_id": "shop"}, {"contract_ends_on": date(2026, 4, 30)}),
        schemas.DOSSIER_FORM_VERSIONS: (
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


#: What a reader sees of each mart; a situation's number is told by what it is made of.
_READ: Mapping[str, str] = {
    **{
        name: f"select * from {name}"
        for name in (
            "acts",
            "consent_events",
            "consents",
            "contacts",
            "opt_ins",
            "findings",
            "withdrawals",
            "quarantine",
        )
    },
    "spans": "select * exclude (situation_id) from verdict_spans join situation_keys using (situation_id)",
    "situation_counts": "select * exclude (situation_id) from situation_counts join situation_keys using (situation_id)",
    "situations": "select * exclude (situation_id) from situations join situation_keys using (situation_id)"
    " where situation_id in (select situation_id from verdict_spans)",
    "standings": "select * from standings where standing_id in (select standing_id from situations"
    " where situation_id in (select situation_id from verdict_spans))",
    "knowledge": "select * from knowledge",
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


@pytest.mark.parametrize("seed", [11])
def test_a_grown_base_is_the_whole_one(seed: int, tmp_path: Path) -> None:
    world = make_world(seed)
    for number, known in enumerate(_nights(world)):
        house, inputs = _night(tmp_path / "grown", known)
        assert _is_grown(house.warehouse) is (number > 0)
        publish(house, inputs)
    whole, _ = _night(tmp_path / "whole", known)
    assert not _is_grown(whole.warehouse)
    assert not {
        name: rows for name, rows in _differences(house.warehouse.base_path, whole.warehouse.build_path).items() if rows
    }


def test_a_few_late_rows_touch_a_few_contacts(tmp_path: Path) -> None:
    world = make_world(5)
    first = replace(world, deliveries=world.deliveries[:-1])
    house, inputs = _night(tmp_path, first)
    publish(house, inputs)
    inputs = lay_world(tmp_path, world)
    start_build(house, inputs)
    with house.warehouse.open_build() as build:
        touched, contacts = build.execute(
            "select (select count(*) from lake.touched), (select count(*) from contacts)"
        ).fetchall()[0]
    assert 0 < touched < contacts / 2


def test_another_controller_and_a_delivery_that_is_gone_need_a_whole_build(tmp_path: Path) -> None:
    world = make_world(5)
    house, inputs = _night(tmp_path, world)
    publish(house, inputs)
    for other in (
        replace(world, facts={**world.facts, schemas.CONTROLLER: [{"legal_name": "Autre SAS"}]}),
        replace(world, deliveries=world.deliveries[1:]),
    ):
        start_build(house, lay_world(tmp_path, other))
        assert not _is_grown(house.warehouse)
