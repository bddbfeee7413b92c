"""Commands about open data: fetch official files into the open-data folder.

Downloading belongs to `open_data.fetch`; the nightly job takes the files in.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, print_lines, print_table, say
from terms.errors import FiliationError
from terms.settings import load_settings

app = typer.Typer(help="Fetch open data.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Fetch open data."""


@app.command()
def fetch(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE…", help="Ids of config/open_data; all without any.")
    ] = None,
    from_folder: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, resolve_path=True, help="Files downloaded elsewhere, not the network."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the official files of sources into the open-data folder; what has not changed is not downloaded again.

    Example: filiation open-data fetch presidential_2022_t2
    """
    from open_data.fetch import FetchOutcome, choose_sources, fetch_from_folder, fetch_from_network
    from open_data.sources import read_sources

    settings = load_settings(os.environ)
    chosen = choose_sources(read_sources(settings.config / "open_data"), sources or ())
    if from_folder is None:
        reports = fetch_from_network(settings.open_data, chosen, settings.clock(), say)
    else:
        reports = fetch_from_folder(settings.open_data, from_folder, chosen, settings.clock(), say)
    rows = [report.to_json() for report in reports]
    if as_json:
        print_lines(rows)
    else:
        print_table(rows, ["source_id", "outcome", "message"])
    failed = [report.source_id for report in reports if report.outcome is FetchOutcome.FAILED]
    if failed:
        raise FiliationError(
            f"{len(failed)} of {len(reports)} sources failed: {', '.join(failed)}.", "See their words."
        )
