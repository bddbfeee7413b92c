"""Typed cases as production's records: races, parts of bureaux, open criteria, invitations, and what a case may leave out."""

from functools import cache
from pathlib import Path

import pytest
import yaml

from pipelines.golden.golden_cases import read_cases
from pipelines.golden.golden_orders import context_of, place_of, read_shipped, use_of
from pipelines.golden.golden_uses import send_findings
from terms.reasons import Profile
from terms.settings import PROJECT_ROOT

OURS = Path(__file__).parents[2] / "integration" / "golden_cases_of_ours.yaml"


@cache
def shipped():
    return read_shipped(PROJECT_ROOT / "config")


def case_of(folder, changes):
    """One case over the BASE of ours."""
    document = yaml.safe_load(OURS.read_text(encoding="utf-8"))
    expect = {profile.value: {"decision": "ALLOW", "codes": []} for profile in Profile}
    cases = [{"id": "U1", "title": "x", "rules": [], "set": changes, "expect": expect, "basis": "law"}]
    file = folder / "one.yaml"
    file.write_text(yaml.safe_dump({**document, "cases": cases}), encoding="utf-8")
    (case,) = read_cases(file)
    return case


def codes(folder, changes, profile=Profile.STRICT):
    case = case_of(folder, changes)
    return sorted(item.code for item in send_findings(case, context_of(case, profile, shipped())))


def race(judged, **more):
    told = {"sponsors": ["aube", "rivage"], "committed_at": "2027-03-16T10:30:00.001+01:00", "judged": judged}
    return {"kind": "race", "race": told} | more


def held(sponsor="rivage", **changes):
    row = {"election": "PRES2027", "round": 1, "bureau_code": "75056_1142", "bureau_map": "2026", "age": None}
    return {"exclusivity": {"reservations": [row | {"sponsor_id": sponsor} | changes], "bureau_changes": []}}


def changed(known_on, bureau="75056_1142"):
    change = {"bureau_code": bureau, "kind": "split", "known_on": known_on}
    return {"exclusivity": held("aube")["exclusivity"] | {"bureau_changes": [change]}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        (race("first"), []),
        (race("second"), ["EXCLUSIVITY"]),
        (race("second", order={"kind": "invitation", "audience": {"bureaux": None}}), []),
        (held(), ["EXCLUSIVITY"]),
        (held("aube"), []),
        (held(round=2), []),
        (held(election="LEGI2027"), []),
        (held(bureau_code="75056_1143"), []),
        (held(bureau_code="75056_1143") | {"order": {"audience": {"bureaux": ["75056_1142", "75056_1143"]}}}, ["EXCLUSIVITY"]),
        (held() | {"order": {"audience": {"bureaux": None, "communes": ["75111"]}}}, ["EXCLUSIVITY"]),
        (held(age={"min": None, "max": 59}) | {"order": {"reserve": {"age": {"min": 60, "max": None}}}}, []),
        (held(age={"min": None, "max": 60}) | {"order": {"reserve": {"age": {"min": 60, "max": None}}}}, ["EXCLUSIVITY"]),
        (held(age={"min": 60, "max": None}), ["EXCLUSIVITY"]),
        (changed("2027-03-16"), ["BUREAU_REMAPPED"]),
        (changed("2027-03-17"), []),
        (changed("2027-03-01", "75056_1143"), []),
        ({"order": {"audience": {"family_names": [], "exclude": {"bureaux": [], "sex": None}}}}, []),
        ({"order": {"audience": {"enriched_with": ["electoral_roll"]}}}, ["ROLL_NOT_DIRECT"]),
        ({"bureau": {"votes_cast": 99, "top_share": 0.2}}, []),
        ({"contact": {"attributes": ["religion"]}}, ["SPECIAL_CATEGORY_ATTRIBUTE"]),
        ({"ttpa_notice": {"published_at": None}}, ["NOTICE_INCOMPLETE"]),
        ({"ttpa_notice": {"items": [1, 2, 3]}}, ["NOTICE_INCOMPLETE"]),
        ({"complaints": [{"received_at": "2027-03-14T10:29:59+01:00", "answered_at": None}]}, ["ART15_LATE"]),
        ({"complaints": [{"received_at": "2027-03-14T10:30:00+01:00", "answered_at": None}]}, []),
        ({"kind": "plan", "order": {"rate_per_second": 1}, "segment": {"contacts": 41400}}, []),
        ({"kind": "plan", "order": {"rate_per_second": 1}, "segment": {"contacts": 41401}}, ["WINDOW_TOO_SHORT"]),
        ({"kind": "send", "order": {"rate_per_second": 1}, "segment": {"contacts": 41401}}, []),
        ({"territories": {"abroad_new_york": {"timezone": "America/New_York"}}, "contact": {"territory": "abroad_new_york"}}, ["HOURS"]),
    ],
)  # fmt: skip
def test_a_case_is_judged_as_an_order(tmp_path, changes, expected):
    for profile in Profile:
        found = codes(tmp_path, changes, profile)
        assert found == expected


def test_an_invitation_with_a_forbidden_criterion_is_a_selection(tmp_path):
    case = case_of(tmp_path, {"order": {"kind": "invitation", "audience": {"bureaux": None, "family_names": ["X"]}}})
    context = context_of(case, Profile.STRICT, shipped())
    assert use_of(case, context).criteria_kinds == ("address",)
    plain = case_of(tmp_path, {"order": {"kind": "invitation", "audience": {"bureaux": None}}})
    assert use_of(plain, context_of(plain, Profile.STRICT, shipped())).criteria_kinds == ()


def test_a_bureau_tells_the_departement_where_the_constituency_is_not_known(tmp_path):
    place = place_of(case_of(tmp_path, {"contact": {"constituency": None, "bureau_code": "97411_0001"}}))
    assert (place.constituency, place.departement) == (None, "974")
