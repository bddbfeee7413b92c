"""Commands that copy a home with its ledger, put a copy back, and answer for what it cannot know.

Copying belongs to `stores.backup`; what a restored ledger may do is decided by `sends.handover.restore_guard`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, By, opened_stores, print_json, say

Folder = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command()(backup)
    app.command()(restore)
    app.command()(restored)


def backup(folder: Folder, as_json: AsJson = False) -> None:
    """Copy the home and its operations database, as of one instant, into a new folder; keys are not in it.

    Example: filiation backup /srv/backups/2026-11-24
    """
    from stores.backup import make_backup

    made = make_backup(opened_stores(), folder)
    say(f"{folder} holds {made.files} files and {made.rows} rows.")
    if as_json:
        print_json(made.to_json())


def restore(folder: Folder, as_json: AsJson = False) -> None:
    """Put a backup into a new home and an empty database. Sending is refused while the gateway may know more than the backup.

    Example: filiation restore /srv/backups/2026-11-24
    """
    from stores.backup import restore_backup
    from terms.settings import load_settings

    settings = load_settings(os.environ)
    put_back = restore_backup(settings, folder, settings.actor, settings.clock().now())
    say(f"{settings.home} is as it was at {put_back.made_at}.")
    if as_json:
        print_json(put_back.to_json())


def restored(
    why: Annotated[str, typer.Option(help="How it is known; recorded.")],
    by: By = None,
) -> None:
    """Declare that nothing was sent and no STOP was missed between a backup and its restoration.

    Example: filiation restored --by "Camille Second" --why "the operator's list of the day is empty"
    """
    from sends.handover.restore_guard import answer_for_restoration

    answer_for_restoration(opened_stores(), by, why)
    say("the restored ledger may send again.")
