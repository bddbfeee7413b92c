"""`python -m bench BENCH [CASE …] --records N --pairs N [--write]`: measure cases and show, or write down, the table.

Only the command line belongs here.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench.comparison import compare
from bench.performance_page import HEAD, PAGE, line_of, put_line
from bench.registry import cases_of
from terms.environment import Environment
from terms.errors import FiliationError

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    bench: str,
    names: Annotated[list[str] | None, typer.Argument(help="cases; all if none is named")] = None,
    records: Annotated[int, typer.Option(min=1, help="records of each case")] = 1_000_000,
    pairs: Annotated[int, typer.Option(min=1, help="times that floor and ours run")] = 3,
    folder: Annotated[Path | None, typer.Option(help="where data are kept for a further run; else made anew")] = None,
    write: Annotated[bool, typer.Option("--write", help="write the lines into docs/performance.md")] = False,
) -> None:
    """Measure cases of a bench, each against its floor on the same data.

    Example: python -m bench door csv --records 1000000 --pairs 3
    """
    os.environ["FILIATION_ENV"] = Environment.BENCH
    cases = cases_of(bench)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    typer.echo(HEAD, nl=False)
    for name in names or cases:
        with tempfile.TemporaryDirectory(prefix="filiation-bench-") as made:
            line = line_of(name, compare(cases[name], folder or Path(made), records, pairs))
        typer.echo(line)
        if write:
            PAGE.write_text(put_line(PAGE.read_text(encoding="utf-8"), bench, line), encoding="utf-8")


if __name__ == "__main__":
    try:
        app()
    except FiliationError as error:
        raise SystemExit(str(error)) from None
