"""Commands for the papers of a campaign: its report for the sponsor, the certificate of exclusivity, the transparency notice.

What they tell is gathered in `sends`; how they look belongs to `pages`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import AsJson, Out, Page, give, opened_stores, print_table

if TYPE_CHECKING:
    from sends.reporting.exclusivity_certificate import ExclusivityCertificate
    from sends.reporting.report import CampaignReport

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN_ID")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the group `campaign`."""
    app.command()(report)
    app.command()(exclusivity)
    app.command()(notice)


def report(plan_id: PlanArgument, out: Out = None, as_json: AsJson = False) -> None:
    """Write the sponsor's report: dates, volumes, delivery, invoice lines. Small counts are hidden.

    Example: filiation campaign report 4be1… --out report.html
    """
    from sends.reporting.report import campaign_report

    answer = campaign_report(opened_stores(), plan_id)
    page = Page("campaign_report.html", f"tells of campaign {answer.plan.campaign_id}.")
    give(answer, page, out, as_json, partial(_tell_report, answer))


def exclusivity(
    plan_id: PlanArgument,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="HTML file to write; it must be new.")] = None,
    as_json: AsJson = False,
) -> None:
    """Certify to the sponsor that no other sponsor had its bureaux and electors. It shows nothing of others.

    Example: filiation campaign exclusivity 4be1… --out certificate.html
    """
    from pages.kept_file import refuse_taken
    from sends.reporting.exclusivity_certificate import certify

    if out is not None:
        refuse_taken([out])
    certificate = certify(opened_stores(), plan_id)
    page = Page("exclusivity_certificate.html", f"is certificate {certificate.number}.")
    give(certificate, page, out, as_json, partial(_tell_certificate, certificate))


def notice(plan_id: PlanArgument, out: Out = None, as_json: AsJson = False) -> None:
    """Publish the current label and 16-item notice of political advertising. Each change is kept as a new version.

    Example: filiation campaign notice 4be1… --out notice.html
    """
    from sends.plans.transparency_notice import renew_transparency_notice

    published = renew_transparency_notice(opened_stores(), plan_id)
    page = Page("transparency_notice.html", f"is version {published.version} of the notice of plan {plan_id}.")
    give(published, page, out, as_json, lambda: print(published.text()))


def _tell_report(report: CampaignReport) -> None:
    print(f"campaign {report.plan.campaign_id}, plan {report.plan.plan_id}: {report.plan.state}")
    print(f"area: {report.invoice.area}")
    print(f"price: {report.unit_price_cents} cents a message")
    rows = [
        {"state": state, "messages": report.count_words(number)} for state, number in report.outcomes.states.items()
    ]
    print_table(rows, ["state", "messages"])


def _tell_certificate(certificate: ExclusivityCertificate) -> None:
    context = certificate.context
    print(f"certificate {certificate.number}: {context.sponsor.legal_name}, plan {certificate.plan.plan_id}")
    print_table([one.to_json() for one in certificate.held], ["bureau_code", "ages", "from", "until"])
