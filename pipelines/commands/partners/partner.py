"""The commands about partners, as one group; each is in a file of its own.

What is found belongs to `partners_ingest` and `consent`.
"""

from __future__ import annotations

import typer

from pipelines.commands.partners import partner_check, partner_fetch, partner_report

app = typer.Typer(name="partner", help="A partner's dossier and files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep its commands under `partner`, even where there is one only."""


partner_check.register(app)
partner_fetch.register(app)
partner_report.register(app)
