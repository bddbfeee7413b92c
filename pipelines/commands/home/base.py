"""Commands about the base: init, refresh, deliveries and what a person decides of them, quarantine, allow-loss, status.

The nightly job itself is in `pipelines.jobs`; here it is only started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, print_lines, print_table, say
from terms.settings import load_settings


def _folder(told: str) -> object:
    return typer.Option(exists=True, file_okay=False, resolve_path=True, help=told)


Landing = Annotated[Path | None, _folder("One folder per partner, as the drop server keeps them.")]
Partners = Annotated[Path | None, _folder("One dossier folder per partner.")]
OpenData = Annotated[Path | None, _folder("Folder with the official open-data files.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (init, refresh, deliveries, quarantine, release, refuse, reread, allow_loss, status):
        app.command()(command)


def init() -> None:
    """Create the stores, stamp the home and migrate the operations database. Safe to repeat.

    Example: filiation init
    """
    from pipelines.instance import prepare_instance
    from staff.enrolment import enrol_played
    from stores.all_stores import open_stores
    from stores.home import init_home
    from stores.ledger_of_home import require_ledger
    from stores.migrations.migrate import migrate
    from stores.operations.database import open_operations
    from stores.reserve import keep_reserve

    settings = load_settings(os.environ)
    home = init_home(settings)
    engine = open_operations(settings.database_url)
    require_ledger(home, engine)
    revision = migrate(engine)
    keep_reserve(engine)
    prepare_instance(home)
    enrol_played(open_stores(settings))
    say(f"{home.root} is ready ({settings.environment}, schema {revision}).")


def refresh(
    landing: Landing = None,
    partners: Partners = None,
    open_data: OpenData = None,
    as_json: AsJson = False,
) -> None:
    """Run the nightly job: take in what is new, build the base aside, check it, publish it.

    Example: filiation refresh --landing sample/landing --open-data sample/open_data
    """
    from pipelines.refreshing import run_refresh

    report = run_refresh(opened_stores(), landing=landing, partners=partners, open_data=open_data, progress=say)
    if as_json:
        print_json(report.to_json())
    else:
        say(report.sentence())


def deliveries(as_json: AsJson = False) -> None:
    """List every delivery with its outcome and control totals.

    Example: filiation deliveries --json
    """
    from pipelines.commands.home.listing import deliveries_told

    rows = deliveries_told(opened_stores().engine)
    if as_json:
        print_lines(rows)
    else:
        print_table(rows, ["delivery_id", "partner", "file", "outcome", "reason", "data_rows", "accepted_rows"])


def quarantine(
    delivery: Annotated[str | None, typer.Option(help="Only this delivery.")] = None,
    show: Annotated[
        tuple[str, int] | None, typer.Option(metavar="DELIVERY LINE", help="Print this record as delivered.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it is looked at; needed with --show, and recorded.")] = "",
    as_json: AsJson = False,
) -> None:
    """List quarantined records by delivery and line with all their reasons, never with a value; or show one.

    Example: filiation quarantine --show 3f0c… 412 --reason "ticket 17 of the partner"
    """
    from pipelines.commands.home.listing import quarantine_told

    if show is not None:
        _show_quarantined(*show, reason)
        return

    rows = quarantine_told(opened_stores(), delivery)
    if as_json:
        print_lines(rows)
    else:
        print_table(rows, ["delivery_id", "partner", "file", "line", "reasons"])


def _show_quarantined(delivery_id: str, line: int, reason: str) -> None:
    from lineage.lookups.quarantine_reading import show_quarantined

    record = show_quarantined(opened_stores(), delivery_id, line, reason=reason)
    say(f"{', '.join(record.reasons)}. {record.evidence.statement}")
    sys.stdout.buffer.write(record.evidence.bytes + b"\n")


def release(delivery_id: str, why: Annotated[str, typer.Option(help="Why a person lets it in; recorded.")]) -> None:
    """Let a held delivery in at the next refresh, after a person decided.

    Example: filiation release 1f0c… --why "the partner confirmed the smaller file"
    """
    from partners_ingest.intake.signed_releases import release_signed

    release_signed(opened_stores(), delivery_id, why)
    say(f"{delivery_id} goes in at the next `filiation refresh`.")


def refuse(delivery_id: str, why: Annotated[str, typer.Option(help="Why it stays out; recorded.")]) -> None:
    """Refuse a held delivery for good, after a person decided; its evidence stays.

    Example: filiation refuse 1f0c… --why "the partner sent it by mistake and will send another"
    """
    from partners_ingest.intake import decisions

    opened = opened_stores()
    decisions.refuse(opened.engine, decisions.Decision(delivery_id, opened.settings.actor, why, opened.clock.now()))
    say(f"{delivery_id} is refused.")


def reread(delivery_id: str, why: Annotated[str, typer.Option(help="Why it is read again; recorded.")]) -> None:
    """Read an accepted delivery again at the next refresh, with the dossier of then: same rows, a new reading.

    Example: filiation reread 1f0c… --why "the column of the postcode was mapped wrongly"
    """
    from partners_ingest.intake import decisions

    opened = opened_stores()
    decisions.reread(opened.engine, decisions.Decision(delivery_id, opened.settings.actor, why, opened.clock.now()))
    say(f"{delivery_id} is read again at the next `filiation refresh`.")


def allow_loss(
    down_to: Annotated[int, typer.Option(help="How many contacts the next base must still have.")],
    why: Annotated[str, typer.Option(help="Why so many may go; recorded.")],
) -> None:
    """Let the next base lose more contacts than the policy allows. The permission ends when that base is published.

    Example: filiation allow-loss --down-to 1200 --why "the contract with a partner has ended"
    """
    from publishing.decisions import allow_loss as decide

    opened = opened_stores()
    followed = decide(opened, down_to, None, why)
    say(f"The base after {followed} may go down to {down_to} contacts; run `filiation refresh`.")


def status(as_json: AsJson = False) -> None:
    """Say what is published, how fresh each source is, how the last run went, which checks warned.

    Example: filiation status
    """
    from pipelines.commands.home.listing import base_status

    answer = base_status(opened_stores())
    if as_json:
        print_json(answer)
        return
    _tell_status(answer)


def _tell_status(answer: Mapping[str, object]) -> None:
    """Print the answer of `status` for a person."""
    print(f"base        {answer['version'] or 'none published yet'}  {answer['published_at'] or ''}")
    for name in ("row_counts", "partners", "open_data"):
        entries = answer[name]
        if isinstance(entries, dict):
            for key, value in entries.items():
                print(f"{name:<12}{key}  {'-' if value is None else value}")
    run = answer["last_run"]
    print(f"last run    {_run_told(run) if isinstance(run, dict) else '-'}")
    for warned in answer["warnings"] if isinstance(answer["warnings"], list) else []:
        print(f"warned      {warned}")
    _tell_broken_glass(answer)


def _tell_broken_glass(answer: Mapping[str, object]) -> None:
    for leave in answer["broken_glass"] if isinstance(answer["broken_glass"], list) else []:
        print(f"glass       {leave['person']} let {leave['act']} be done without its role, {leave['at']}")


def _run_told(run: Mapping[str, object]) -> str:
    return f"{run['outcome']} {run['started_at']} to {run['ended_at'] or '-'}"
