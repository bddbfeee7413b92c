"""Pages for people: a record becomes one HTML file that opens offline, without script, font or picture from elsewhere.

The facts are gathered by the room that owns them, as one frozen record; queries and decisions do not belong here.
Templates are in `pages/templates`; each extends `frame.html`. Everything is escaped. A value that a template names and
the record lacks is an error, never a blank.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from pages.french import instant_french
from terms.paris import in_paris


def render_page(template: str, page: object) -> str:
    """Return the HTML text of a page.

    Args:
        template: file name in `pages/templates`, such as `partner_report.html`.
        page: the record that the template knows as `page`; plots in it are `markupsafe.Markup` of `pages.plots`.

    Raises:
        jinja2.UndefinedError: the template names something that the record does not have.
    """
    return _templates().get_template(template).render(page=page)


def write_page(file: Path, html: str) -> None:
    """Write a page so that a reader always sees a whole one: under another name first, then renamed."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(html, encoding="utf-8")
    beside.replace(file)


def count_text(number: int) -> str:
    """Return a count as `12 345`, with narrow no-break spaces."""
    return f"{number:,}".replace(",", "\u202f")


def percent_text(share: float) -> str:
    """Return a share of one as `12.3 %`; a share above 0 never reads as 0 %, and one below 1 never as 100 %."""
    percent = 100 * share
    if 0 < percent < 0.05:
        return "< 0.1 %"
    return "> 99.9 %" if 99.95 <= percent < 100 else f"{percent:.1f} %"


def day_text(day: date) -> str:
    """Return a civil date as `2 Mar 2026`."""
    return f"{day.day} {day:%b %Y}"


def instant_text(instant: datetime) -> str:
    """Return an aware instant in Paris time as `2 Mar 2026 18:04`.

    Raises:
        ValueError: the instant has no offset.
    """
    local = in_paris(instant)
    return f"{day_text(local.date())} {local:%H:%M}"


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "count": count_text,
        "percent": percent_text,
        "day": day_text,
        "instant": instant_text,
        "instant_french": instant_french,
    }
    return templates
