"""The judgement against plain DuckDB on the same consents: findings for all, findings after a dossier changed, and uses.

The floor of findings reads the consents, groups them by contact and writes the same rows in the order of contacts; that of
uses groups the acts by contact. Questions that a base answers in milliseconds belong to `bench.judgement.answers`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bench.comparison import Case
from bench.judgement import invented_base, invented_dossiers
from bench.judgement.invented_base import BenchWorld, open_world, write_world
from consent.judgement.asking import lay_judged
from consent.judgement.uses import use_for_some_sponsor
from publishing.build import DBT_PROJECT, publish, start_build
from stores.all_stores import Stores, open_stores
from stores.engine import connect, httpfs_file
from stores.lake import reading_name
from stores.schemas import delivered_rows
from stores.warehouse.inputs import attach_sources
from terms.environment import NumberRules
from terms.errors import FiliationError
from terms.reasons import Channel, Profile


def prepare(folder: Path, records: int) -> None:
    """Write the consents and publish a base of them, once."""
    world = write_world(folder, records)
    stores = open_stores(world.settings)
    if stores.warehouse.manifest() is None:
        _start_whole(world, stores)
        _run_dbt(stores)
        publish(stores, world.inputs)


def group_plainly(folder: Path) -> int:
    """Read the consents, group them by contact and write the same rows, sorted by contact; return their number."""
    world = open_world(folder)
    rows = world.lake.sql(
        delivered_rows.OPT_INS, [reading_name(item.delivery_id, 1) for item in world.inputs.deliveries]
    )
    target = folder / "floor.duckdb"
    target.unlink(missing_ok=True)
    with connect(target, spill_to=folder) as connection:
        connection.execute("set memory_limit = '4GB'")
        connection.execute(
            "create table grouped as select *, count(*) over (partition by contact_id) as of_contact"
            f" from ({rows}) order by contact_id"
        )
    return world.consents


def find_for_all(folder: Path) -> int:
    """Build the findings of all contacts from nothing; return the consents."""
    world = open_world(folder)
    stores = open_stores(world.settings)
    _start_whole(world, stores)
    _run_dbt(stores, "--select", "+findings", "+acts")
    return world.consents


def find_after_change(folder: Path) -> int:
    """Build the findings after the dossier of one percent of the consents changed, from the serving base; return all consents."""
    world = open_world(folder)
    stores = open_stores(world.settings)
    changed = invented_base.take_dossiers(stores.snapshots, [invented_dossiers.found_by_audit()])
    _start_grown(world.with_dossiers(changed), stores)
    return world.consents


def find_after_nothing(folder: Path) -> int:
    """Do the same where nothing changed: what starting costs; return all consents."""
    world = open_world(folder)
    _start_grown(world, open_stores(world.settings))
    return world.consents


def _start_grown(world: BenchWorld, stores: Stores) -> None:
    start_build(stores, world.inputs)
    with stores.warehouse.open_build() as build:
        if build.execute("select touched from lake.build_inputs").fetchall() == [(None,)]:
            raise FiliationError("The base did not grow from the serving one.", "See publishing/affected_contacts.py.")
    _run_dbt(stores, "--select", "+findings", "+acts")


def group_acts(folder: Path) -> int:
    """Group the acts by contact; return the acts."""
    stores = open_stores(open_world(folder).settings)
    with stores.warehouse.open_base() as base:
        base.execute(
            "create temp table grouped as select contact_id, count(*) as acts, max(consented_at) as latest"
            " from acts group by contact_id"
        )
        return _count(base.execute("select count(*) from acts").fetchone())


def judge_all(folder: Path) -> int:
    """Judge one use of every contact; return the acts."""
    stores = open_stores(open_world(folder).settings)
    use = use_for_some_sponsor(Channel.SMS, Profile.MARKET, NumberRules.BENCH, invented_base.NOW)
    with stores.warehouse.open_base() as base:
        base.execute("set memory_limit = '4GB'")
        invented_base.create_no_live_facts(base)
        lay_judged(base, "contacts", "live_facts", use, "judged")
        return _count(base.execute("select count(*) from acts").fetchone())


def _count(row: tuple[int] | None) -> int:
    assert row is not None  # a count is one row
    return row[0]


def _start_whole(world: BenchWorld, stores: Stores) -> None:
    spill = stores.home.dbt / "spill"
    spill.mkdir(exist_ok=True)
    with stores.warehouse.start_build(spill) as build:
        attach_sources(build, world.inputs, stores.lake, stores.snapshots)
        build.execute(
            "create table lake.build_inputs as select $sha as sha256, null::bigint as touched",
            {"sha": world.inputs.sha256},
        )


def _run_dbt(stores: Stores, *selection: str) -> None:
    """Run dbt in a process of its own, as the nightly job does: one that stays open would keep the build."""
    project = str(DBT_PROJECT)
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "--quiet", "run", *selection),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(stores.home.dbt / "target"), "--log-path", str(stores.home.dbt / "logs")),
        ],
        env={
            **os.environ,
            "FILIATION_BUILD": str(stores.warehouse.build_path),
            "FILIATION_HTTPFS": str(httpfs_file()),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        stdout=subprocess.DEVNULL,
    )
    if done.returncode:
        raise FiliationError("dbt failed.", f"See {stores.home.dbt / 'logs'}.")


_GROUPED = "DuckDB: read, group by contact, write"

CASES: Mapping[str, Case] = MappingProxyType(
    {
        "findings": Case("findings of all", _GROUPED, 8, prepare, group_plainly, find_for_all),
        "one percent": Case(
            "findings after a change of 1 %",
            "findings of all",
            0.1,
            prepare,
            find_for_all,
            find_after_change,
        ),
        "start alone": Case(
            "findings after no change",
            "findings of all",
            0.1,
            prepare,
            find_for_all,
            find_after_nothing,
        ),
        "judge all": Case(
            "one use of every contact",
            "DuckDB: group acts by contact",
            8,
            prepare,
            group_acts,
            judge_all,
        ),
    }
)
