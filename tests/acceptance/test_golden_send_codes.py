"""The codes of `sends` that one use can show, against the shared golden cases: calendar, text, sender, declaration."""

import functools
import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from sends.calendar import Place, Timing, moment_findings, read_calendar
from sends.elections import read_elections
from sends.findings import read_send_rules
from sends.gateways.settings import read_gateway
from sends.message import sender_findings, text_findings
from sends.orders import parse_order
from sends.sponsors import Payer, PayerKind, Sponsor, SponsorKind, sponsor_findings
from terms.reasons import Channel, Decision, Profile
from terms.settings import PROJECT_ROOT

SHARED = Path(os.environ.get("FILIATION_SHARED", PROJECT_ROOT.parent / "shared"))
CASES = SHARED / "data" / "rules" / "golden_cases.yaml"
CONFIG = PROJECT_ROOT / "config"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"no shared golden cases at {CASES}")

CALENDAR_CODES = {"L49", "L49-3", "HOURS", "SUNDAY", "HOLIDAY", "VALIDITY_CROSSES_BLACKOUT", "TERRITORY_UNKNOWN"}
MESSAGE_CODES = {"NO_STOP", "NO_SPONSOR", "NO_ORIGIN", "NO_TTPA_LABEL", "FREE_NUMBER_L50_1", "WRONG_SHORT_CODE"}
MESSAGE_CODES |= {"SENDER_NUMERIC", "SENDER_FORMAT", "SENDER_GENERIC", "SENDER_PROTECTED"}
SPONSOR_CODES = {"NO_DECLARATION", "SPONSOR_ELIMINATED"}

#: Zones of the country codes that the cases use (rules page §2.1).
_NUMBER_ZONES = {
    "+262692": "reunion",
    "+262639": "mayotte",
    "+590": "guadeloupe",
    "+687": "nouvelle_caledonie",
    "+689": "polynesie",
    "+33": "metropole",
}


read_calendar, read_elections = functools.cache(read_calendar), functools.cache(read_elections)
read_gateway, read_send_rules = functools.cache(read_gateway), functools.cache(read_send_rules)


def merged(base, change):
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return base | {key: merged(base.get(key), value) for key, value in change.items()}


def cases():
    if not CASES.exists():
        return []
    document = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    found = [(case, merged(document["base"], case["set"])) for case in document["cases"]]
    # Another ballot than the shipped one, or a job that is no send, has its own issue.
    return [(case, facts) for case, facts in found if facts["kind"] == "send" and "elections" not in case["set"]]


def timing(facts, rules):
    return Timing(
        calendar=read_calendar(CONFIG / "calendar"),
        elections=tuple(read_elections(CONFIG / "elections").values()),
        rules=rules,
        channel=Channel(facts["order"]["channel"]),
        validity=timedelta(minutes=facts["order"]["validity_minutes"]),
    )


def place(facts):
    phone, territory = facts["contact"]["phone"].replace(" ", ""), facts["contact"]["territory"]
    zones = {zone for prefix, zone in _NUMBER_ZONES.items() if phone.startswith(prefix)}
    zones |= {territory} if territory else set()
    return Place(frozenset(zones or {"metropole"}), territory is not None)


def sponsor(facts):
    told = facts["sponsor"]
    days = {
        name: told[name] and date.fromisoformat(told[name])
        for name in ("declaration_signed_on", "mandataire_declared_on")
    }
    payer = Payer(told["payer"]["name"], PayerKind(told["payer"]["kind"]), told["payer"]["established_in"])
    return Sponsor(**{**told, **days, "kind": SponsorKind(told["kind"]), "payer": payer})


def gateway(facts):
    told = facts["gateway"]
    lists = {name: frozenset(told[name]) for name in ("generic_senders", "protected_senders", "sender_authorisations")}
    shipped = read_gateway(CONFIG / "gateways", "simulator")
    in_service = told["stop_short_code_in_service"]
    return replace(shipped, stop_short_code=told["stop_short_code"], stop_short_code_in_service=in_service, **lists)


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(("case", "facts"), cases(), ids=lambda value: value["id"] if "id" in value else "")
def test_the_codes_of_sends_are_those_of_the_case(case, facts, profile):
    rules = read_send_rules(CONFIG / "send_rules.yaml", profile)
    moment = datetime.fromisoformat(facts["moment"])
    on = moment.date()
    election = read_elections(CONFIG / "elections")[facts["order"]["election"]]
    found = list(moment_findings(moment, place(facts), timing(facts, rules)))
    found += sponsor_findings(sponsor(facts), facts["order"]["round"], on, rules)
    if facts["order"]["channel"] == "sms":
        found += text_findings(facts["message"]["text"], sponsor(facts), gateway(facts), election, on, rules)
        found += sender_findings(facts["message"]["sender"], gateway(facts), rules)
    ours = CALENDAR_CODES | MESSAGE_CODES | SPONSOR_CODES
    expected = case["expect"][profile.value]
    wanted = ours & set(expected["codes"])
    assert {item.code for item in found} == wanted
    if wanted and wanted == set(expected["codes"]):
        worst = Decision.REFUSE if any(item.decision is Decision.REFUSE for item in found) else Decision.HOLD
        assert worst.value == expected["decision"]


def test_a_forbidden_criterion_of_each_case_is_known():
    known = 0
    for case, facts in cases():
        text = yaml.safe_dump(_order_file(facts["order"]["audience"]))
        forbidden = {item.code for item in parse_order(text, case["id"]).audience.forbidden}
        expected = {code for code in case["expect"]["strict"]["codes"] if code in _FORBIDDEN}
        assert forbidden == expected, case["id"]
        known += len(expected)
    assert known >= 10


_FORBIDDEN = {"FORBIDDEN_NAME", "FORBIDDEN_BIRTHPLACE", "FORBIDDEN_SOURCE_AS_CRITERION", "FORBIDDEN_PLACE"}
_FORBIDDEN |= {"SPECIAL_CATEGORY_SEED", "ROLL_NOT_DIRECT"}


def _order_file(audience):
    order = yaml.safe_load((CONFIG / "campaigns" / "example-75111.yaml").read_text(encoding="utf-8"))
    return order | {"audience": audience}
