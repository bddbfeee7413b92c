"""The judgement shipped in the base and a slow one in Python agree on random worlds, whoever asks and whenever.

The slow one is written from the partner page and shares no code with the SQL. What neither can show is that the
page itself was understood: the acceptance tests do.
"""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_world import CONTACTS, contact, make_instant, make_world
from slow_judgement import SlowJudge, Suppression
from small_base import ROOT, build_base, open_base

from consent.judgement import Use, judge, judge_acts
from consent.rules import read_rules
from terms.environment import NumberRules
from terms.reasons import Channel, Profile

_KINDS = ("address", "age", "sex", "area_results", "area_income")
_FIRST, _LAST = datetime(2025, 2, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)

#: Instants at which something in the worlds changes, and a second either side.
_LIMITS = [
    datetime(2026, 11, 23, 23, tzinfo=UTC),
    datetime(2026, 5, 31, 22, tzinfo=UTC),
    datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
    datetime(2027, 2, 27, 23, tzinfo=UTC),
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


@pytest.fixture(scope="module")
def judged_world(tmp_path_factory):
    """A built random world, its slow judge and an open base with STOPs."""
    world = make_world(seed=20261124)
    path = build_base(tmp_path_factory.mktemp("agrees"), world, "--exclude-resource-type", "unit_test", "test")
    rng = random.Random(7)
    stops = [
        Suppression(contact(rng.randrange(CONTACTS)), at, at + timedelta(days=rng.randrange(40)))
        for at in (make_instant(rng) + timedelta(days=300) for _ in range(40))
    ]
    base = open_base(path, [contact(number) for number in range(CONTACTS + 1)])
    base.executemany(
        "insert into live_facts values (?, 'stop', null, null, ?, ?)",
        [(stop.contact_id, stop.occurred_at, stop.known_at) for stop in stops],
    )
    yield base, SlowJudge(world, read_rules(ROOT / "config" / "rules"), stops)
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
    assert registered - found == by_the_macro | in_golden_cases_of_ours


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
