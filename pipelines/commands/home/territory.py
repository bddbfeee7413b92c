"""Commands about territories: what the base knows of a bureau or commune, as a page.

What the page shows is gathered in `territories.sheet`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import opened_stores, say

app = typer.Typer(help="Show bureaux and communes.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Show bureaux and communes."""


@app.command()
def show(
    territory: Annotated[str, typer.Argument(metavar="BUREAU_OR_COMMUNE", help="75056_1104, 29039 or 75111.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The page, one HTML file that opens offline.")],
) -> None:
    """Write a page on a bureau or commune: map, addresses tied and untied, results and income with their coverage.

    Example: filiation territory show 48271 --out valombre.html
    """
    from pages.page import render_page, write_page
    from territories.sheet import territory_sheet

    stores = opened_stores()
    sheet = territory_sheet(stores, territory, stores.clock)
    write_page(out, render_page("territory.html", sheet))
    say(f"{out} shows {len(sheet.bureaux)} bureaux of {territory}.")
