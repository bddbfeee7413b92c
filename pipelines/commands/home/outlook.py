"""Commands about the base as a whole: why contacts may not be reached, and what expires.

Counting belongs to `outlook.why_not` and `outlook.expiring`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import AsJson, Out, Page, give, opened_stores, print_table, time_span
from terms.reasons import Channel, Profile

if TYPE_CHECKING:
    from outlook.expiring import Expiring
    from outlook.why_not import WhyNot


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command()(why_not)
    app.command()(expiring)


def why_not(
    segment: Annotated[
        str | None, typer.Option(help="Only the audience of this segment or order (file or id).")
    ] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Show how many records become sendable contacts, and for which reasons the others do not. The counts add up to the base.

    Example: filiation why-not --out /tmp/why-not.html
    """
    from outlook.why_not import why_not as told
    from outlook.why_not import why_not_of

    stores = opened_stores()
    answer = told(stores) if segment is None else why_not_of(stores, segment)
    page = Page("why_not.html", f"tells the funnel of base {answer.base_version}.")
    give(answer, page, out, as_json, partial(_tell_funnels, answer))


def expiring(
    within: Annotated[str, typer.Option(help="How far to look, in days or hours: 90d, 48h.")] = "90d",
    channel: Annotated[Channel, typer.Option(help="How a message goes.")] = Channel.SMS,
    profile: Annotated[Profile, typer.Option(help="Which reading of the disputed law.")] = Profile.STRICT,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Show which sendable contacts the base will lose, when, why and by partner, if nothing new comes in.

    Example: filiation expiring --within 90d
    """
    from outlook.expiring import expiring as told

    answer = told(opened_stores(), time_span(within), channel, profile)
    page = Page("expiring.html", f"tells what base {answer.base_version} loses.")
    give(answer, page, out, as_json, partial(_tell_losses, answer, within))


def _tell_funnels(answer: WhyNot) -> None:
    for funnel in answer.funnels:
        use = funnel.use
        print(f"{use.channel.value} {use.profile.value}: {funnel.sendable} of {funnel.contacts} contacts are sendable")
        rows = [{"code": one.code, "worst": one.exclusive, "at_all": one.overlapping} for one in funnel.reasons]
        print_table(rows, ["code", "worst", "at_all"])


def _tell_losses(answer: Expiring, within: str) -> None:
    print(f"{answer.lost} of {answer.sendable} sendable contacts are lost within {within}")
    print_table([loss.to_json() for loss in answer.losses], ["on", "partner", "code", "contacts"])
