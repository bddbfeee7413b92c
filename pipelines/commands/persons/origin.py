"""Commands that answer "where does this number come from?": lineage and evidence.

`lineage` writes every look-up to the access log before its answer is printed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_json, say
from terms.errors import UsageError

Reason = Annotated[str, typer.Option(help="Why this is looked up; recorded.")]
Case = Annotated[str | None, typer.Option(help="The case that a look-up of more than 20 numbers belongs to.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command()(lineage)
    app.command()(evidence)


def lineage(
    reason: Reason,
    numbers: Annotated[list[str] | None, typer.Argument(metavar="NUMBER…", help="As a person writes it.")] = None,
    from_file: Annotated[Path | None, typer.Option(help="A file with one number per line.")] = None,
    case: Case = None,
    as_json: AsJson = False,
) -> None:
    """Tell where a number comes from, why it may be used, and every time it was.

    Example: filiation lineage "06 39 98 00 42" --reason "request of 24 November"
    """
    from lineage.lookups.lookup import look_up
    from lineage.lookups.provenance_text import describe

    asked = [*(numbers or []), *numbers_in(from_file)]
    if not asked:
        raise UsageError("No number was given.", "Give numbers, or --from-file FILE.")
    opened = opened_stores()
    for provenance in look_up(opened, asked, reason=reason, case=case):
        if as_json:
            print_json(provenance.to_json())
        else:
            print(describe(provenance))


def evidence(delivery_id: str, line: int, reason: Reason, case: Case = None) -> None:
    """Print the delivered bytes of one record, after verifying that they are what was delivered.

    Example: filiation evidence 3f0c… 412 --reason "request of 24 November"
    """
    from lineage.lookups.evidence_reading import read_evidence

    record = read_evidence(opened_stores(), delivery_id, line, reason=reason, case=case)
    say(record.statement)
    sys.stdout.buffer.write(record.bytes)
    sys.stdout.buffer.write(b"\n")


def numbers_in(file: Path | None) -> list[str]:
    """Return the numbers of a file, one per line; none without a file."""
    if file is None:
        return []
    try:
        return [line.strip() for line in file.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{file} cannot be read.", "Give a text file with one number per line.") from None
