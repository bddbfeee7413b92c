"""`python -m bench.lookups.lookup grow HOME --contacts N`: grow a published home to N contacts in HOME; `… ask HOME` times look-ups there.

The home that `FILIATION_HOME` names (environment `demo` or `test`) is the pattern: each of its contacts is repeated with
its rows, events, findings and messages under invented numbers that only the environment `bench` knows, spread over the
same deliveries. What a look-up reads belongs to `lineage`. Times are processor seconds: other work on the machine
disturbs them less.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from bench.plan_rows import plan_row
from lineage.lookups.lookup import look_up
from stores.all_stores import Stores, open_stores
from stores.engine import quoted
from stores.home import init_home
from stores.keys import Keys
from stores.lake import reading_name
from stores.migrations.migrate import migrate
from stores.operations import database, delivery_tables, message_tables, plan_tables
from stores.schemas.vault_tables import IDENTITIES
from stores.warehouse.warehouse import KeptBase, read_manifest
from terms.environment import Environment
from terms.errors import UsageError
from terms.settings import load_settings

#: Tables of a base that a look-up reads and that grow with the contacts; the others stay as they are.
_GROWN = ("contacts", "opt_ins", "acts", "consent_events", "findings")
_MESSAGES_PER_CONTACT = 0.5
#: Statements that make the indexes of a table of the pattern.
_INDEXES = "select sql from duckdb_indexes() where database_name = 'pattern' and table_name = $1"
_CHUNK = 100_000


app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command("grow")
def grow_home(
    home: Annotated[Path, typer.Argument(help="folder of the grown home; made anew")],
    contacts: Annotated[int, typer.Option(min=10_000)] = 1_000_000,
) -> None:
    """Grow a home after the one that FILIATION_HOME names.

    Example: FILIATION_ENV=test FILIATION_HOME=/tmp/h python -m bench.lookups.lookup grow /tmp/grown --contacts 1000000
    """
    pattern = open_stores(load_settings(os.environ))
    shutil.rmtree(home, ignore_errors=True)
    settings = load_settings(_environment(home))
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    begun = _processor_seconds()
    copies = grow(pattern, stores, contacts)
    typer.echo(f"grown to {copies} times the pattern in {_processor_seconds() - begun:.0f} processor seconds")


@app.command("ask")
def ask_home(
    home: Annotated[Path, typer.Argument(help="folder of a grown home")],
    lookups: Annotated[int, typer.Option(min=20)] = 300,
    seed: int = 1,
) -> None:
    """Time look-ups in a grown home: in process one by one, cold by command, ten thousand from a file.

    Example: python -m bench.lookups.lookup ask /tmp/grown
    """
    environment = _environment(home)
    stores = open_stores(load_settings(environment))
    migrate(stores.engine)
    with stores.warehouse.open_base_for_few() as base:
        ((contacts,),) = base.execute("select count(*) from contacts").fetchall()
    chance = random.Random(seed)
    numbers = [_number(chance.randrange(contacts)) for _ in range(lookups)]
    typer.echo(_in_process(stores, numbers))
    typer.echo(_by_command(environment, ["lineage", numbers[0], "--reason", "bench", "--json"], "cold command"))
    asked = home.parent / f"{home.name}-numbers.txt"
    asked.write_text("".join(f"{_number(place)}\n" for place in chance.sample(range(contacts), 10_000)))
    words = ["lineage", "--from-file", str(asked), "--reason", "bench", "--case", "bench", "--json"]
    typer.echo(_by_command(environment, words, "10,000 numbers from a file"))


def _environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FILIATION_")}
    return kept | {"FILIATION_ENV": Environment.BENCH.value, "FILIATION_HOME": str(home)}


def grow(pattern: Stores, stores: Stores, contacts: int) -> int:
    """Fill the base, the vault and the ledger of `stores` after a pattern; return how many copies of it there are.

    Args:
        pattern: stores of a home with a published base.
        stores: stores of a new, empty home.
        contacts: contacts that the grown base has at least.

    Raises:
        UsageError: the pattern has no published base.
    """
    manifest = pattern.warehouse.manifest()
    if manifest is None:
        raise UsageError("The pattern has no published base.", "Run `filiation refresh` on it first.")
    # its tables without contacts and the macros that judge come with it
    shutil.copyfile(pattern.warehouse.base_path, stores.warehouse.build_path)
    with stores.warehouse.edit_build() as build:
        build.execute(f"attach '{quoted(pattern.warehouse.base_path)}' as pattern (read_only)")
        copies = _map_contacts(build, stores, contacts)
        for table in _GROWN:
            build.execute(f"create or replace table {table} as {_grown(build, table, copies)}")
            for (index,) in build.execute(_INDEXES, [table]).fetchall():
                build.execute(index)
        _fill_vault(pattern, stores, build, [reading_name(d, r) for d, r in manifest.deliveries.items()])
        _fill_ledger(pattern, stores, build, int(contacts * _MESSAGES_PER_CONTACT))
        build.execute("drop table copies")
        build.execute("detach pattern")
        build.execute("checkpoint")
    os.replace(stores.warehouse.build_path, stores.warehouse.base_path)
    with stores.warehouse.open_base() as base:
        read_manifest(base)
    return copies


def _map_contacts(build: duckdb.DuckDBPyConnection, stores: Stores, contacts: int) -> int:
    """Make `copies` (pattern_id, copy, e164, contact_id), one row per contact of the grown base."""
    row = build.execute("select count(*) from pattern.contacts").fetchone()
    held = int(row[0]) if row else 0
    build.execute(
        f"create table copies as select pattern_id, copy, e164, {Keys.contact_id_sql('e164')} as contact_id from ("
        f"select contact_id as pattern_id, number // {held} as copy, '+3371' || lpad(number::varchar, 7, '0') as e164"
        " from (select contact_id, row_number() over (order by contact_id) - 1 as place from pattern.contacts)"
        f" inner join range({contacts}) as numbers(number) on numbers.number % {held} = place)",
        stores.keys.contact.parameters("contact"),
    )
    return -(-contacts // held)


def _grown(build: duckdb.DuckDBPyConnection, table: str, spread: int) -> str:
    """Return the rows of a table for every copy, sorted by contact, each at a line between the pattern's lines."""
    columns = [row[0] for row in build.execute(f"describe pattern.{table}").fetchall()]
    changed = ["copies.contact_id as contact_id"]
    if "line_number" in columns:
        place = f"(copies.copy + hash(copies.pattern_id)::hugeint) % {spread}"
        changed.append(f"(rows.line_number * {spread} + {place})::bigint as line_number")
    return (
        f"select rows.* replace ({', '.join(changed)}) from pattern.{table} as rows"
        " inner join copies on rows.contact_id = copies.pattern_id order by copies.contact_id"
    )


