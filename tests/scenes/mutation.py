"""Breaks every evaluator on purpose and says which test sees it: `python -m tests.scenes.mutation [CODE…] > docs/mutants.md`.

A mutant is one small change of a unit of `dbt_project/macros/evaluators/`: a comparison, an `and`, a `not`, a number or a word
of its condition, or the whole unit silenced. It is killed by the typed cases of ours (judged by the shipped macro), else by the
dbt unit test of its code; both are run here in one DuckDB process, because dbt would take a minute per mutant.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from jinja2 import Environment

from consent.judgement.asking import judge
from pipelines.golden.golden_base import build_golden_base, contact_of
from pipelines.golden.golden_cases import GoldenCase, read_cases
from pipelines.golden.golden_orders import context_of, read_shipped, use_of
from stores.engine import connect
from terms.reasons import Profile

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
EVALUATORS = PROJECT / "macros" / "evaluators"
CASES = ROOT / "tests" / "integration" / "golden_cases_of_ours.yaml"

#: The model that the units of a subject stand in.
HOSTS = {"claims": "int_claims__codes", "acts": "int_acts__findings", "contacts": "int_contacts__findings"}
_SUBJECT = {"claims": "claim", "acts": "act", "contacts": "contact", "asked": "asked", "live": "live"}
#: Folders of units that stand in the macro.
_WHEN_ASKED = ("asked", "live")
_SWAPS = (
    *((r">=", ">"), (r"<=", "<"), (r"(?<![<>=])>(?![=])", ">="), (r"(?<![<>=])<(?![=>])", "<=")),
    *((r"(?<= )=(?= )", "<>"), (r"<>", "="), (r"\band\b", "or"), (r"\bor\b", "and")),
    *((r"\bnot (?!null|materialized)", ""), (r"\bis not null\b", "is null"), (r"\bis null\b", "is not null")),
)

#: Why the mutants that survive give the same answer as the unit.
_SAME = {
    "AGE_BRACKET_CROSSES_17": "no age bracket begins between 0 and 1 or ends at 150; a period of no length concerns nobody",
    "UNDER_17": "whoever turns 17 at the first instant that is judged is never judged when younger; a period of no length concerns nobody",
}


@dataclass(frozen=True)
class Mutant:
    """One change of one unit: what was there, what stands there now, and the unit's new text."""

    unit: Path
    change: str
    text: str

    @property
    def code(self) -> str:
        """Return the code whose unit is changed."""
        return self.unit.stem.upper()


def mutants_of(unit: Path) -> Iterator[Mutant]:
    """Yield every mutant of a unit."""
    text = unit.read_text()
    start, end = text.index("-%}") + 3, text.index("{%- endmacro")
    body = text[start:end]
    yield Mutant(unit, "never", f"{text[:start]}\nselect * from ({body}) where false\n{text[end:]}")
    for pattern, new in _SWAPS:
        for found in re.finditer(pattern, body):
            yield _changed(unit, text, start, found, new)
    for found in re.finditer(r"(?<![\w'.])(?<!select )\d+(?![\w'])", body):
        yield _changed(unit, text, start, found, str(int(found[0]) + 1))
    for found in re.finditer(r"(?<=')[a-z][a-z_]+(?=')", body):
        yield _changed(unit, text, start, found, f"{found[0]}x")


def _changed(unit: Path, text: str, offset: int, found: re.Match[str], new: str) -> Mutant:
    at, until = offset + found.start(), offset + found.end()
    line = text[text.rindex("\n", 0, at) + 1 : text.index("\n", until)].strip()
    return Mutant(unit, f"`{found[0]}` → `{new or 'nothing'}` in `{line}`", text[:at] + new + text[until:])


