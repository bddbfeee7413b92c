"""The command that judges one use of one number at two instants, with its grounds.

The base judges; the answer is put together by `lineage.lookups.judged_use`.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, read_instant
from terms.errors import UsageError
from terms.reasons import Channel, Profile


class Selection(StrEnum):
    """By what people are selected; an unselected invitation selects by nothing."""

    ADDRESS = "address"
    AGE = "age"
    SEX = "sex"
    AREA_RESULTS = "area_results"
    AREA_INCOME = "area_income"
    NOTHING = "nothing"


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command()(judge)


def judge(  # noqa: PLR0913 - the options of a use are many, and each is one fact of it
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="As a person writes it.")],
    at: Annotated[str, typer.Option(help="The instant of the use, with offset: the law of that instant judges.")],
    reason: Annotated[str, typer.Option(help="Why this is looked up; recorded.")],
    known_at: Annotated[str, typer.Option(help="By the knowledge of this instant; default: of now.")] = "",
    channel: Annotated[Channel, typer.Option(help="How the message goes.")] = Channel.SMS,
    profile: Annotated[Profile, typer.Option(help="Which reading of the disputed law.")] = Profile.STRICT,
    sponsor: Annotated[str, typer.Option(help="Who pays; default: some sponsor.")] = "",
    selected_by: Annotated[list[Selection] | None, typer.Option(help="Repeat for several; default: address.")] = None,
    elector_on: Annotated[str, typer.Option(help="The day on which the person must be an elector.")] = "",
    as_json: AsJson = False,
) -> None:
    """Judge one use of a number by the law of one instant and the knowledge of another, with each rule that applied.

    Example: filiation judge "06 39 98 00 42" --at 2026-11-24T10:00:00+01:00 --reason "complaint 12"
    """
    from consent.judgement.uses import Use
    from lineage.lookups.judged_use import describe_use, judge_number

    stores = opened_stores()
    use = Use(
        channel=channel,
        sponsor_id=sponsor or None,
        criteria_kinds=_kinds(selected_by or [Selection.ADDRESS]),
        eligible_on=_day(elector_on),
        number_rules=stores.number_rules,
        profile=profile,
        moment=read_instant(at),
        known_by=read_instant(known_at) if known_at else stores.clock.now(),
    )
    judged = judge_number(stores, number, use, reason=reason)
    if as_json:
        print_json(judged.to_json())
    else:
        print(describe_use(judged))


def _kinds(selected_by: list[Selection]) -> tuple[str, ...]:
    if Selection.NOTHING in selected_by and len(selected_by) > 1:
        raise UsageError("A message is selected by something or by nothing, not both.", "Drop one --selected-by.")
    return tuple(kind.value for kind in selected_by if kind is not Selection.NOTHING)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("The day cannot be read.", "Write it as 2027-04-18.") from None
