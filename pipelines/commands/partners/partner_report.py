"""The command that writes what a partner is told of its deliveries, as one page.

What a report says is gathered in `partners_ingest.reports.report`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import opened_stores, say


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the group `partner`."""
    app.command()(report)


def report(
    asked: Annotated[str, typer.Argument(metavar="DELIVERY_ID|PARTNER", help="One delivery, or all of a partner.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="HTML file to write; replaced if it exists.")],
) -> None:
    """Write what a partner should know of its files: faults, repairs, evidence, what to change. One HTML file.

    Example: filiation partner report boutique-iris --out /tmp/boutique-iris.html
    """
    from pages.page import render_page, write_page
    from partners_ingest.reports.partner_value import Moment
    from partners_ingest.reports.report import report_on

    opened = opened_stores()
    moment = Moment(opened.clock.now(), opened.number_rules)
    found = report_on(opened, asked, moment)
    write_page(out, render_page("partner_report.html", found))
    say(f"{out} tells of {len(found.deliveries)} deliveries of {found.partner_id}.")
