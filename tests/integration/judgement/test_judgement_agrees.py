"""The judgement shipped in the base and a slow one in Python agree on random worlds, whoever asks and whenever.

The slow one is written from the partner page and shares no code with the SQL. What neither can show is that the
page itself was understood: the acceptance tests do.
"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from consent.judgement.asking import judge, judge_acts, judge_for_some_sponsor, lay_judged
from consent.judgement.queries import judgement_sql
from consent.judgement.situations import counts_everyone, knows_everything, situations_sql
from consent.judgement.uses import Use, use_for_some_sponsor
from consent.rules.registry import read_rules
from sends.plans.judging import create_counted, create_counted_of_everyone
from stores.operations import database, person_tables
from stores.operations.database import open_operations
from stores.warehouse.questions import KeptQuestions, Questions
from terms.clock import to_micros
from terms.environment import NumberRules
from terms.reasons import Channel, Profile
from tests.scenes.judgement.random_world import CONTACTS, contact, make_instant, make_world
from tests.scenes.judgement.slow_judgement import SlowJudge, Suppression
from tests.scenes.judgement.small_base import ROOT, build_base, lay_rules, open_base

_KINDS = ("address", "age", "sex", "area_results", "area_income")
_FIRST, _LAST = datetime(2025, 2, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)

#: Instants at which something in the worlds changes, and a second either side.
_LIMITS = [
    datetime(2026, 11, 23, 23, tzinfo=UTC),
    datetime(2026, 5, 31, 22, tzinfo=UTC),
    datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
    datetime(2027, 2, 27, 23, tzinfo=UTC),
    datetime(2026, 11, 24, 8, tzinfo=UTC),
]
_instants = st.one_of(
    st.datetimes(_FIRST.replace(tzinfo=None), _LAST.replace(tzinfo=None), timezones=st.just(UTC)),
    st.builds(lambda at, step: at + timedelta(seconds=step), st.sampled_from(_LIMITS), st.integers(-1, 1)),
)
_uses = st.builds(
    Use,
    channel=st.sampled_from(Channel),
    sponsor_id=st.sampled_from([None, "a", "b", "nobody"]),
    criteria_kinds=st.lists(st.sampled_from(_KINDS), unique=True, max_size=2).map(tuple),
    eligible_on=st.sampled_from([None, date(2026, 11, 23), date(2026, 11, 24), date(2027, 4, 17)]),
    number_rules=st.sampled_from(NumberRules),
    profile=st.sampled_from(Profile),
    moment=_instants,
    known_by=_instants,
)


#: What the registry said before the world was laid, at 08:00 of that day: a rule was missing, another one was softer.
_EARLIER_RULES = {"PRE_TICKED": None, "LATEST_WINS": "effects: {strict: HOLD, market: null}"}
_RULES_CHANGED = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def earlier_rules(tmp_path_factory):
    """The folder of the earlier rules."""
    folder = tmp_path_factory.mktemp("rules")
    for file in (ROOT / "config" / "rules").glob("*.yaml"):
        records = yaml.safe_load(file.read_text())
        for record in records:
            effects = _EARLIER_RULES.get(record["code"])
            record.update(yaml.safe_load(effects) if effects else {})
        kept = [record for record in records if _EARLIER_RULES.get(record["code"], "") is not None]
        (folder / file.name).write_text(yaml.safe_dump(kept))
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory, earlier_rules):
    """A random world and the folder of its built base."""
    world, folder = make_world(seed=20261124), tmp_path_factory.mktemp("agrees")
    lay_rules(folder, earlier_rules, _FIRST)
    build_base(folder, world, "--exclude-resource-type", "unit_test")
    return world, folder


def _stops():
    rng = random.Random(7)
    return [
        Suppression(contact(rng.randrange(CONTACTS)), at, at + timedelta(days=rng.randrange(40)))
        for at in (make_instant(rng) + timedelta(days=300) for _ in range(40))
    ]


@pytest.fixture(scope="module")
def judged_world(built, earlier_rules):
    """A built random world, its slow judge and an open base with STOPs."""
    (world, folder), stops = built, _stops()
    path = folder / "warehouse" / "build.duckdb"
    base = open_base(path, [contact(number) for number in range(CONTACTS + 1)])
    base.executemany(
        "insert into live_facts values (?, 'stop', null, null, ?, ?, null, null)",
        [(stop.contact_id, stop.occurred_at, stop.known_at) for stop in stops],
    )
    registry = [
        (datetime.min.replace(tzinfo=UTC), read_rules(earlier_rules)),
        (_RULES_CHANGED, read_rules(ROOT / "config" / "rules")),
    ]
    yield base, SlowJudge(world, registry, stops)
    base.close()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # each example judges 150 contacts: shrinking costs minutes and shows nothing more
    suppress_health_check=[HealthCheck.too_slow],
)
@given(use=_uses)
def test_sql_and_python_give_the_same_answer(judged_world, use):
    base, slow = judged_world
    for found in judge(base, "asked", "live_facts", use):
        expected = slow.judge(found.contact_id, use)
        assert (found.verdict, found.decision, found.codes) == (expected.verdict, expected.decision, expected.codes)


def test_the_worlds_raise_every_code(judged_world):
    base, _ = judged_world
    found = {code for (code,) in base.execute("select distinct code from findings").fetchall()}
    registered = {rule.code for rule in read_rules(ROOT / "config" / "rules")}
    by_the_macro = {"SUPPRESSED", "CONSENT_NOT_GIVEN", "DSAR_LATE", "NUMBER_DEAD"}
    in_golden_cases_of_ours = {"SOURCE_FORBIDDEN", "LI_NOT_DOCUMENTED", "LI_REVIEW", "AGE_BRACKET_CROSSES_17"}
    of_texts = {"NOTICE_CONTRADICTED"}  # the worlds have no texts; it warns only
    assert registered - found == by_the_macro | in_golden_cases_of_ours | of_texts


def test_acts_are_numbered_from_the_latest_to_those_without_instant(judged_world):
    base, _ = judged_world
    rows = base.execute(
        "select contact_id, consented_at, delivery_id, line_number from acts order by contact_id, act_number"
    ).fetchall()
    assert {None} < {at for _, at, *_ in rows}
    never = datetime.min
    assert rows == sorted(rows, key=lambda row: (row[0], datetime.max - (row[1] or never), *row[2:]))


def test_the_best_act_carries_the_decision(judged_world):
    base, _ = judged_world
    at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    use = Use(Channel.SMS, None, ("address",), None, NumberRules.FICTION, Profile.STRICT, at, at)
    acts = {(act.delivery_id, act.line_number): act for act in judge_acts(base, "asked", "live_facts", use)}
    order = ["ALLOW", "HOLD", "QUARANTINE", "REFUSE"]
    best = {}
    for act in acts.values():
        best[act.contact_id] = min(best.get(act.contact_id, 3), order.index(act.decision))
    for found in judge(base, "asked", "live_facts", use):
        if found.best_delivery_id is None:
            assert found.contact_id not in best
            continue
        chosen = acts[(found.best_delivery_id, found.best_line_number)]
        assert order.index(chosen.decision) == best[found.contact_id]
        assert set(chosen.codes) <= set(found.codes) or found.decision == "ALLOW"


def test_what_a_look_up_asks_at_once_is_what_each_use_alone_is_worth(judged_world):
    base, _ = judged_world
    rng = random.Random(20261126)
    instants = [*_LIMITS, *(_FIRST + (_LAST - _FIRST) * rng.random() for _ in range(6))]
    kept = KeptQuestions(base.cursor())
    assert base.execute("select count(distinct contact_id) between 10 and 140 from live_facts").fetchone() == (True,)
    for at in instants:
        rules = rng.choice(list(NumberRules))
        together = {
            (one.contact_id, one.delivery_id, one.line_number, one.channel, one.profile, one.verdict, one.codes)
            for one in judge_for_some_sponsor(Questions(base), "asked", "live_facts", rules, at)
        }
        alone = {
            (one.contact_id, *act, channel, profile, one.verdict, one.codes)
            for channel in Channel
            for profile in Profile
            for one, act in _judged_alone(base, use_for_some_sponsor(channel, profile, rules, at))
        }
        assert together == alone, at
        for contact_id in rng.sample(sorted({one[0] for one in together}), 3):
            mine = {one for one in together if one[0] == contact_id}
            assert _by_kept_plans(kept, base, contact_id, rules, at) == mine, (at, contact_id)


def _by_kept_plans(kept, base, contact_id, rules, at):
    """Return what a process of many look-ups answers of one contact, with the plans of its earlier questions."""
    facts = base.execute("from live_facts where contact_id = ?", [contact_id])
    columns = {name: str(kind).lower() for name, kind, *_ in facts.description}
    rows = facts.fetchall()
    kept.fill("one_asked", {"contact_id": "uuid"}, [(contact_id,)])
    kept.fill("one_live", columns, rows)
    return {
        (one.contact_id, one.delivery_id, one.line_number, one.channel, one.profile, one.verdict, one.codes)
        for one in judge_for_some_sponsor(kept, "one_asked", "one_live" if rows else None, rules, at)
    }


def _judged_alone(base, use):
    yield from ((one, (None, None)) for one in judge(base, "asked", "live_facts", use))
    yield from ((one, (one.delivery_id, one.line_number)) for one in judge_acts(base, "asked", "live_facts", use))


def test_where_the_day_brought_nothing_both_macros_give_the_same(judged_world):
    base, _ = judged_world
    base.execute("create or replace temp table no_facts as from live_facts limit 0")
    rng = random.Random(5)
    for macro in ("judge_use", "judge_acts", "judge_rules"):
        for _ in range(6):
            use = _random_use(rng)
            parameters = judgement_sql("asked", None, use).parameters
            by_day, by_night = (
                judgement_sql("asked", facts, use).sql.replace("judge_use", macro) for facts in ("no_facts", None)
            )
            found = base.execute(
                f"(from ({by_day}) except all from ({by_night})) union all (from ({by_night}) except all from ({by_day}))",
                parameters,
            )
            assert not found.fetchall()


_BY_ALL_THAT_IS_KNOWN = datetime(2200, 1, 1, tzinfo=UTC)


def test_spans_and_macro_agree_at_random_instants(judged_world):
    base, _ = judged_world
    base.execute("create or replace temp table no_facts as from live_facts limit 0")
    rng = random.Random(20261125)
    pairs = 0
    while pairs < 6_000:
        use = _random_use(rng)
        differing, compared = _differences(base, use)
        assert not differing, use
        pairs += compared
    assert knows_everything(base, _BY_ALL_THAT_IS_KNOWN)
    assert not knows_everything(base, _FIRST)


def _random_use(rng):
    moment = rng.choice([*_LIMITS, _FIRST + (_LAST - _FIRST) * rng.random(), datetime(2015, 1, 1, tzinfo=UTC)])
    return Use(
        channel=rng.choice(list(Channel)),
        sponsor_id=rng.choice([None, "a", "b", "nobody"]),
        criteria_kinds=tuple(rng.sample(_KINDS, rng.randrange(3))),
        eligible_on=rng.choice([None, date(2026, 11, 23), date(2027, 4, 17)]),
        number_rules=rng.choice(list(NumberRules)),
        profile=rng.choice(list(Profile)),
        moment=moment,
        known_by=_BY_ALL_THAT_IS_KNOWN,
    )


def _differences(base, use):
    """Return contacts of which spans and macro differ, and how many were compared."""
    asked, spans = judgement_sql("contacts", "no_facts", use), situations_sql(use)
    columns = "contact_id, verdict, decision, worst_code"
    in_span = (
        f"select {columns}, codes_of(code_bits) from verdict_spans as v join ({spans.sql}) as judged on judged.situation_id = v.situation_id"
        " and judged.is_elector = is_elector(v.adult_on, $use_eligible_on::date) where from_at <= $use_moment::timestamp and until_at > $use_moment::timestamp"
    )
    by_macro = f"select {columns}, codes from ({asked.sql})"
    compared = base.execute(f"select count(*) from ({by_macro})", asked.parameters).fetchone()[0]
    return _apart(base, by_macro, in_span, asked.parameters), compared


def _apart(base, one, other, parameters):
    """Return the rows of two queries that only one of them gives."""
    return base.execute(
        f"(({one}) except all ({other})) union all (({other}) except all ({one}))", parameters
    ).fetchall()


@pytest.mark.parametrize("held", [0, 10_000])
def test_standings_and_findings_give_the_same_where_everything_is_known(judged_world, held, monkeypatch):
    monkeypatch.setattr("consent.judgement.asking._HELD", held)
    base, _ = judged_world
    rng = random.Random(20261127)
    for _ in range(40):
        use = _random_use(rng)
        lay_judged(base, "asked", "live_facts", use, "by_standing")
        sql, parameters = judgement_sql("asked", "live_facts", use)
        assert not _apart(base, sql, "from by_standing", parameters), use
    assert base.execute("select count(*) from asked_quiet").fetchone() > (50,)


def test_a_count_over_spans_is_the_count_of_the_judgement(built):
    _, folder = built
    engine = open_operations(f"sqlite:///{folder}/operations.sqlite")
    with database.transaction(engine) as work:
        for number, stop in enumerate(_stops()):
            told = {"opt_out_id": str(number), "kind": "stop", "source": "letter", "contact_id": stop.contact_id}
            instants = {"effective_at": _micros(stop.occurred_at), "known_at": _micros(stop.known_at)}
            work.execute(person_tables.opt_outs.insert().values(**told, **instants))
    stores, rng, counted_before = SimpleNamespace(engine=engine), random.Random(3), 0
    with open_base(folder / "warehouse" / "build.duckdb") as base:
        for known_by in (_BY_ALL_THAT_IS_KNOWN, datetime(2026, 5, 31, 22, tzinfo=UTC)) * 5:
            use = replace(_random_use(rng), known_by=known_by)
            create_counted(base, stores, "contacts", use)
            expected = _by_contact(base, use)
            assert _counted(base) == expected
            create_counted_of_everyone(base, stores, use)
            assert _counted(base) == expected
            counted_before += counts_everyone(base, use)
            assert base.execute("select count(*) from live_facts").fetchone() == (40,)
    assert 0 < counted_before < 5


def _by_contact(base, use):
    sql, parameters = judgement_sql("contacts", "live_facts", use)
    query = f"select verdict, decision, codes, worst_code, count(*) from ({sql}) group by all"
    return sorted(map(str, base.execute(query, parameters).fetchall()))


def _counted(base):
    query = "select verdict, decision, codes, worst_code, sum(contacts)::bigint as n from counted group by all having n <> 0"
    return sorted(map(str, base.execute(query).fetchall()))


def _micros(instant):
    return to_micros(instant.replace(tzinfo=UTC))
