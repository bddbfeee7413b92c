"""A number leads to its rows, texts, verdicts and messages; the look-up is committed before anything is read."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from lineage.lookups import lookup
from lineage.lookups.lookup import look_up
from stores.all_stores import Stores
from stores.engine import connect
from stores.lake import reading_name
from stores.operations import database, delivery_tables, log_tables, message_tables, person_tables, plan_tables
from stores.schemas import vault_tables
from stores.warehouse.warehouse import KeptBase
from terms.errors import FiliationError, Refused, UsageError
from tests.scenes.fresh_home import fresh_stores
from tests.scenes.possible_rows import POSSIBLE

DELIVERY = "0123456789abcdef"
NUMBER, OTHER = "+33639980042", "+33639980043"
UNKNOWN = "06 39 98 00 99"

#: A base of two contacts with the columns that a look-up reads, and a judgement that tells uses apart.
BASE = """
create table opt_ins as
select
    '{delivery}' as delivery_id, line_number, 10 * line_number as byte_offset, 9 as byte_length,
    'jeux-valombre' as partner_id, 'jeux-participations' as feed_id, 'ab' as file_sha256,
    contact_id::uuid as contact_id, flag, consented_at::timestamp as consented_at,
    '2026-03-31 02:07:00'::timestamp as received_at, notice_id, '600300' as form_version,
    ['Contact Citoyen SAS'] as recipients, ['sms', 'voice'] as channels,
    if(flag = 'given', 'B', null) as evidence_grade, if(flag = 'given', ['page_url'], null) as evidence_missing
from (values
    (1, '{known}', 'given', '2026-03-02 17:04:11', 'n1'),
    (2, '{known}', 'refused', null, null),
    (3, '{other}', 'given', '2026-03-03 10:00:00', 'e3b0c44298fc1c14')
) as rows (line_number, contact_id, flag, consented_at, notice_id);
create table dossier_notices as
select 'jeux-valombre' as partner_id, 'n1' as notice_id, 'Je souhaite recevoir.' as notice_text, known_from
from (values (timestamp '2025-01-01'), (timestamp '2026-01-01')) as spans (known_from);
create table consent_events as
select contact_id, 'ConsentGiven' as event_state, 'box ticked' as signal, consented_at as occurred_at,
    received_at as known_at, delivery_id || ':' || line_number as source
from opt_ins where flag = 'given';
create table contacts as
select '{known}'::uuid as contact_id, 'F' as sex, date '1963-07-27' as birth_date, '48990' as postcode,
    '48271' as commune_code, 'key1' as address_key, '48271_0020_00012' as address_id, '482710101' as iris_code,
    1.0 as match_confidence
union all
select '{other}', null, null, null, null, null, null, null, null;
create table address_ties as
select 'key1' as address_key, map, bureau_code
from (values ('2022', '48271_0001'), ('2026', '48271_0014'), ('2030', null)) as maps (map, bureau_code);
create macro judge_all_quiet_uses(asked, instants, sponsor_id, criteria_kinds, eligible_on, number_rules) as table
select a.contact_id, channel, profile, null as delivery_id, null as line_number,
    if(profile = 'strict' and channel = 'voice', 'HOLD', 'SENDABLE') as verdict,
    if(profile = 'strict' and channel = 'voice', ['A_CODE', 'B_CODE'], []) as codes
from query_table(asked) as a, (values ('sms'), ('voice')) as c (channel), (values ('strict'), ('market')) as p (profile)
union all
select o.contact_id, channel, profile, o.delivery_id, o.line_number,
    if(profile = 'strict', 'INVITE_ONLY', 'SENDABLE'), if(profile = 'strict', ['TTPA_NOT_DIRECT'], [])
from opt_ins as o, (values ('sms'), ('voice')) as c (channel), (values ('strict'), ('market')) as p (profile)
where o.flag = 'given' and o.contact_id in (select a.contact_id from query_table(asked) as a);
create macro judge_all_uses(asked, live_facts, instants, sponsor_id, criteria_kinds, eligible_on, number_rules) as table
select * replace (if(exists (from query_table(live_facts) as f where f.contact_id = q.contact_id)
    and delivery_id is null, 'REFUSED', verdict) as verdict)
