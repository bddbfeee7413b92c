"""Commands about what people did and asked: enter an act or a file of acts, complaints, list requests, answer them.

What an act writes and changes belongs to `consent`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import (
    AsJson,
    opened_stores,
    print_json,
    print_lines,
    print_table,
    read_instant,
    say,
    time_span,
)
from terms.clock import to_iso
from terms.errors import UsageError

if TYPE_CHECKING:
    from consent.acts.act_entry import ActDesk

ReceivedAt = Annotated[str, typer.Option(help="When it was received, with offset; the deadline counts from there.")]
Source = Annotated[str, typer.Option(help="Where it came from, such as a letter's own mark; recorded.")]
Why = Annotated[str, typer.Option("--reason", help="What the person wrote about it, without numbers; recorded.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (act, acts, complaint, requests, answer):
        app.command()(command)


def act(
    number: str,
    kind: Annotated[str, typer.Option(help="withdrawal, objection, erasure, access; or stop, click, reply, form.")],
    received_at: ReceivedAt,
    source: Source,
    relayed_by: Annotated[str, typer.Option(help="The sponsor who passed it on.")] = "",
    reason: Why = "",
) -> None:
    """Record what a person asked or did. It counts from the next hand-over on; a request gets its deadline.

    Example: filiation act "06 39 98 00 42" --kind erasure --received-at 2026-11-24T09:30:00+01:00 --source "letter 117"
    """
    from consent.acts.act_entry import TypedAct, enter_act
    from consent.acts.person_acts import REQUESTS
    from consent.acts.request_clock import due_on

    entered = enter_act(_desk(), TypedAct(number, kind, received_at, source, relayed_by, reason))
    if entered.kind in REQUESTS:
        say(f"request {entered.request_id}: to be answered by {due_on(entered.received_at)}.")
    else:
        say(f"The {entered.kind} is recorded.")


def acts(file: Annotated[Path, typer.Argument(metavar="FILE")], as_json: AsJson = False) -> None:
    """Record a file of acts. Bad lines are named by number (exit code 2), all others are recorded. Repeating changes nothing.

    Columns: number,kind,received_at,source,relayed_by,reason (the last two may be left out), as CSV or JSON lines.

    Example: filiation acts relayed-by-horizon.csv --json
    """
    from consent.acts.act_entry import SENTENCES
    from consent.acts.acts_file import enter_acts

    report = enter_acts(_desk(), file)
    if as_json:
        print_json(report.to_json())
    else:
        say(
            f"{report.taken_in} acts taken in, {report.repeated} known already, {len(report.bad_lines)} lines not taken in."
        )
        for bad in report.bad_lines:
            print(f"line {bad.line}: {'; '.join(SENTENCES[item] for item in bad.problems)}")
    if report.bad_lines:
        raise UsageError(
            f"{len(report.bad_lines)} lines were not taken in; the others stand.",
            "Correct them and run the file again.",
        )


def complaint(campaign_id: str, received_at: ReceivedAt, source: Source, reason: Why = "") -> None:
    """Record a complaint about an advertisement. Without an answer within 48 hours it holds the campaign.

    Example: filiation complaint PRES2027-R1-HORIZON-01 --received-at 2026-11-24T09:30:00+01:00 --source "form 12"
    """
    from consent.acts.requests import complain

    say(
        f"request {complain(_desk(), campaign_id, read_instant(received_at), source, reason)}: to be answered within 48 hours."
    )


def requests(
    due_within: Annotated[str | None, typer.Option(help="Only what is late by then, such as 7d or 48h.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List requests by id and deadline, the most urgent first; never a number or a contact.

    Example: filiation requests --due-within 7d
    """
    from consent.acts.requests import all_requests, open_requests

    stores = opened_stores()
    now, within = stores.clock.now(), None if due_within is None else time_span(due_within)
    found = all_requests(stores.engine, now) if all_ else open_requests(stores.engine, now, within)
    rows = [item.to_json() for item in found]
    if as_json:
        print_lines(rows)
    else:
        print_table(rows, ["request_id", "kind", "clock", "received_at", "late_at", "source", "relayed_by"])


def answer(
    request_id: str,
    at: Annotated[str, typer.Option(help="When the answer went out, with offset.")],
    words: Annotated[str, typer.Option("--answer", help="What was answered, without numbers; recorded.")],
    lists: Annotated[
        list[str] | None, typer.Option("--list", help="For access: sponsors, send_times, source_partner, proof.")
    ] = None,
) -> None:
    """Record that a request was answered. The answer to an access request must hold all four lists.

    Example: filiation answer 3f0c… --at 2026-11-30T16:00:00+01:00 --answer "erased, confirmed by letter"
    """
    from consent.acts.requests import Answer, answer_request

    closed = answer_request(_desk(), request_id, Answer(read_instant(at), words, tuple(lists or ())))
    say(f"{closed} requests are closed by the answer of {to_iso(read_instant(at))}.")


def _desk() -> ActDesk:
    from consent.acts.act_entry import ActDesk
    from partners_ingest.rows.asked_numbers import number_reader

    stores = opened_stores()
    return ActDesk(stores, number_reader(stores.number_rules))