class Renderer:
    """The macros of the project as they stand, or with one unit changed, rendered without dbt."""

    def __init__(self) -> None:
        files = [file for file in sorted((PROJECT / "macros").rglob("*.sql")) if not file.name.startswith("test_")]
        self._macros = {file: file.read_text() for file in files}
        self._schema = {
            file.stem: "main" if file.parent.name == "marts" else "steps.work"
            for file in PROJECT.glob("models/*/*.sql")
        }
        self._jinja = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - SQL, not HTML

    def render(self, text: str, mutant: Mutant | None = None, tables: Mapping[str, str] | None = None) -> str:
        """Return the SQL of a model's text or of one expression; `tables` stand in for models of these names."""
        changed = {} if mutant is None else {mutant.unit: mutant.text}
        whole = "\n".join([*({**self._macros, **changed}).values(), text])
        for folder, subject in _SUBJECT.items():
            calls = [f"{{{{ {subject}__{unit.stem}() }}}}" for unit in sorted((EVALUATORS / folder).glob("*.sql"))]
            whole = whole.replace(f"{{{{ every_evaluator_of('{subject}') }}}}", "\nunion all\n".join(calls))
        stand_ins = tables or {}
        template = self._jinja.from_string(whole)
        return template.render(
            ref=lambda name: stand_ins.get(name, f"{self._schema[name]}.{name}"),
            source=lambda _, name: f"lake.{name}",
            config=lambda **_: "",
            **{"return": lambda value: value or ""},  # of a macro: what is false must not read as the word
        )

    def model(self, name: str, mutant: Mutant | None = None, tables: Mapping[str, str] | None = None) -> str:
        """Return the SQL of a model."""
        (file,) = PROJECT.glob(f"models/*/{name}.sql")
        return self.render(file.read_text(), mutant, tables)


class Cases:
    """The typed cases of ours in one scratch base that can be rebuilt from the models of the units down."""

    def __init__(self, base: duckdb.DuckDBPyConnection, cases: Sequence[GoldenCase], renderer: Renderer) -> None:
        self._base, self._renderer, self._shipped = base, renderer, read_shipped(ROOT / "config")
        self._cases = list(enumerate(cases))
        self._expected = {index: self._answer(index, case) for index, case in self._cases}

    def kill(self, mutant: Mutant) -> str | None:
        """Return the id of the first case that the mutant answers otherwise, or None.

        Raises:
            duckdb.Error: the mutant is no SQL.
        """
        self._rebuild(mutant)
        # cases that the code decides are the likeliest to see it
        likely = sorted(self._cases, key=lambda pair: mutant.code not in str(pair[1].expected))
        return next(
            (case.case_id for index, case in likely if self._answer(index, case) != self._expected[index]), None
        )

    def _rebuild(self, mutant: Mutant) -> None:
        self._base.execute(self._renderer.render("{{ judge_use_sql() }}", mutant))
        for folder, host in HOSTS.items():
            changed = mutant if mutant.unit.parent.name == folder else None
            self._base.execute(f"create or replace table steps.work.{host} as {self._renderer.model(host, changed)}")
        for schema, model in (("steps.work", "int_claims__findings"), ("main", "findings"), ("main", "finding_kinds")):
            self._base.execute(f"create or replace table {schema}.{model} as {self._renderer.model(model)}")

    def _answer(self, index: int, case: GoldenCase) -> list[tuple[str, tuple[str, ...]]]:
        self._base.execute(
            "create or replace temp table asked as select $id::uuid as contact_id", {"id": contact_of(index)}
        )
        uses = [use_of(case, context_of(case, profile, self._shipped)) for profile in Profile]
        judged = [judge(self._base, "asked", "live_facts", use)[0] for use in uses]
        return [(one.decision.value, one.codes) for one in judged]


