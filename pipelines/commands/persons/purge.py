"""The command that deletes what is older than it may be kept: `filiation purge`, by the rules of `config/retention/`.

What is deleted, and in which order, is decided by `retention.purge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command()(purge)


def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would go, by rule and store; change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what is older than the rules of config/retention/ allow. Safe to interrupt and repeat.

    Persons are deleted as by `filiation erase`: counts stay, and a mark that keeps old records of each number out.
    Whoever agrees again later is a new contact. No number is printed.
    Prints a receipt for each rule that deleted something, proved by the log.

    Example: filiation purge --dry-run
    """
    from retention import purge as retention
    from stores.home import writer_lock

    opened = opened_stores()
    if dry_run:
        for due in retention.find_due(opened):
            stores = "; ".join(f"{store}: {_told(counts)}" for store, counts in due.counts.items())
            print_json(due.to_json()) if as_json else print(f"{due.rule.code}: {stores}")
        return
    with writer_lock(opened.home):
        receipts = retention.purge(opened, say)
    for receipt in receipts:
        if as_json:
            print_json(receipt.to_json())
        else:
            print(f"purge {receipt.purge_id}: {_told(receipt.counts)}; leaf {receipt.proof.index} of the log")
    if not receipts:
        say("Nothing is older than it may be kept.")


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