def _fill_vault(pattern: Stores, stores: Stores, build: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    """Write one encrypted file of identities per delivery, in order of lines as the door does."""
    stores.vault.unlock(build)
    for name in names:
        with pattern.vault.identities([name]) as reader:
            rows = reader.execute("from identities").to_arrow_table()
        build.register("delivered", rows)
        delivery = name.partition(".")[0][:16]
        stores.vault.write(
            build,
            IDENTITIES,
            name,
            "select delivered.* replace (copies.contact_id as contact_id, copies.e164 as e164,"
            " opt_ins.line_number as line_number)"
            " from opt_ins inner join copies on opt_ins.contact_id = copies.contact_id"
            " inner join pattern.opt_ins as old on old.contact_id = copies.pattern_id"
            " and old.delivery_id = opt_ins.delivery_id and old.byte_offset = opt_ins.byte_offset"
            " inner join delivered on old.line_number = delivered.line_number"
            f" where opt_ins.delivery_id = '{delivery}' order by opt_ins.line_number",
        )
        build.unregister("delivered")


def _fill_ledger(pattern: Stores, stores: Stores, build: duckdb.DuckDBPyConnection, messages: int) -> None:
    """Copy the deliveries, and write messages of one plan to the first contacts."""
    with pattern.engine.connect() as reading:
        rows = [dict(row) for row in reading.execute(delivery_tables.deliveries.select()).mappings()]
    plan = plan_row("bench")
    with database.transaction(stores.engine) as work:
        work.execute(delivery_tables.deliveries.insert(), rows)
        work.execute(plan_tables.plans.insert(), [plan])
    cursor = build.execute(f"select contact_id::varchar from copies limit {messages}")
    position = 1
    while batch := cursor.fetchmany(_CHUNK):
        with database.transaction(stores.engine) as work:
            work.execute(
                message_tables.messages.insert(),
                [_message("bench", contact, position + i) for i, (contact,) in enumerate(batch)],
            )
        position += len(batch)


def _message(plan_id: str, contact_id: str, position: int) -> dict[str, object]:
    return {
        "send_id": f"{position:032d}",
        "plan_id": plan_id,
        "contact_id": contact_id,
        "position": position,
        "state": "DELIVERED",
        "state_at": 0,
        "attempt": 1,
        "run_id": "bench",
        "claimed_at": 0,
        "planned_base_version": "bench",
        "codes_json": "[]",
        "message_sha256": "0" * 64,
    }


def _number(place: int) -> str:
    return f"+3371{place:07d}"


def _in_process(stores: Stores, numbers: list[str]) -> str:
    took, wall = [], []
    kept = KeptBase(stores.warehouse)
    look_up(stores, numbers[:1], reason="bench", kept=kept)  # what a process does once is not the look-up's
    for number in numbers:
        begun, at = time.process_time(), time.perf_counter()
        (provenance,) = look_up(stores, [number], reason="bench", kept=kept)
        took.append(1000 * (time.process_time() - begun))
        wall.append(1000 * (time.perf_counter() - at))
        if not provenance.is_known:
            raise UsageError("The grown base does not know its own number.", "See how it was grown.")
    said = (
        f"{name} least {min(ms):.1f}, p50 {statistics.median(ms):.1f}, p95 {_p95(ms):.1f}"
        for name, ms in (("processor", took), ("wall", wall))
    )
    return f"in process, ms over {len(numbers)} look-ups: {'; '.join(said)}"


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _by_command(environment: dict[str, str], words: list[str], what: str) -> str:
    command = [str(Path(sys.executable).with_name("filiation")), *words]
    spent = []
    for _ in range(3):
        before = _children_seconds()
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        spent.append(_children_seconds() - before)
    return f"{what}: {min(spent):.2f} processor seconds (best of 3), {len(done.stdout.splitlines())} lines"


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _processor_seconds() -> float:
    return time.process_time()


if __name__ == "__main__":
    app()
