"""Starting a build from all current inputs, and publishing it with its manifest.

dbt and the checks run between the two, started by `assets.base`; the checks are in `publishing.checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import duckdb
from sqlalchemy import func, select

from publishing.affected_contacts import Changes, changes_since, collect_affected
from stores.all_stores import Stores
from stores.engine import connect
from stores.operations import database, delivery_tables, erasure_tables, journal
from stores.warehouse.inputs import (
    BuildInputs,
    accepted_deliveries,
    attach_sources,
    current_vintages,
    heard_deliveries,
)
from stores.warehouse.warehouse import BaseManifest
from terms import failpoint
from terms.clock import to_iso
from terms.errors import FiliationError
from terms.settings import PROJECT_ROOT
from territories.tie import current_ties

#: Snapshots that a base is made of.
SNAPSHOT_KINDS = ("dossiers", "form_stops", "rules", "sponsors", "controller", "segments")

DBT_PROJECT = PROJECT_ROOT / "dbt_project"


@dataclass(frozen=True)
class Published:
    """The base that readers now see: its version, and rows by table."""

    version: str
    row_counts: Mapping[str, int]


def collect_inputs(stores: Stores) -> BuildInputs:
    """Return everything that a base made now would be made of.

    Raises:
        FiliationError: the addresses of the current readings are not tied yet; a base without ties would say "unknown"
            of addresses that nobody has looked up.
    """
    ties = current_ties(stores.engine, stores.lake)
    if ties is None:
        raise FiliationError("The addresses of the newest deliveries are not tied.", "Run the whole refresh.")
    current = {kind: stores.snapshots.current(kind) for kind in SNAPSHOT_KINDS}
    return BuildInputs(
        deliveries=accepted_deliveries(stores.engine),
        open_data=current_vintages(stores.engine),
        ties_sha256=ties,
        snapshots={kind: snapshot for kind, snapshot in current.items() if snapshot is not None},
        code_version=code_version(),
        heard=heard_deliveries(stores.engine, stores.lake),
    )


def is_published(stores: Stores, inputs: BuildInputs) -> bool:
    """Return whether the serving base was made of exactly these inputs."""
    manifest = stores.warehouse.manifest()
    return manifest is not None and manifest.inputs_sha256 == inputs.sha256


def start_build(stores: Stores, inputs: BuildInputs) -> None:
    """Make a new build whose schema `lake` shows dbt the inputs, and close it so that dbt can open it.

    Where that gives the same as a whole build (`publishing.affected_contacts`), it starts as a copy of the serving
    base, in which dbt judges the affected contacts again; otherwise it starts empty. The serving base stays in use
    meanwhile.
    """
    spill = stores.home.dbt / "spill"
    spill.mkdir(mode=0o700, exist_ok=True)
    with connect() as memory:
        changes = changes_since(stores.warehouse.manifest(), inputs, stores.snapshots, memory)
    if changes is not None and _grow(stores, inputs, changes, spill):
        return
    with stores.warehouse.start_build(spill) as build:
        attach_sources(build, inputs, stores.lake, stores.snapshots)
        _note(build, inputs, None)


def _grow(stores: Stores, inputs: BuildInputs, changes: Changes, spill: Path) -> bool:
    """Start the build from the serving base; return False where too many contacts are affected."""
    with stores.warehouse.grow_build(spill) as build:
        attach_sources(build, inputs, stores.lake, stores.snapshots)
        affected = collect_affected(build, changes)
        if affected is not None:
            _note(build, inputs, affected)
        return affected is not None


def _note(build: duckdb.DuckDBPyConnection, inputs: BuildInputs, affected: int | None) -> None:
    """Record what the build is made of, and how many contacts are judged again in it (None = all)."""
    build.execute(
        "create table lake.build_inputs as select $sha as sha256, $touched::bigint as touched",
        {"sha": inputs.sha256, "touched": affected},
    )


def publish(stores: Stores, inputs: BuildInputs) -> Published:
    """Finish the build, write its manifest and make it the base.

    Raises:
        ValueError: the build was made of other inputs (a second writer: cannot happen under the lock).
    """
    with stores.warehouse.edit_build() as build:
        row = build.execute("select sha256, touched from lake.build_inputs").fetchone()
        if row is None or row[0] != inputs.sha256:
            raise ValueError("the build was made of other inputs than those to be published")
        build.execute("drop schema lake cascade")  # readers get marts only
        counts = row_counts(build)
    now = stores.clock.now()
    manifest = BaseManifest(
        version=f"{now:%Y%m%dT%H%M%SZ}-{inputs.sha256[:8]}",
        published_at=to_iso(now),
        inputs_sha256=inputs.sha256,
        code_version=inputs.code_version,
        rule_set_sha256=inputs.snapshots["rules"].sha256,
        deliveries={item.delivery_id: item.reading for item in inputs.deliveries},
        open_data=inputs.open_data,
        snapshots={kind: snapshot.sha256 for kind, snapshot in inputs.snapshots.items()},
        row_counts=counts,
        control_totals=control_totals(stores),
        heard=inputs.heard,
        touched_since_whole=_affected_since_whole(stores, row[1]),
    )
    journal_base(stores, manifest, now)
    failpoint.reach("base.journalled")
    stores.warehouse.publish(manifest)
    failpoint.reach("base.published")
    return Published(manifest.version, counts)


def _affected_since_whole(stores: Stores, affected: int | None) -> int:
    serving = stores.warehouse.manifest()
    return 0 if affected is None or serving is None else serving.touched_since_whole + affected


def journal_base(stores: Stores, manifest: BaseManifest, now: datetime) -> None:
    """Write the base's journal line; the caller renames the build afterwards.

    So a crash between the two leaves a line without a base, never a base without a line. For such a line, the next call
    first records that its base never served.

    Args:
        stores: of the home.
        manifest: of the base to be published.
        now: the instant of publishing.
    """
    serving = stores.warehouse.manifest()
    summary = {name: getattr(manifest, name) for name in ("inputs_sha256", "row_counts", "control_totals")}
    with database.transaction(stores.engine) as work:
        last = journal.last_subject(work, journal.Entry.BASE)
        if last is not None and (serving is None or serving.version != last):
            journal.append(work, now, journal.Entry.BASE_ABANDONED, last, {"followed_by": manifest.version})
        journal.append(work, now, journal.Entry.BASE, manifest.version, summary)


def row_counts(build: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the exact number of rows of every table of the schema `main`."""
    tables = build.execute(
        "select table_name from duckdb_tables() where schema_name = 'main' order by table_name"
    ).fetchall()
    return {name: _count(build, name) for (name,) in tables}