class UnitTests:
    """The dbt unit tests of the codes, run over their own fixtures."""

    def __init__(self, base: duckdb.DuckDBPyConnection, renderer: Renderer) -> None:
        self._base, self._renderer = base, renderer
        files = PROJECT.glob("models/intermediate/_unit_tests__*.yml")
        tests = [test for file in files for test in yaml.safe_load(file.read_text())["unit_tests"]]
        self._tests = {code.upper(): test for test in tests for code in test["name"].split("__")}

    def kill(self, mutant: Mutant) -> str | None:
        """Return the name of the code's dbt unit test if it fails on the mutant, or None."""
        test = self._tests.get(mutant.code)
        if test is None or mutant.unit.parent.name in _WHEN_ASKED:
            return None
        tables = {}
        for given in test["given"]:
            name = given["input"][len("ref('") : -len("')")]
            tables[name] = f"fixture_{name}"
            self._lay(tables[name], f"select * from steps.work.{name}", given["rows"])
        actual = self._renderer.model(test["model"], mutant, tables)
        columns = ", ".join(dict.fromkeys(key for row in test["expect"]["rows"] for key in row))
        self._base.execute(f"create or replace temp table actual as select {columns} from ({actual})")
        self._lay("expected", "select * from actual", test["expect"]["rows"])
        row = self._base.execute(
            "select count(*) from ((from actual except all from expected) union all (from expected except all from actual))"
        ).fetchone()
        return f"dbt unit test {test['name']}" if row and row[0] else None

    def _lay(self, table: str, like: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._base.execute(f"create or replace temp table {table} as select * from ({like}) limit 0")
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" for _ in row)
            self._base.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def run(
    base: duckdb.DuckDBPyConnection, cases: Sequence[GoldenCase], codes: Sequence[str]
) -> dict[str, list[tuple[Mutant, str | None]]]:
    """Return for each code its mutants that are SQL, each with the test that kills it (None = it survives).

    Args:
        base: the cases' base, writable.
        cases: the typed cases.
        codes: only these; empty = all.
    """
    renderer = Renderer()
    typed, units = Cases(base, cases, renderer), UnitTests(base, renderer)
    found: dict[str, list[tuple[Mutant, str | None]]] = {}
    for unit in sorted(EVALUATORS.glob("*/*.sql")):
        if codes and unit.stem.upper() not in codes:
            continue
        if seen_by := _killer(Mutant(unit, "unchanged", unit.read_text()), units, typed):
            raise AssertionError(f"{seen_by} fails on {unit.stem} as it is: nothing could be said of its mutants.")
        for mutant in mutants_of(unit):
            try:
                killer = _killer(mutant, units, typed)
            except duckdb.Error:
                continue
            found.setdefault(mutant.code, []).append((mutant, killer))
        print(unit.stem, file=sys.stderr)
    return found


def _killer(mutant: Mutant, units: UnitTests, typed: Cases) -> str | None:
    return units.kill(mutant) or typed.kill(mutant)


def _stop_a_form_today(base: duckdb.DuckDBPyConnection) -> None:
    """Switch off by day the form of the case whose dossier stops it one second too late: no typed case can say so."""
    base.execute(
        "insert into live_facts by name select contact_id, 'form_stop' as kind, consented_at as occurred_at,"
        " consented_at as known_at, delivery_id, line_number from acts where delivery_id = 'K06b-act-0'"
    )


def report(found: Mapping[str, Sequence[tuple[Mutant, str | None]]]) -> str:
    """Return the page: per code how many mutants die by which tests, and every survivor."""
    killed = sum(killer is not None for mutants in found.values() for _, killer in mutants)
    total = sum(len(mutants) for mutants in found.values())
    lines = [
        "# Mutation tests of the evaluators",
        "",
        "Written by `python -m tests.scenes.mutation > docs/mutants.md`. An evaluator is the SQL that finds one code. Each mutant is one",
        "small change that breaks it; a mutant is killed when a test fails. Incremental builds are broken by hand:",
        "[mutants-of-incremental-builds.md](mutants-of-incremental-builds.md).",
        "",
        f"{killed} of {total} mutants are killed; each of the {len(found)} codes has at least one killed mutant.",
        "",
        "| code | mutants | killed | test that fails when the evaluator finds nothing |",
        "|---|---|---|---|",
    ]
    for code, mutants in sorted(found.items()):
        silenced = next((killer for mutant, killer in mutants if mutant.change == "never"), None)
        dead = sum(killer is not None for _, killer in mutants)
        lines.append(f"| {code} | {len(mutants)} | {dead} | {silenced or 'nothing'} |")
    lines += ["", "## Mutants that no test kills, and why", ""]
    for code, mutants in sorted(found.items()):
        reason = f" ({_SAME[code]})" if code in _SAME else ""
        lines += [f"- {code}: {mutant.change}{reason}" for mutant, killer in mutants if killer is None]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Build the cases' base once, break each unit, and print the page; exit with 1 if a code has no killed mutant."""
    cases = read_cases(CASES)
    with tempfile.TemporaryDirectory(prefix="filiation-mutants-") as folder:
        path = build_golden_base(Path(folder), cases, ROOT / "config" / "rules")
        with connect() as base:
            base.execute(
                f"attach '{path}' as build; attach '{path}.steps' as steps; use build"
            )  # as its views know them
            _stop_a_form_today(base)
            found = run(base, cases, sys.argv[1:])
    sys.stdout.write(report(found))
    sys.exit(any(all(killer is None for _, killer in mutants) for mutants in found.values()))


if __name__ == "__main__":
    main()
