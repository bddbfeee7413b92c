"""The command that fetches files from partners' servers now; the nightly job does it first of all.

Fetching belongs to `partners_ingest.arrival.sftp`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.answers import opened_stores, say
from terms.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the group `partner`."""
    app.command()(fetch)


def fetch(
    partner: Annotated[str | None, typer.Argument(help="Only this partner; none = all that have a server.")] = None,
) -> None:
    """Fetch what is new and complete on partners' servers into the landing folder. Nothing is changed on the servers.

    Example: filiation partner fetch
    """
    from consent.dossiers.dossiers import read_dossiers
    from partners_ingest.arrival.sftp import fetch_all
    from stores.home import writer_lock

    stores = opened_stores()
    settings = stores.settings
    found = {
        name: one.transport for name, one in read_dossiers(settings.partners).dossiers.items() if one.transport.sftp
    }
    if partner is not None and partner not in found:
        raise UsageError(f"No dossier that can be read names a server of {partner!r}.", "See `transport.sftp` in it.")
    chosen = found if partner is None else {partner: found[partner]}
    with writer_lock(stores.home):
        fetched = fetch_all(stores, chosen)
    for report in fetched.reports:
        say(f"{report.partner_id}: {report.fetched} files fetched, {report.bytes} bytes; {report.waiting} not complete")
    if not chosen:
        say("No dossier names a server.")
    if fetched.problems:
        raise fetched.problems[0]