def control_totals(stores: Stores) -> dict[str, int]:
    """Return rows that came in, and rows erased since, by the operations database: the base must agree with these sums."""
    table, erased = delivery_tables.deliveries, erasure_tables.erased_rows
    names = ("data_rows", "accepted_rows", "quarantined_rows")
    sums = [func.coalesce(func.sum(table.c[name]), 0).label(name) for name in names]
    query = select(func.count().label("deliveries"), *sums).where(table.c.outcome == "accepted")
    gone = (
        select(func.coalesce(func.sum(erased.c.accepted_rows), 0))
        .join(table, (table.c.delivery_id == erased.c.delivery_id) & (table.c.reading == erased.c.reading))
        .where(table.c.outcome == "accepted")
    )
    with stores.engine.connect() as connection:
        found = connection.execute(query).mappings().one()
        erased_rows = int(connection.execute(gone).scalar_one())
    return {name: int(found[name]) for name in ("deliveries", *names)} | {"erased_rows": erased_rows}


def code_version(root: Path = DBT_PROJECT) -> str:
    """Return a hash of the SQL that makes a base and of DuckDB's version; when it changes, the base is built whole."""
    digest = sha256(duckdb.__version__.encode())
    for file in sorted(root.glob("models/**/*")) + sorted(root.glob("macros/**/*")):
        if file.suffix in {".sql", ".yml"}:
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _count(build: duckdb.DuckDBPyConnection, table: str) -> int:
    row = build.execute(f'select count(*) from "{table}"').fetchone()
    return int(row[0]) if row else 0
