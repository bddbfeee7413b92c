"""The command about suppliers: the state of each one's proofs, audits and contract at an instant.

What is told is gathered in `outlook.suppliers`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_lines, print_table, read_instant, say


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command()(suppliers)


def suppliers(
    at: Annotated[
        str, typer.Option(help="By the facts and knowledge of this instant, with offset; default: now.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Write the page for a person here too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show for each partner the share of complete proof, the audit calendar, findings, end of contract and what is held.

    Example: filiation suppliers --out suppliers.html
    """
    from outlook.suppliers import read_suppliers, suppliers_page
    from pages.page import write_page

    opened = opened_stores()
    instant = read_instant(at) if at else opened.clock.now()
    with opened.warehouse.open_base() as base:
        found = read_suppliers(base, instant)
    if out is not None:
        write_page(out, suppliers_page(found, instant))
        say(f"written: {out}")
    rows = [one.to_json() for one in found]
    if as_json:
        print_lines(rows)
    else:
        print_table(
            [
                {**row, "proof": None if one.proof_share is None else f"{one.proof_share:.1%}"}
                for row, one in zip(rows, found, strict=True)
            ],
            ["partner_id", "acts", "proof", "contract_ends_on", "next_due_on", "held_for_audit", "held_for_contract"],
        )
