"""How commands open the stores and print: JSON on standard output, everything else on standard error.

What an answer says is decided by the room that gives it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from terms.clock import read_iso, to_iso
from terms.errors import UsageError
from terms.settings import load_settings

if TYPE_CHECKING:
    from stores.all_stores import Stores

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output and nothing else there.")]
By = Annotated[
    str | None, typer.Option(help="Who acts, in demo and test; elsewhere the account of the operating system says it.")
]
Out = Annotated[Path | None, typer.Option(dir_okay=False, help="HTML file to write; replaced if it exists.")]


class Answer(Protocol):
    """What a room answers: a record that a page shows and that JSON holds."""

    def to_json(self) -> object:
        """Return the answer as JSON-ready values."""


@dataclass(frozen=True)
class Page:
    """How an answer looks as a file: its template, and `sentence` that tells a person what the file named before it is."""

    template: str
    sentence: str


def opened_stores() -> Stores:
    """Open the home that the environment names, if its database is its own and has the schema of this code."""
    from stores.all_stores import open_stores
    from stores.ledger_of_home import require_ledger
    from stores.migrations.schema_version import require_schema
    from stores.reserve import write_in_reserve

    opened = open_stores(load_settings(os.environ))
    # on a full disk SQLite cannot even be read before it may write a few bytes beside itself
    write_in_reserve(opened.engine, lambda: require_ledger(opened.home, opened.engine))
    require_schema(opened.engine)
    return opened


def print_json(value: object) -> None:
    """Print one JSON object on one line."""
    print(json.dumps(value, ensure_ascii=False, default=_plain))


def print_lines(values: Iterable[object]) -> None:
    """Print one JSON object per line."""
    for value in values:
        print_json(value)


def print_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    """Print rows as aligned columns for a person."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max([len(column), *(len(line[i]) for line in cells)]) for i, column in enumerate(columns)]
    for line in [list(columns), *cells]:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def print_findings(findings: Iterable[Mapping[str, object]]) -> None:
    """Print what the rules say of an order, one finding a line: decision, code, rule, sentence."""
    for finding in findings:
        print(f"  {finding['decision']:<11}{finding['code']:<26}{finding['rule']:<8}{finding['message']}")


def give(answer: Answer, page: Page, out: Path | None, as_json: AsJson, tell: Callable[[], None]) -> None:
    """Give one answer in the forms that were asked for: a page in `out`, JSON, and words (`tell`) if neither was.

    Args:
        answer: what the room answers.
        page: how the answer looks as a file.
        out: HTML file to write; None = no page is asked for.
        as_json: whether JSON is asked for.
        tell: prints the answer in words.
    """
    if out is not None:
        from pages.page import render_page, write_page

        write_page(out, render_page(page.template, answer))
        say(f"{out} {page.sentence}")
    if as_json:
        print_json(answer.to_json())
    elif out is None:
        tell()


def say(text: str) -> None:
    """Print a line of progress on standard error."""
    print(text, file=sys.stderr, flush=True)


def time_span(text: str) -> timedelta:
    """Return the time that "7d" or "48h" means.

    Raises:
        UsageError: it is neither.
    """
    found = re.fullmatch(r"(\d{1,5})([dh])", text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no span of time.", "Write it in days or hours: 7d, 48h.")
    number = int(found.group(1))
    return timedelta(days=number) if found.group(2) == "d" else timedelta(hours=number)


def read_instant(text: str) -> datetime:
    """Return the aware instant that a person wrote.

    Raises:
        UsageError: it is none, or has no offset, so nobody knows when it was.
    """
    try:
        return read_iso(text)
    except ValueError:
        raise UsageError(
            "The instant cannot be read.", "Write it with its offset: 2026-11-24T09:30:00+01:00."
        ) from None


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_iso(value)
    return str(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
