"""What must hold of any judgement, over ten thousand random people: no refusal widens, no unrelated act narrows, order of
arrival does not matter, verdicts move at stored instants, the strict reading allows less, the past answers alike.

Single answers are compared with a slow judgement in `test_judgement_agrees`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from consent.judgement.answers import Judgement
from consent.judgement.asking import READ_BY_CONTACT, fill_excerpt, judge
from consent.judgement.uses import Use
from consent.rules.registry import read_rules
from stores.warehouse.excerpt import open_excerpt
from terms.environment import NumberRules
from terms.reasons import Channel, Decision, Profile
from tests.scenes.judgement.many_worlds import (
    ARRIVED_OTHERWISE,
    AS_THEY_ARE,
    GAVE_ONCE_MORE,
    PEOPLE,
    REFUSED_ONCE_MORE,
    grown_world,
    known_by,
    person,
)
from tests.scenes.judgement.small_base import ROOT, build_base, lay_no_facts, open_base

_THEN = datetime(2026, 6, 15)
_NOW = datetime(2027, 1, 15, 9, tzinfo=UTC)
_RANK = {decision: rank for rank, decision in enumerate(Decision)}
_MODELS = (
    "+verdict_spans",
    "+knowledge",
    "+situations",
    "standings",
    "+act_standings",
    "finding_kinds",
    "+rules",
    "+sponsors",
)
_BUILD = ("--exclude-resource-type", "unit_test", "test", "--select", *_MODELS)


def _uses() -> Iterator[Use]:
    rng = random.Random(11)
    for channel, profile in ((channel, profile) for channel in Channel for profile in Profile):
        moment = rng.choice([_NOW, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 8, 31, 22, tzinfo=UTC)])
        kinds = rng.choice([("address",), ("age", "sex"), ()])
        yield Use(channel, rng.choice([None, "a", "b"]), kinds, None, NumberRules.FICTION, profile, moment, _NOW)


USES = tuple(_uses())


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_base(build_base(tmp_path_factory.mktemp("grown"), grown_world(), *_BUILD)) as connection:
        yield connection


def _answers(base: duckdb.DuckDBPyConnection, use: Use) -> dict[int, dict[int, Judgement]]:
    """Return the answers by variant and person."""
    found: dict[int, dict[int, Judgement]] = {}
    for item in judge(base, "asked", "live_facts", use):
        variant, number = person(item.contact_id)
        found.setdefault(variant, {})[number] = item
    return found


@pytest.mark.parametrize("use", USES, ids=str)
def test_variants_of_a_person_compare_as_they_must(base: duckdb.DuckDBPyConnection, use: Use) -> None:
    answers = _answers(base, use)
    as_they_are = answers[AS_THEY_ARE]
    assert PEOPLE >= len(as_they_are) > 10_000
    for number, item in as_they_are.items():
        rank = _RANK[item.decision]
        assert _RANK[answers[REFUSED_ONCE_MORE][number].decision] >= rank, "a refusal widened"
        assert _RANK[answers[GAVE_ONCE_MORE][number].decision] <= rank, "an unrelated act narrowed"
        other = answers[ARRIVED_OTHERWISE][number]
        assert (other.verdict, other.decision, other.codes) == (item.verdict, item.decision, item.codes)


def test_the_properties_are_not_empty(base: duckdb.DuckDBPyConnection) -> None:
    answers = _answers(base, replace(USES[0], profile=Profile.MARKET, moment=_NOW, criteria_kinds=()))
    pairs = [(answers[AS_THEY_ARE][number], answers[REFUSED_ONCE_MORE][number]) for number in answers[AS_THEY_ARE]]
    assert any(one.decision != other.decision for one, other in pairs)
    pairs = [(answers[AS_THEY_ARE][number], answers[GAVE_ONCE_MORE][number]) for number in answers[AS_THEY_ARE]]
    assert any(one.decision != other.decision for one, other in pairs)


@pytest.mark.parametrize("channel", Channel)
def test_what_the_strict_reading_allows_the_other_does_too(base: duckdb.DuckDBPyConnection, channel: Channel) -> None:
    only_market = {
        rule.code
        for rule in read_rules(ROOT / "config" / "rules")
        if Profile.STRICT not in rule.effects and rule.effects
    }
    use = replace(USES[0], channel=channel, moment=_NOW)
    strict = _answers(base, replace(use, profile=Profile.STRICT))[AS_THEY_ARE]
    market = _answers(base, replace(use, profile=Profile.MARKET))[AS_THEY_ARE]
    for number, item in strict.items():
        if item.decision == "ALLOW":
            assert market[number].decision == "ALLOW" or set(market[number].codes) & only_market


def test_a_verdict_moves_only_at_a_stored_instant(base: duckdb.DuckDBPyConnection) -> None:
    rng = random.Random(13)
    use = replace(USES[0], profile=Profile.MARKET, criteria_kinds=())
    compared = 0
    for _ in range(4):
        first = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(15_000))
        second = first + timedelta(hours=rng.randrange(1, 3_000))
        still = {
            contact
            for (contact,) in base.execute(
                "select contact_id::varchar from verdict_spans where from_at <= $first and until_at > $second",
                {"first": first.replace(tzinfo=None), "second": second.replace(tzinfo=None)},
            ).fetchall()
        }
        late = datetime(2200, 1, 1, tzinfo=UTC)
        before = judge(base, "asked", "live_facts", replace(use, moment=first, known_by=late))
        after = judge(base, "asked", "live_facts", replace(use, moment=second, known_by=late))
        for one, other in zip(before, after, strict=True):
            if one.contact_id in still:
                compared += 1
                assert (one.verdict, one.codes) == (other.verdict, other.codes)
    assert compared > 10_000


def test_who_is_suppressed_stays_so_without_a_later_direct_act(base: duckdb.DuckDBPyConnection) -> None:
    stopped = datetime(2025, 10, 1)
    base.execute(
        "create or replace temp table stops as select contact_id, 'stop' as kind, null as channel, null as sponsor_id,"
        " $at::timestamp as occurred_at, $at::timestamp as known_at, null::varchar as delivery_id,"
        " null::bigint as line_number from asked",
        {"at": stopped},
    )
    later_direct = {
        contact
        for (contact,) in base.execute(
            "select distinct contact_id::varchar from acts where partner_id = 'direct' and consented_at > $at",
            {"at": stopped},
        ).fetchall()
    }
    allowed = 0
    for days in (1, 200, 700):
        moment = stopped.replace(tzinfo=UTC) + timedelta(days=days)
        for item in judge(
            base, "asked", "stops", replace(USES[0], moment=moment, profile=Profile.MARKET, criteria_kinds=())
        ):
            if item.decision == "ALLOW":
                allowed += 1
                assert item.contact_id in later_direct
    assert allowed


def test_a_past_pair_of_instants_answers_as_it_did(
    base: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The base of that day is built from what was known then, and asked the same."""
    path = build_base(tmp_path_factory.mktemp("then"), known_by(grown_world(), _THEN), *_BUILD)
    with open_base(path) as then:
        asked_of_both = then.execute("select contact_id from contacts").fetchall()
        base.execute("create or replace temp table known_then (contact_id uuid)")
        base.executemany("insert into known_then values (?)", asked_of_both[:12_000])
        then.execute("create or replace temp table known_then (contact_id uuid)")
        then.executemany("insert into known_then values (?)", asked_of_both[:12_000])
        for use in USES:
            at = replace(use, moment=datetime(2026, 6, 10, tzinfo=UTC), known_by=_THEN.replace(tzinfo=UTC))
            assert judge(base, "known_then", "live_facts", at) == judge(then, "known_then", "live_facts", at)


def test_an_excerpt_of_some_contacts_answers_alike_about_them(base: duckdb.DuckDBPyConnection) -> None:
    alike = {item.contact_id: item for item in judge(base, "asked", "live_facts", USES[0])}
    (path,) = base.execute("select path from duckdb_databases() where database_name = current_database()").fetchone()
    with open_excerpt(Path(path), READ_BY_CONTACT) as excerpt:
        excerpt.execute("create temp table everyone as select contact_id from contacts")
        lay_no_facts(excerpt)
        for some in (sorted(alike)[::7], sorted(alike)[1::7]):
            excerpt.execute(
                "create or replace temp table few as select unnest($ids::uuid[]) as contact_id", {"ids": some}
            )
            assert fill_excerpt(excerpt, "few")
            found = judge(excerpt, "few", "live_facts", USES[0])
            assert len(found) == len(some)
            assert all(alike[item.contact_id] == item for item in found)
            others = judge(excerpt, "everyone", "live_facts", USES[0])
            assert not any(item.best_delivery_id for item in others if item.contact_id not in set(some))
