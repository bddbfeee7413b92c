"""Commands about form versions and their texts: switch one off, compare texts with what is declared of them.

Stops and the linter of texts belong to `consent`; what a stop does to a consent is judged by the base.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, print_lines, print_table, say
from terms.settings import load_settings

app = typer.Typer(help="Form versions of partners and the texts that they show.", no_args_is_help=True)


@app.command()
def stop(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The form version, as the dossier calls it.")],
    why: Annotated[str, typer.Option(help="What is wrong with it, without numbers; recorded.")],
    partner: Annotated[str, typer.Option(help="Whose, where several partners have a version of this name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Switch a form version off at once: no consent from it is used any more. Shows how many contacts that concerns.

    Example: filiation form stop 482320 --why "audit of 24 November: the box is ticked beforehand"
    """
    from consent.acts.form_stops import find_form, stop_form

    opened = opened_stores()
    stopped = stop_form(opened, find_form(opened, version, partner or None), why)
    if as_json:
        print_json(stopped.to_json())
        return
    say(f"{stopped.key.partner_id} {version} is off since {stopped.stopped_at.isoformat()}.")
    rows = [{"": name, **part.to_json()} for name, part in (("before", stopped.before), ("after", stopped.after))]
    print_table(rows, list(rows[0]))


@app.command()
def lint(
    partners: Annotated[Path | None, typer.Option(help="Folder of dossiers; default: the configured one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare what dossiers declare of their notices with the texts themselves. A person must settle each difference.

    Example: filiation form lint --partners config/partners
    """
    from consent.dossiers.dossiers import read_dossiers
    from consent.dossiers.notice_linter import lint_dossier

    folder = partners or load_settings(os.environ).partners
    dossiers = read_dossiers(folder).dossiers
    found = [(partner, item) for partner, dossier in dossiers.items() for item in lint_dossier(dossier)]
    if as_json:
        print_lines({"partner": partner, **item.to_json()} for partner, item in found)
        return
    for partner, item in found:
        print(f"{partner} {item.notice_id}: {item.sentence()}")
    say(f"{len(found)} contradictions in the notices of {len(dossiers)} partners.")
