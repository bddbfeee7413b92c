"""`python -m bench.judgement.answers FOLDER`: times questions to a published base (one contact, fifty, a count).

It also checks that spans and macro agree.

Every question is asked many times of random contacts of the base that `python -m bench judgement --folder FOLDER` left
there; the median counts.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import duckdb

from bench.judgement import invented_base
from bench.judgement.invented_base import open_world
from consent.judgement.asking import judge
from consent.judgement.queries import judgement_sql
from consent.judgement.situations import counts_everyone, lay_situations_of_everyone, situations_sql
from consent.judgement.uses import Use, use_for_some_sponsor
from stores.all_stores import open_stores
from stores.engine import use_every_core
from terms.batches import batched
from terms.environment import Environment, NumberRules
from terms.errors import FiliationError
from terms.reasons import Channel, Profile

_ASKINGS = 40


@dataclass(frozen=True)
class Answer:
    """A question whose answer is waited for: milliseconds of each asking, against those asked for."""

    title: str
    target_ms: float
    ask: Callable[[Path], list[float]]


def judge_one(folder: Path) -> list[float]:
    """Judge one use of one contact, each time another."""
    return _judge_some(folder, 1)


def judge_fifty(folder: Path) -> list[float]:
    """Judge one use of fifty contacts, each time others."""
    return _judge_some(folder, 50)


def _judge_some(folder: Path, contacts: int) -> list[float]:
    with _base(folder) as base:
        ids = _some_contacts(base, contacts * _ASKINGS)
        return [_timed(partial(_judge, base, some, _use(invented_base.NOW))) for some in batched(ids, contacts)]


def count_by_sex(folder: Path) -> list[float]:
    """Count the contacts of a use by verdict and sex over the spans of all."""
    with _base(folder) as base:
        use_every_core(base)
        return [_timed(partial(_count, base, _use(invented_base.NOW))) for _ in range(_ASKINGS)]


def _count(base: duckdb.DuckDBPyConnection, use: Use) -> None:
    if not counts_everyone(base, use):
        raise FiliationError("The base cannot count at the bench's instant.", "See bench/judgement/invented_base.py.")
    lay_situations_of_everyone(base, use, "found_situations")
    found = situations_sql(use, "found_situations")
    base.execute(
        "select verdict, sex, sum(contacts) from found_situations"
        f" join ({found.sql}) using (situation_id, is_elector) group by all",
        found.parameters,
    ).fetchall()


def compare_spans(folder: Path) -> list[float]:
    """Compare spans and macro at a thousand random pairs of contact and instant.

    Raises:
        FiliationError: they differ.
    """
    rng = random.Random(20261125)
    with _base(folder) as base:
        ids = _some_contacts(base, 1000)
        return [_timed(partial(_compare, base, asked, at)) for at, asked in _pairs(ids, rng)]


def _pairs(ids: list[str], rng: random.Random) -> Iterator[tuple[datetime, Sequence[str]]]:
    """Yield fifty instants of five years with twenty contacts each."""
    for some in batched(ids, 20):
        yield datetime(2023, 6, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(5 * 365 * 86_400)), some


def _compare(base: duckdb.DuckDBPyConnection, asked: Sequence[str], at: datetime) -> None:
    _ask(base, asked)
    use = _use(at, known_by=datetime(2200, 1, 1, tzinfo=UTC))
    by_macro, spans = judgement_sql("asked", "live_facts", use), situations_sql(use)
    columns = "contact_id, verdict, decision, worst_code"
    macro = f"select {columns}, codes from ({by_macro.sql})"
    span = (
        f"select {columns}, codes_of(code_bits) from verdict_spans as v semi join asked using (contact_id) join ({spans.sql}) as judged"
        " on judged.situation_id = v.situation_id and judged.is_elector = is_elector(v.adult_on, $use_eligible_on::date)"
        " where from_at <= $use_moment::timestamp and until_at > $use_moment::timestamp"
    )
    rows = base.execute(f"(({macro}) except ({span})) union all (({span}) except ({macro}))", by_macro.parameters)
    if rows.fetchall():
        raise FiliationError(f"Spans and macro differ at {at}.", "See dbt_project/macros/judge_use.sql.")


def _use(at: datetime, known_by: datetime | None = None) -> Use:
    use = use_for_some_sponsor(Channel.SMS, Profile.MARKET, NumberRules.BENCH, at)
    return use if known_by is None else replace(use, known_by=known_by)


def _judge(base: duckdb.DuckDBPyConnection, asked: Sequence[str], use: Use) -> None:
    _ask(base, asked)
    if len(judge(base, "asked", "live_facts", use)) != len(asked):
        raise FiliationError("A contact was not judged.", "See dbt_project/macros/judge_use.sql.")


def _ask(base: duckdb.DuckDBPyConnection, asked: Sequence[str]) -> None:
    base.execute(
        "create or replace temp table asked as select unnest($ids::uuid[]) as contact_id", {"ids": list(asked)}
    )


def _some_contacts(base: duckdb.DuckDBPyConnection, number: int) -> list[str]:
    rows = base.execute(
        f"select contact_id::varchar from contacts using sample reservoir({number} rows) repeatable (7)"
    )
    return [contact for (contact,) in rows.fetchall()]


def _base(folder: Path) -> duckdb.DuckDBPyConnection:
    base = open_stores(open_world(folder).settings).warehouse.open_base()
    invented_base.create_no_live_facts(base)
    return base


def _timed(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        "judge one": Answer("one use of one contact", 20, judge_one),
        "judge fifty": Answer("one use of fifty contacts", 50, judge_fifty),
        "count": Answer("contacts by verdict and sex, over the spans", 100, count_by_sex),
        "agreement": Answer("spans = macro, twenty pairs of a thousand", 1000, compare_spans),
    }
)


def main() -> None:
    """Ask everything of the base in the folder and show the table."""
    os.environ["FILIATION_ENV"] = Environment.BENCH
    folder = Path(sys.argv[1])
    print("| question | asked | median ms | asked for ms |\n|---|---:|---:|---:|")
    for answer in ANSWERS.values():
        found = answer.ask(folder)
        print(f"| {answer.title} | {len(found)} | {statistics.median(found):.0f} | ≤ {answer.target_ms:.0f} |")


if __name__ == "__main__":
    main()
