"""The asset of hand-overs: one dynamic partition per plan, downstream of the published base.

Judging, claiming and handing over belong to `sends.handover`.
"""

import base64

import dagster as dg
from markupsafe import Markup
from pydantic import Field

from assets import vocabulary as words
from pages.page import render_page, write_page
from sends.handover.sender import PlanSender
from sends.plans.transparency_notice import renew_transparency_notice
from sends.reporting.report import campaign_report
from stores.all_stores import Stores

PLANS = dg.DynamicPartitionsDefinition(name="plans")


class SendLimit(dg.Config):
    """How many messages this run may hand over at most; none = the whole plan."""

    limit: int | None = Field(default=None, ge=1)


@dg.asset(
    deps=["published_base", "segment_members"],
    partitions_def=PLANS,
    group_name=words.SENDS,
    owners=words.CAMPAIGNS,
    kinds={"sms"},
)
def sends(
    context: dg.AssetExecutionContext,
    config: SendLimit,
    stores: dg.ResourceParam[Stores],
    sender: dg.ResourceParam[PlanSender],
) -> dg.MaterializeResult[None]:
    """Messages of one approved plan, each judged again at the instant at which it left for the gateway."""
    plan_id = context.partition_key
    sent = sender(stores, plan_id, limit=config.limit, progress=context.log.info)
    renew_transparency_notice(stores, plan_id)
    report = campaign_report(stores, plan_id)
    stores.home.pages.mkdir(mode=0o700, exist_ok=True)  # a home that is older than these pages
    page = stores.home.pages / f"campaign-{plan_id}.html"
    write_page(page, render_page("campaign_report.html", report))
    plots = {"delivery_curve": report.curve_plot(), "why_not_delivered": report.failure_plot()}
    return dg.MaterializeResult(
        metadata={
            **sent.to_json(),
            "campaign_report": dg.MetadataValue.url(page.as_uri()),
            **{name: _picture(name, plot) for name, plot in plots.items() if plot is not None},
        }
    )


def _picture(name: str, plot: Markup) -> dg.MarkdownMetadataValue:
    """Return a plot as Dagster shows it: a picture in Markdown."""
    svg = plot[plot.index("<svg") : plot.rindex("</figure>")]
    return dg.MetadataValue.md(f"![{name}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})")


ASSETS = [sends]
