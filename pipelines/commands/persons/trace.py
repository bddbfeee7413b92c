"""Commands that walk from a message, a delivered line or a plan to everything that it rests on.

Reading and proving belong to `lineage`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, print_lines, say
from terms.errors import UsageError

app = typer.Typer(
    help="Follow a message, a delivered line or a plan to everything that it rests on.", no_args_is_help=True
)

Reason = Annotated[str, typer.Option(help="Why this is looked up; recorded.")]


@app.command()
def send(
    message_id: Annotated[str, typer.Argument(metavar="ID", help="A send id, or the gateway's message id.")],
    reason: Reason,
    passport: Annotated[
        Path | None, typer.Option(help="Write the proofs to this new file, for filiation-verify.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show for one message: plan, approval, judgement at its instant, opt-ins, territory, reports.

    Example: filiation trace send 7f3a… --reason "audit 12" --passport message.passport.json
    """
    from lineage.lookups.trace import trace_send
    from lineage.lookups.trace_text import describe_send
    from lineage.papers.passport import make_passport
    from pages.kept_file import refuse_taken

    opened = opened_stores()
    if passport is not None:
        refuse_taken([passport])
    trace = trace_send(opened, message_id, reason=reason)
    if passport is not None:
        passport.write_text(make_passport(opened, trace).text(), encoding="utf-8")
        say(f"wrote {passport}; check it with: filiation-verify {passport} --key {opened.home.log / 'verifier_key'}")
    if as_json:
        print_json(trace.to_json())
    else:
        print(describe_send(trace))


@app.command()
def line(
    delivery_id: Annotated[str, typer.Argument(help="The delivery; or DELIVERY:LINE, as events name their source.")],
    reason: Reason,
    line_number: Annotated[int | None, typer.Argument(help="Where the record starts, counted from 1.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every message to the person whose opt-in starts at a line of a delivered file.

    Example: filiation trace line 3f0c… 412 --reason "audit 12"
    """
    from lineage.lookups.trace import trace_line
    from lineage.lookups.trace_text import describe_send

    place = (delivery_id, line_number) if line_number is not None else _place(delivery_id)
    traces = trace_line(opened_stores(), *place, reason=reason)
    if as_json:
        print_lines(trace.to_json() for trace in traces)
    else:
        print("\n".join(describe_send(trace) for trace in traces) or "no message was ever planned for this person")


def _place(name: str) -> tuple[str, int]:
    """Return the delivery and line of `DELIVERY:LINE`."""
    delivery_id, _, number = name.partition(":")
    if not number.isdecimal():
        raise UsageError("No line is named.", "Write filiation trace line DELIVERY LINE, or DELIVERY:LINE.")
    return delivery_id, int(number)


@app.command()
def plan(
    plan_id: str,
    reason: Annotated[str | None, typer.Option(help="Why; recorded. Not needed: a plan names nobody.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a plan, what people decided about it, and the states of its messages. It names nobody.

    Example: filiation trace plan 51c2…
    """
    from lineage.lookups.trace import trace_plan
    from lineage.lookups.trace_text import describe_plan

    trace = trace_plan(opened_stores(), plan_id, reason=reason)
    if as_json:
        print_json(trace.to_json())
    else:
        print(describe_plan(trace))
