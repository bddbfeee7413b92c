"""Commands for the papers of a campaign: its report for the sponsor, the certificate of exclusivity, the transparency notice.

What they tell is gathered in `sends`; how they look stands in `pages`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, house, print_json, print_table, say

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN_ID")]
Out = Annotated[Path | None, typer.Option(dir_okay=False, help="HTML file to write; replaced if it exists.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the group `campaign`."""
    app.command()(report)
    app.command()(exclusivity)
    app.command()(notice)


def report(plan_id: PlanArgument, out: Out = None, as_json: AsJson = False) -> None:
    """Tell what was done, for the sponsor and its accounts: dates, volumes, delivery, invoice lines; small counts hidden.

    Example: filiation campaign report 4be1… --out report.html
    """
    from pages.page import render_page, write_page
    from sends.house import SendStores
    from sends.report import campaign_report

    answer = campaign_report(SendStores.of(house()), plan_id)
    if out is not None:
        write_page(out, render_page("campaign_report.html", answer))
        say(f"{out} tells of campaign {answer.plan.campaign_id}.")
    if as_json:
        print_json(answer.to_json())
    elif out is None:
        print(f"campaign {answer.plan.campaign_id}, plan {plan_id}: {answer.plan.state}")
        print(f"area: {answer.invoice.area}")
        print(f"price: {answer.unit_price_cents} cents a message")
        rows = [
            {"state": state, "messages": answer.count_words(number)} for state, number in answer.delivery.states.items()
        ]
        print_table(rows, ["state", "messages"])


def exclusivity(plan_id: PlanArgument, out: Out = None, as_json: AsJson = False) -> None:
    """Certify to the sponsor that its bureaux and electors were its own, and reveal nobody else's.

    Example: filiation campaign exclusivity 4be1… --out certificate.html
    """
    from pages.page import render_page, write_page
    from sends.certificate import certify
    from sends.house import SendStores

    certificate = certify(SendStores.of(house()), plan_id)
    if out is not None:
        write_page(out, render_page("exclusivity_certificate.html", certificate))
        say(f"{out} is certificate {certificate.number}.")
    if as_json:
        print_json(certificate.to_json())
    elif out is None:
        print(f"certificate {certificate.number}: {certificate.context.sponsor.legal_name}, plan {plan_id}")
        print_table([one.to_json() for one in certificate.held], ["bureau_code", "ages", "from", "until"])


def notice(plan_id: PlanArgument, out: Out = None, as_json: AsJson = False) -> None:
    """Publish the label and the 16-item notice of political advertising as it stands; a change is a new version, kept.

    Example: filiation campaign notice 4be1… --out notice.html
    """
    from pages.page import render_page, write_page
    from sends.house import SendStores
    from sends.transparency import renew_notice

    published = renew_notice(SendStores.of(house()), plan_id)
    if out is not None:
        write_page(out, render_page("transparency_notice.html", published))
        say(f"{out} is version {published.version} of the notice of plan {plan_id}.")
    if as_json:
        print_json(published.to_json())
    elif out is None:
        print(published.text())
