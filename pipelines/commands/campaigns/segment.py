"""Commands about audiences: how many people an order or named segment reaches.

Counting belongs to `sends.plans.counting`, which refuses a count below the floor.
"""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, opened_stores, print_findings, print_json

app = typer.Typer(help="Count audiences.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Count audiences."""


@app.command()
def count(
    order: Annotated[str, typer.Argument(metavar="FILE_OR_ID", help="An order's file or a segment's id.")],
    as_json: AsJson = False,
) -> None:
    """Count the audience of an order or named segment at the window's first instant.

    Example: filiation segment count config/campaigns/demo.yaml
    """
    from sends.plans.counting import count_audience
    from sends.rules.rulebook import OrderRefused
    from terms.clock import to_iso

    try:
        answer = count_audience(opened_stores(), order)
    except OrderRefused as refusal:
        if as_json:
            print_json(refusal.to_json())
        else:
            print_findings([finding.to_json() for finding in refusal.findings])
        raise
    if as_json:
        print_json(answer.to_json())
        return
    print(f"{answer.contacts} contacts at {to_iso(answer.at)} in base {answer.base_version}")
    for name, numbers in (("verdict", answer.verdicts), ("reason", answer.reasons)):
        for code, number in numbers.items():
            print(f"  {name:<9}{code:<28}{number}")
