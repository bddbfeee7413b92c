"""One number judged at two instants: the law and the knowledge of then, each rule that spoke, the lines it rests on.

The base is a real one, of one number whose refusal arrived late and whose STOP came last.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from consent.judgement.uses import Use
from lineage.lookups.judged_use import JudgedUse, describe_use, judge_number
from stores.all_stores import Stores, open_stores
from stores.keys import derive_keys
from stores.operations import database, delivery_tables, log_tables, person_tables
from stores.schemas import delivered_rows
from terms.clock import to_micros
from terms.environment import NumberRules
from terms.errors import UsageError
from terms.reasons import Channel, Profile
from terms.settings import load_settings
from tests.scenes.judgement.random_world import make_world
from tests.scenes.judgement.small_base import Delivered, World, build_base, published, took_in

NUMBER, UNKNOWN = "06 39 98 00 42", "06 39 98 00 43"
BEFORE, AFTER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
USE = Use(
    channel=Channel.SMS,
    sponsor_id="a",
    criteria_kinds=("address",),
    eligible_on=None,
    number_rules=NumberRules.FICTION,
    profile=Profile.STRICT,
    moment=BEFORE,
    known_by=BEFORE,
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    folder = tmp_path_factory.mktemp("judged")
    settings = load_settings(
        {
            "FILIATION_ENV": "test",
            "FILIATION_HOME": str(folder),
            "FILIATION_ACTOR": "test",
            "FILIATION_NOW": "2026-11-24T08:00:00+00:00",
        }
    )
    contact_id = derive_keys(settings).contact_id("+33639980042")
    given = {
        "line_number": 7,
        "contact_id": contact_id,
        "flag": "given",
        "consented_at": datetime(2025, 12, 1),
        "form_version": "F1",
        "notice_id": "full",
        "birth_date": datetime(1970, 1, 1).date(),
        "number_kind": "mobile",
        "is_fiction": True,
    }
    refused = {**given, "line_number": 3, "flag": "refused", "consented_at": datetime(2026, 2, 1)}
    files = [
        _file("given", datetime(2026, 1, 5), given),
        _file("refused", datetime(2026, 2, 5), refused, arrived=datetime(2026, 5, 1)),
    ]
    world = World(files, make_world(1).facts)
    build_base(folder, world, "--exclude-resource-type", "unit_test", "test")
    stores = open_stores(settings)
    took_in(stores, world)
    published(stores)
    with database.transaction(stores.engine) as work:
        database.insert_once(work, delivery_tables.deliveries, [_ledger_row(file) for file in files])
        work.execute(person_tables.opt_outs.insert().values(**_stop(contact_id)))
    return stores


def _file(name: str, exported_at: datetime, row: dict[str, object], arrived: datetime | None = None) -> Delivered:
    return Delivered(name, "direct", "web", exported_at, arrived or exported_at, {delivered_rows.OPT_INS: [row]})


def _ledger_row(file: Delivered) -> dict[str, object]:
    row = {
        "delivery_id": file.delivery_id,
        "partner_id": "direct",
        "file_name": f"{file.delivery_id}.csv",
        "sha256": "0" * 64,
    }
    return row | {
        "bytes": 1,
        "warnings_json": "[]",
        "outcome": "accepted",
        "reading": 1,
        "arrived_at": 0,
        "taken_in_at": 0,
    }


def _stop(contact_id: str) -> dict[str, object]:
    at = to_micros(datetime(2026, 10, 1, tzinfo=UTC))
    return {
        "opt_out_id": "o1",
        "contact_id": contact_id,
        "kind": "stop",
        "source": "letter",
        "effective_at": at,
        "known_at": at,
    }


def _asked(stores: Stores, number: str = NUMBER, **changes: object) -> JudgedUse:
    return judge_number(stores, number, replace(USE, **changes), reason="case 12")


def test_the_law_and_the_knowledge_are_those_asked_for(stores: Stores) -> None:
    then = _asked(stores)
    assert (then.judgement.decision, then.judgement.codes, then.grounds) == ("ALLOW", (), ())
    by_what_we_know_now = _asked(stores, known_by=AFTER)
    assert by_what_we_know_now.judgement.codes == ("LATEST_WINS",)
    later = datetime(2026, 4, 1, tzinfo=UTC)
    assert _asked(stores, moment=later, known_by=BEFORE).judgement.decision == "ALLOW"
    now = _asked(stores, moment=datetime(2026, 11, 1, tzinfo=UTC), known_by=datetime(2026, 11, 1, tzinfo=UTC))
    assert now.judgement.codes == ("LATEST_WINS", "SUPPRESSED")


def test_a_rule_comes_with_its_source_and_its_lines(stores: Stores) -> None:
    told = _asked(stores, known_by=AFTER).to_json()
    (rule,) = told["rules"]
    assert (rule["code"], rule["rule"], rule["scope"], rule["effect"]) == ("LATEST_WINS", "R-12", "act", "REFUSED")
    assert rule["source"] and rule["sentence"] and rule["holds_from"] == "2026-02-01T00:00:00Z"
    assert [(line["file"], line["line"], line["says"]) for line in rule["evidence"]] == [
        ("given.csv", 7, "opt-in row"),
        ("refused.csv", 3, "opt-in row, refused"),
    ]


def test_a_stop_is_told_from_the_ledger(stores: Stores) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    grounds = {ground.rule.code: ground for ground in _asked(stores, moment=at, known_by=at).grounds}
    (fact,) = grounds["SUPPRESSED"].facts
    assert (fact.kind, fact.occurred_at) == ("stop", datetime(2026, 10, 1, tzinfo=UTC))
    assert grounds["SUPPRESSED"].evidence == ()


def test_a_number_that_nobody_gave_is_refused_for_that(stores: Stores) -> None:
    told = _asked(stores, UNKNOWN)
    assert not told.is_known
    assert [ground.rule.code for ground in told.grounds] == ["CONSENT_NOT_GIVEN"] == list(told.judgement.codes)
    assert "Unknown" in describe_use(told)


def test_the_rules_told_are_the_codes_answered(stores: Stores) -> None:
    for sponsor in ("a", "b", None):
        for kinds in ((), ("address",), ("area_income",)):
            for profile in Profile:
                told = _asked(stores, sponsor_id=sponsor, criteria_kinds=kinds, profile=profile, known_by=AFTER)
                assert {ground.rule.code for ground in told.grounds} >= set(told.judgement.codes)
                assert all(ground.evidence for ground in told.grounds)


def test_every_look_up_is_logged_even_when_it_is_refused(stores: Stores) -> None:
    before = _logged(stores)
    with pytest.raises(UsageError, match="no sponsor"):
        _asked(stores, sponsor_id="nobody")
    assert _logged(stores) == before + 1


def test_nobody_is_judged_by_knowledge_of_the_future(stores: Stores) -> None:
    with pytest.raises(UsageError, match="known"):
        _asked(stores, known_by=datetime(2027, 1, 1, tzinfo=UTC))


def _logged(stores: Stores) -> int:
    with stores.engine.connect() as connection:
        commands = connection.execute(select(log_tables.access_log.c.command)).scalars().all()
    return sum(command == "judge" for command in commands)


def test_the_text_names_decision_rule_and_file(stores: Stores) -> None:
    text = describe_use(_asked(stores, known_by=AFTER))
    for part in ("REFUSE", "LATEST_WINS", "refused.csv", "GDPR"):
        assert part in text


def test_an_act_tells_what_its_proof_has_and_lacks(stores: Stores) -> None:
    told = _asked(stores, known_by=AFTER)
    acts = told.to_json()["acts"]
    assert isinstance(acts, list)
    assert [(act["evidence_grade"], act["evidence_missing"]) for act in acts] == [("B", ["page_url", "ip"])]
    assert "(proof B, lacks page_url, ip)" in describe_use(told)
