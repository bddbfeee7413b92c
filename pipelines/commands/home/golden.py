"""The command that judges typed golden cases.

They are read by `pipelines.golden.golden_cases` and judged by `pipelines.golden.golden_uses`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.answers import AsJson, print_lines, say
from terms.errors import Refused
from terms.reasons import Profile
from terms.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from pipelines.golden.golden_uses import JudgedCase


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(golden)


def golden(
    file: Annotated[Path, typer.Argument(help="File of typed cases (golden.schema.json).")], as_json: AsJson = False
) -> None:
    """Judge typed cases by production's rules; a case that differs from what it expects exits with 3.

    Example: filiation golden golden_cases.yaml --json
    """
    from pipelines.golden.golden_cases import read_cases
    from pipelines.golden.golden_uses import judge_cases

    config = Path(os.environ.get("FILIATION_CONFIG") or PROJECT_ROOT / "config")
    judged = judge_cases(read_cases(file), config)
    if as_json:
        print_lines(map(_line, judged))
    else:
        for one in judged:
            if one.is_passed is not True:
                print(_words(one))
    passed, failed = (sum(one.is_passed is state for one in judged) for state in (True, False))
    say(f"{passed} of {len(judged)} cases passed, {failed} failed, {len(judged) - passed - failed} not judged.")
    if failed:
        raise Refused(f"{failed} cases are not judged as they expect.", "Read their lines.")


def _line(one: JudgedCase) -> dict[str, object]:
    answers = {
        profile.value: {"decision": one.answers[profile].decision, "codes": list(one.answers[profile].codes)}
        if one.answers
        else None
        for profile in Profile
    }
    return {"case": one.case.case_id, **answers, "passed": one.is_passed, "not_judged": list(one.case.not_judged)}


def _words(one: JudgedCase) -> str:
    if not one.answers:
        return f"{one.case.case_id}: not judged ({', '.join(one.case.not_judged)})"
    told = [
        f"{profile.value} {one.answers[profile].decision} {list(one.answers[profile].codes)}"
        f" instead of {one.case.expected[profile].decision} {list(one.case.expected[profile].codes)}"
        for profile in Profile
        if one.answers[profile] != one.case.expected[profile]
    ]
    return f"{one.case.case_id}: {'; '.join(told) or 'another number'}"
