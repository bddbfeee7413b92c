"""The assets of the pages about the base as a whole: why contacts may not be reached, what expires, and its territories.

What they tell is counted in `outlook.why_not`, `outlook.expiring` and `territories.sheet`; how they look belongs to `pages`.
"""

from datetime import timedelta

import dagster as dg

from assets import vocabulary as words
from outlook.expiring import expiring
from outlook.why_not import why_not
from pages.page import render_page, write_page
from stores.all_stores import Stores
from terms.errors import UsageError
from terms.reasons import Channel, Profile
from territories.sheet import busiest_communes, territory_sheet

#: Policy: how far ahead the nightly page looks.
_AHEAD = timedelta(days=90)
#: Policy: communes that have a page each night.
_COMMUNES = 5


@dg.asset(deps=["published_base"], group_name=words.BASE, owners=words.DATA_ENGINEERING, kinds={"html"})
def outlook_pages(writing_stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """Two pages for people who answer for the base: the funnel by reason, and what is lost within 90 days."""
    folder = writing_stores.home.pages
    folder.mkdir(mode=0o700, exist_ok=True)  # a home that is older than these pages
    funnel, losses = why_not(writing_stores), expiring(writing_stores, _AHEAD, Channel.SMS, Profile.STRICT)
    write_page(folder / "why-not.html", render_page("why_not.html", funnel))
    write_page(folder / "expiring.html", render_page("expiring.html", losses))
    return dg.MaterializeResult(
        metadata={
            "why_not": dg.MetadataValue.url((folder / "why-not.html").as_uri()),
            "expiring": dg.MetadataValue.url((folder / "expiring.html").as_uri()),
            **words.counts(sendable=losses.sendable, expiring=losses.lost),
        }
    )


@dg.asset(deps=["published_base"], group_name=words.BASE, owners=words.DATA_ENGINEERING, kinds={"html"})
def territory_pages(writing_stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """A page on each of the communes with most addresses: map, addresses tied, results and income with their coverage.

    Any other: `filiation territory show BUREAU_OR_COMMUNE --out FILE`.
    """
    folder = writing_stores.home.pages
    folder.mkdir(mode=0o700, exist_ok=True)  # a home that is older than these pages
    links: dict[str, dg.MetadataValue] = {}
    for commune in busiest_communes(writing_stores, _COMMUNES):
        page = folder / f"territory-{commune}.html"
        try:
            write_page(
                page, render_page("territory.html", territory_sheet(writing_stores, commune, writing_stores.clock))
            )
            links[f"commune_{commune}"] = dg.MetadataValue.url(page.as_uri())
        except UsageError as error:
            links[f"commune_{commune}"] = dg.MetadataValue.text(str(error))
    return dg.MaterializeResult(metadata={**links, **words.counts(communes=len(links))})


ASSETS = [outlook_pages, territory_pages]