from judge_all_quiet_uses(asked, instants, sponsor_id, criteria_kinds, eligible_on, number_rules) as q;
"""


@dataclass(frozen=True)
class Scene:
    """A home with a published base of two contacts, made by hand."""

    stores: Stores
    known: str

    def logged(self) -> list[list[str]]:
        with self.stores.engine.connect() as connection:
            rows = connection.execute(select(log_tables.access_log.c.subjects_json)).scalars()
            return [json.loads(row) for row in rows]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    stores = fresh_stores(tmp_path / "home", NOW="2026-11-24T09:00:00+01:00", ACTOR="a clerk")
    _write_base(stores)
    _write_ledger(stores)
    _write_identities(stores)
    return Scene(stores, stores.keys.contact_id(NUMBER))


def _write_base(stores: Stores) -> None:
    known, other = stores.keys.contact_id(NUMBER), stores.keys.contact_id(OTHER)
    manifest = {
        "version": "b1",
        "published_at": "2026-11-24T04:00:00Z",
        "inputs_sha256": "",
        "code_version": "",
        "rule_set_sha256": "",
        "deliveries": {DELIVERY: 2},
        "open_data": {},
        "snapshots": {},
        "row_counts": {},
        "control_totals": {},
    }
    with connect(stores.warehouse.base_path) as base:
        base.execute(BASE.format(delivery=DELIVERY, known=known, other=other))
        base.execute("create table base_manifest as select $text as manifest_json", {"text": json.dumps(manifest)})


def _write_ledger(stores: Stores) -> None:
    row = {
        "delivery_id": DELIVERY,
        "partner_id": "jeux-valombre",
        "file_name": "entries.jsonl.gz",
        "sha256": "ab" * 32,
    }
    row |= {"bytes": 1, "warnings_json": "[]", "outcome": "accepted", "reading": 2, "arrived_at": 0, "taken_in_at": 0}
    with database.transaction(stores.engine) as work:
        database.insert_once(work, delivery_tables.deliveries, [row])


def _write_identities(stores: Stores) -> None:
    known = stores.keys.contact_id(NUMBER)
    values = {
        "delivery_id": f"'{DELIVERY}'",
        "line_number": "1",
        "contact_id": f"'{known}'",
        "page_url": "'https://jeux.test/?nom=Marcillac'",
    }
    columns = ", ".join(
        f"{values.get(column.name, 'null')}::{column.type} as {column.name}"
        for column in vault_tables.IDENTITIES.columns
    )
    with connect() as connection:
        stores.vault.unlock(connection)
        stores.vault.write(connection, vault_tables.IDENTITIES, reading_name(DELIVERY, 2), f"select {columns}")


def _message(scene: Scene) -> None:
    plan = POSSIBLE["plans"] | {"plan_id": "p1", "campaign_id": "C1", "sponsor_id": "horizon", "gateway": "simulator"}
    message = {
        "send_id": "s1",
        "plan_id": "p1",
        "contact_id": scene.known,
        "position": 1,
        "state": "DELIVERED",
        "state_at": 1_000_000,
        "attempt": 1,
        "run_id": "r1",
        "planned_base_version": "b0",
        "judged_base_version": "b1",
        "judged_rule_set_sha256": "ef" * 32,
        "codes_json": "[]",
        "claimed_at": 400_000,
        "handed_over_at": 500_000,
        "gateway_message_id": "g1",
        "message_sha256": "cd" * 32,
    }
    with database.transaction(scene.stores.engine) as work:
        work.execute(plan_tables.plans.insert().values(**plan))
        work.execute(message_tables.messages.insert().values(**message))


def test_a_ledger_that_is_not_the_bases_is_told(scene: Scene) -> None:
    with database.transaction(scene.stores.engine) as work:
        work.execute(delivery_tables.deliveries.delete())
    with pytest.raises(FiliationError, match="1 deliveries that the operations database does not know"):
        list(look_up(scene.stores, [NUMBER], reason="request"))


def test_a_number_written_by_a_person_leads_to_everything(scene: Scene) -> None:
    _message(scene)
    (answer,) = [item.to_json() for item in look_up(scene.stores, ["06.39.98.00.42"], reason="request")]
    assert (answer["number"], answer["contact_id"], answer["known"]) == (NUMBER, scene.known, True)
    assert answer["verdicts"]["sms"]["strict"] == {"verdict": "SENDABLE", "reasons": []}
    assert answer["verdicts"]["voice"]["strict"] == {"verdict": "HOLD", "reasons": ["A_CODE", "B_CODE"]}
    refused, given = answer["opt_ins"]
    assert (given["file"], given["line"], given["byte_offset"], given["file_sha256"]) == (
        "entries.jsonl.gz",
        1,
        10,
        "ab",
    )
    assert given["page_url"] == "https://jeux.test/?nom=Marcillac"
    assert given["notice_text"] == "Je souhaite recevoir."
    assert given["usable"]["sms"] == {"strict": False, "market": True}
    assert given["reasons"]["sms"] == {"strict": ["TTPA_NOT_DIRECT"], "market": []}
    assert refused["flag"] == "refused" and refused["usable"]["sms"] == {"strict": False, "market": False}
    assert answer["attributes"] == {"sex": "F", "birth_date": "1963-07-27", "postcode": "48990"}
    assert answer["territory"]["bureaux"] == {"2022": "48271_0001", "2026": "48271_0014"}
    (event,) = answer["events"]
    assert (event["at"], event["source"]) == ("2026-03-02T17:04:11Z", f"{DELIVERY}:1")
    (send,) = answer["sends"]
    assert (send["base_version"], send["handed_over_at"], send["state"]) == (
        "b1",
        "1970-01-01T00:00:00.500000Z",
        "DELIVERED",
    )


def test_a_blank_text_is_told_as_none(scene: Scene) -> None:
    (provenance,) = look_up(scene.stores, [OTHER], reason="request")
    assert [(opt_in.notice_id, opt_in.notice_text) for opt_in in provenance.opt_ins] == [(None, None)]


def test_a_contact_without_territory_and_attributes_has_nulls(scene: Scene) -> None:
    (answer,) = [item.to_json() for item in look_up(scene.stores, [OTHER], reason="request")]
    assert answer["attributes"] == {"sex": None, "birth_date": None, "postcode": None}
    assert answer["territory"]["bureaux"] == {}


def test_a_stop_of_this_minute_counts_and_is_told(scene: Scene) -> None:
    stop = {
        "opt_out_id": "o1",
        "contact_id": scene.known,
        "kind": "stop",
        "source": "phone call",
        "effective_at": 1_795_500_000_000_000,
        "known_at": 1_795_500_000_000_000,
    }
    with database.transaction(scene.stores.engine) as work:
        work.execute(person_tables.opt_outs.insert().values(**stop))
    (answer,) = [item.to_json() for item in look_up(scene.stores, [NUMBER], reason="request")]
    assert answer["verdicts"]["sms"]["strict"]["verdict"] == "REFUSED"
    assert answer["events"][-1]["state"] == "ConsentWithdrawn"


def test_a_stop_of_one_leaves_the_other_asked_with_it_alone(scene: Scene) -> None:
    stop = {"opt_out_id": "o1", "contact_id": scene.known, "kind": "stop", "source": "call"}
    with database.transaction(scene.stores.engine) as work:
        work.execute(person_tables.opt_outs.insert().values(**stop, effective_at=1, known_at=1))
    answers = [item.to_json() for item in look_up(scene.stores, [NUMBER, OTHER], reason="request")]
    assert [answer["verdicts"]["sms"]["market"]["verdict"] for answer in answers] == ["REFUSED", "SENDABLE"]


def test_a_kept_base_is_let_go_once_another_is_published(scene: Scene) -> None:
    kept = KeptBase(scene.stores.warehouse)
    first = [look_up(scene.stores, [NUMBER], reason="request", kept=kept)[0] for _ in range(2)]
    assert [item.as_of.base_version for item in first] == ["b1", "b1"]
    path = scene.stores.warehouse.base_path
    shutil.copyfile(path, path.with_name("next"))
    with connect(path.with_name("next")) as base:
        base.execute("update base_manifest set manifest_json = replace(manifest_json, '\"b1\"', '\"b2\"')")
    os.replace(path.with_name("next"), path)
    assert look_up(scene.stores, [NUMBER], reason="request", kept=kept)[0].as_of.base_version == "b2"
    kept.close()


def test_a_kept_base_answers_as_one_opened_for_each_number(scene: Scene) -> None:
    kept = KeptBase(scene.stores.warehouse)
    for _ in range(2):
        for asked in ([NUMBER], [OTHER], [UNKNOWN], [NUMBER, OTHER], [OTHER]):
            by_kept, alone = (look_up(scene.stores, asked, reason="request", kept=some) for some in (kept, None))
            told = [[item.to_json() | {"as_of": item.as_of.base_version} for item in some] for some in (by_kept, alone)]
            assert told[0] == told[1]
        stop = {"opt_out_id": "o1", "contact_id": scene.known, "kind": "stop", "source": "call"}
        with database.transaction(scene.stores.engine) as work:
            database.insert_once(work, person_tables.opt_outs, [{**stop, "effective_at": 1, "known_at": 1}])
    kept.close()


def test_a_base_of_older_software_is_told(scene: Scene) -> None:
    with connect(scene.stores.warehouse.base_path) as base:
        base.execute("drop macro table judge_all_quiet_uses")
    with pytest.raises(Refused, match="older version"):
        look_up(scene.stores, [NUMBER], reason="request")


def test_an_unknown_number_is_logged_and_told_unknown(scene: Scene) -> None:
    (answer,) = [item.to_json() for item in look_up(scene.stores, [UNKNOWN], reason="request")]
    assert (answer["known"], answer["opt_ins"], answer["verdicts"], answer["sends"]) == (False, [], {}, [])
    assert scene.logged() == [[answer["contact_id"]]]


def test_answers_come_in_the_order_asked_and_once_each(scene: Scene) -> None:
    answers = look_up(scene.stores, [OTHER, UNKNOWN, NUMBER, "0033639980043"], reason="request")
    assert [item.number for item in answers] == [OTHER, "+33639980099", NUMBER]


def test_the_access_is_committed_before_anything_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[list[str]]] = []

    def failing(*_: object) -> None:
        seen.append(scene.logged())
        raise RuntimeError("power cut")

    monkeypatch.setattr(lookup, "_opened", failing)
    with pytest.raises(RuntimeError):
        look_up(scene.stores, [NUMBER], reason="request")
    assert seen == [[[scene.known]]]


def test_more_than_twenty_numbers_need_a_case(scene: Scene) -> None:
    numbers = [f"06 39 98 01 {position:02d}" for position in range(21)]
    with pytest.raises(UsageError, match="case"):
        look_up(scene.stores, numbers, reason="audit")
    assert scene.logged() == []
    assert len(look_up(scene.stores, numbers, reason="audit", case="A-1")) == 21


def test_what_is_no_number_is_told_by_its_place_only(scene: Scene) -> None:
    with pytest.raises(UsageError, match="cannot be read: 2") as raised:
        look_up(scene.stores, [NUMBER, "call 12 twice"], reason="request")
    assert "twice" not in str(raised.value)
    assert scene.logged() == []


def test_without_a_base_the_look_up_is_refused_in_words(scene: Scene) -> None:
    scene.stores.warehouse.base_path.unlink()
    with pytest.raises(Refused, match="published"):
        look_up(scene.stores, [NUMBER], reason="request")
