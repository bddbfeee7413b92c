"""The commands that erase persons, with a receipt each, and let one in again: `filiation erase` and `filiation readmit`.

What is deleted from which store is decided by `lineage.erasure.erasure`, letting in again by `lineage.erasure.readmission`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, read_instant, say
from pipelines.commands.persons.origin import numbers_in
from terms.errors import UsageError

if TYPE_CHECKING:
    from lineage.erasure.erasure_receipt import ErasureReceipt


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command()(erase)
    app.command()(readmit)


def erase(
    case: Annotated[str, typer.Option(help="The case that the erasure belongs to; recorded.")],
    numbers: Annotated[list[str] | None, typer.Argument(metavar="NUMBER…", help="As a person writes it.")] = None,
    from_file: Annotated[Path | None, typer.Option(help="A file with one number per line.")] = None,
    reason: Annotated[str, typer.Option(help="Why; recorded.")] = "erasure asked for by the person",
    papers: Annotated[
        Path | None, typer.Option(help="A folder outside the home for a receipt in French each, PDF, named by its id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase persons from every store for good. A mark stays that keeps each number out. Safe to interrupt and repeat.

    Prints a receipt per person, proved by the log. Backups and the landing folder: docs/runbook.md, "Erase a person".

    Example: filiation erase "06 39 98 00 42" --case DPO-2026-117
    """
    from lineage.erasure.erasure import erase as erase_persons
    from lineage.papers.issuing import check_folder
    from lineage.papers.receipt import erasure_papers
    from stores.home import writer_lock

    asked = [*(numbers or []), *numbers_in(from_file)]
    if not asked:
        raise UsageError("No number was given.", "Give numbers, or --from-file FILE.")
    opened = opened_stores()
    if papers is not None:
        check_folder(opened, papers)
    with writer_lock(opened.home):
        receipts = erase_persons(opened, asked, case=case, reason=reason, progress=say)
    for receipt in receipts:
        _tell(receipt, as_json)
    if papers is not None:
        issued = erasure_papers(opened, {papers / f"{receipt.erasure_id}.pdf": receipt for receipt in receipts})
        say(f"{len(issued)} receipts written to {papers}, {len(receipts) - len(issued)} stood there")


def _tell(receipt: ErasureReceipt, as_json: bool) -> None:
    if as_json:
        print_json(receipt.to_json())
        return
    found = receipt.found
    print(
        f"erasure {receipt.erasure_id}: {found.opt_ins} opt-ins, {found.withdrawals} withdrawals,"
        f" {found.lines} lines in {found.deliveries} files, {found.whole_files} whole files;"
        f" {found.sends} messages and {found.acts} acts stay as counts; leaf {receipt.proof.index} of the log"
    )
    if found.unopened_files:
        say(f"{found.unopened_files} sealed files could not be searched: see `filiation deliveries`.")


def readmit(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="As a person writes it.")],
    since: Annotated[
        str, typer.Option(help="When the person agreed anew, by themselves: an instant after the erasure.")
    ],
    case: Annotated[str, typer.Option(help="Where the new agreement was seen; recorded.")],
    reason: Annotated[str, typer.Option(help="Why; recorded.")] = "a later, direct agreement of the person",
) -> None:
    """Let an erased person in again, for what the person did from an instant on. It takes a later, direct agreement.

    The next file that holds the agreement brings the person in. Agreements through a partner and earlier acts stay out.

    Example: filiation readmit "06 39 98 00 42" --since 2026-11-20T10:15:00+01:00 --case DPO-2026-131
    """
    from lineage.erasure.readmission import readmit as let_in

    let_in(opened_stores(), number, read_instant(since), case=case, reason=reason)
    say("What the person did from then on is let in by the next files.")
