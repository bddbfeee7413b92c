"""The judgement on a hand-made base: the real `dbt build` with all its tests, segments, zones, and single uses."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
import yaml

from consent.judgement.asking import judge
from consent.judgement.live_facts import load_live_facts
from consent.judgement.queries import judgement_sql
from consent.judgement.uses import Use
from sends.orders.audience_criteria import Amount, Audience, BureauVote, Exclusion, Sex, Years
from sends.plans.audience import Selection, create_contacts, unoffered_criteria
from sends.plans.temporary_tables import ASKED_CONTACTS
from stores.migrations.migrate import migrate
from stores.operations import database, person_tables
from stores.operations.database import open_operations
from stores.schemas import configuration_tables, delivered_rows, dossier_tables, territory_tables
from terms.clock import to_micros
from terms.environment import NumberRules
from terms.errors import FiliationError
from terms.reasons import Channel, Decision, Profile, Verdict
from tests.scenes.judgement.random_world import contact, make_world
from tests.scenes.judgement.small_base import DBT_PROJECT, Delivered, World, build_base, open_base

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
SELECTED = Use(Channel.SMS, None, ("address",), None, NumberRules.FICTION, Profile.STRICT, AT, AT)

_GOOD = {
    "line_number": 1,
    "flag": "given",
    "consented_at": datetime(2026, 3, 1, 12),
    "form_version": "F1",
    "notice_id": "full",
    "birth_date": date(1980, 5, 2),
    "sex": "F",
    "number_kind": "mobile",
    "number_zone": "metropole",
    "is_fiction": True,
}


def _world() -> World:
    """Return four contacts with one faultless direct act each, at four addresses, and a shop's act for the second."""
    world = make_world(seed=1)
    exported_at = datetime(2026, 3, 2)
    rows = [
        {**_GOOD, "line_number": n + 1, "contact_id": contact(n), "address_key": f"address-{n}", "postcode": "75011"}
        for n in range(4)
    ]
    rows[3] |= {"sex": "M", "postcode": "97400", "address_key": None, "number_zone": "reunion"}
    late = {
        **_GOOD,
        "contact_id": contact(1),
        "consented_at": datetime(2026, 11, 1),
        "form_version": None,
        "address_key": "address-1",
    }
    direct = Delivered("web-1", "direct", "web", exported_at, exported_at, {delivered_rows.OPT_INS: rows})
    shop = Delivered(
        "shop-1",
        "shop",
        "full",
        datetime(2026, 11, 2),
        datetime(2026, 11, 2),
        {delivered_rows.OPT_INS: [late]},
        mode="full",
    )
    ties = [
        {
            "address_key": f"address-{n}",
            "map": m,
            "commune_code": "75111",
            "bureau_code": f"75056_{m[2:]}0{n}",
            "iris_code": f"75111000{n}",
        }
        for n in range(3)
        for m in ("2022", "2026")
    ]
    segments = ["everybody", "women", "one-bureau", "not-one-bureau", "paris", "voted", "poor", "aged-46"]
    return World(
        [direct, shop, _bursts()],
        {
            **world.facts,
            dossier_tables.DOSSIER_FORM_VERSIONS: [
                {**form, "known_until": None}  # the shop's first form stays what it was
                for form in world.facts[dossier_tables.DOSSIER_FORM_VERSIONS]
                if form["form_version"] != "S1" or not form["bundled_with_entry"]
            ],
            configuration_tables.SEGMENTS: [
                {"segment_id": name, "channel": "sms", "profile": "strict", "sponsor_id": "a"} for name in segments
            ],
            configuration_tables.SEGMENT_CRITERIA: [
                _criterion("women", "sex", text_value="F"),
                _criterion("one-bureau", "bureaux", text_value="75056_2600"),
                _criterion("one-bureau", "bureaux", text_value="75056_2200", position=1),
                _criterion("not-one-bureau", "communes", text_value="75111"),
                _criterion("not-one-bureau", "exclude_bureaux", text_value="75056_2601"),
                _criterion("paris", "communes", text_value="75056"),
                _criterion("voted", "bureau_vote", text_value="UN", low=0.6, election="PRES2022", round=2),
                _criterion("poor", "iris_income", high=25000),
                _criterion("aged-46", "age", low=46, high=46),
            ],
        },
        {
            territory_tables.ADDRESS_TIES: ties,
            territory_tables.BUREAU_RESULTS: [
                _result("75056_2200", 60),
                _result("75056_2201", 59),
                _result("75056_2602", 99),
            ],
            territory_tables.IRIS_INCOME: [
                {"iris_code": "751110000", "median_euros": 25000, "vintage": "2021", "source_id": "x"},
                {"iris_code": "751110001", "median_euros": 25001, "vintage": "2021", "source_id": "x"},
                {
                    "iris_code": "751110002",
                    "median_euros": None,
                    "missing_reason": "ns",
                    "vintage": "2021",
                    "source_id": "x",
                },
            ],
        },
    )


def _bursts() -> Delivered:
    """Return acts of one contact from three IPs: 100 in a minute, 101 in an hour, and 100 with one at its very end."""
    start = datetime(2025, 6, 1, 12)
    seconds = {
        "ip-100": [index % 60 for index in range(100)],
        "ip-101": [36 * index if index < 100 else 3599 for index in range(101)],
        "ip-end": [0] * 100 + [3600],
    }
    rows = [
        {
            **_GOOD,
            "line_number": 200 * number + index,
            "contact_id": contact(6),
            "source_key": f"{ip}-{index}",
            "ip_key": ip,
            "consented_at": start + timedelta(seconds=second),
            "birth_date": None,
            "sex": None,
        }
        for number, (ip, offsets) in enumerate(seconds.items(), start=1)
        for index, second in enumerate(offsets)
    ]
    exported_at = datetime(2025, 6, 2)
    return Delivered("web-0", "direct", "web", exported_at, exported_at, {delivered_rows.OPT_INS: rows})


def _criterion(segment: str, criterion: str, **values: object) -> dict[str, object]:
    return {"segment_id": segment, "criterion": criterion, "position": 0, **values}


def _result(bureau: str, votes: int) -> dict[str, object]:
    return {
        "election": "PRES2022",
        "round": 2,
        "bureau_code": bureau,
        "map": "2022",
        "candidate": "UN",
        "votes": votes,
        "valid_votes": 100,
        "votes_cast": 110,
    }


@pytest.fixture(scope="module")
def base_path(tmp_path_factory):
    return build_base(tmp_path_factory.mktemp("cases"), _world())


@pytest.fixture
def base(base_path):
    with open_base(base_path, [contact(number) for number in range(5)]) as connection:
        yield connection


def _of(base: duckdb.DuckDBPyConnection, number: int, use: Use = SELECTED):
    return next(item for item in judge(base, "asked", "live_facts", use) if item.contact_id == contact(number))


def _stop(base: duckdb.DuckDBPyConnection, number: int, at: datetime) -> None:
    base.execute("insert into live_facts values (?, 'stop', null, null, ?, ?, null, null)", [contact(number), at, at])


def _with(**changed: object) -> Use:
    return replace(SELECTED, **changed)  # type: ignore[arg-type]


def test_a_faultless_act_is_sendable_without_codes(base):
    found = _of(base, 0)
    assert (found.verdict, found.decision, found.codes, found.worst_code) == (
        Verdict.SENDABLE,
        Decision.ALLOW,
        (),
        None,
    )
    assert (found.best_delivery_id, found.best_line_number) == ("web-1", 1)


def test_a_contact_that_the_base_does_not_know_has_given_nothing(base):
    found = _of(base, 4)
    assert (found.verdict, found.codes, found.worst_code) == (
        Verdict.REFUSED,
        ("CONSENT_NOT_GIVEN",),
        "CONSENT_NOT_GIVEN",
    )
    assert found.best_delivery_id is None


def test_the_audit_is_too_old_from_the_first_second_of_the_day(base):
    before, after = datetime(2027, 5, 31, 21, 59, 59, tzinfo=UTC), datetime(2027, 5, 31, 22, tzinfo=UTC)
    assert _of(base, 0, _with(moment=before)).decision == Decision.ALLOW
    found = _of(base, 0, _with(moment=after))
    assert (found.verdict, found.codes) == (Verdict.HOLD, ("AUDIT_OVERDUE",))


def test_a_criterion_that_the_notice_does_not_tell_is_refused_as_a_selection(base):
    found = _of(base, 0, _with(criteria_kinds=("address", "area_income")))
    assert (found.verdict, found.decision, found.codes) == (
        Verdict.INVITE_ONLY,
        Decision.REFUSE,
        ("TARGETING_NOT_CONSENTED",),
    )
    assert _of(base, 0, _with(criteria_kinds=())).decision == Decision.ALLOW


def test_the_sponsor_that_asks_must_be_named_itself(base):
    assert _of(base, 0, _with(sponsor_id="b")).decision == Decision.ALLOW  # by the candidate's name
    found = _of(base, 0, _with(sponsor_id="nobody"))
    assert (found.decision, found.codes) == (Decision.HOLD, ("SPONSOR_NOT_NAMED",))


def test_more_than_100_acts_from_one_ip_within_an_hour_are_suspect(base):
    suspects = base.execute(
        "select opt_ins.ip_key, count(*) from findings join opt_ins using (delivery_id, line_number)"
        " where code = 'PROOF_SUSPECT' group by all"
    ).fetchall()
    assert suspects == [("ip-101", 101)]


def test_no_live_environment_may_use_the_fiction_range(base):
    for rules in (NumberRules.LIVE, NumberRules.BENCH):
        assert _of(base, 0, _with(number_rules=rules)).codes == ("FICTION_NUMBER",)


def test_a_stop_at_the_very_instant_of_the_act_wins(base):
    _stop(base, 0, datetime(2026, 3, 1, 12))
    assert _of(base, 0).codes == ("SUPPRESSED",)
    assert _of(base, 0, _with(sponsor_id="b", criteria_kinds=())).verdict == Verdict.REFUSED


def test_a_later_direct_act_outlives_a_stop(base):
    _stop(base, 0, datetime(2026, 3, 1, 11, 59, 59))
    assert _of(base, 0).verdict == Verdict.SENDABLE


def test_after_a_stop_a_later_act_of_a_partner_is_refused_in_strict_and_held_in_market(base):
    _stop(base, 1, datetime(2026, 6, 1))
    assert "SUPPRESSED" in _of(base, 1).codes
    assert _of(base, 1).decision == Decision.REFUSE
    found = _of(base, 1, _with(profile=Profile.MARKET))
    assert (found.decision, found.best_delivery_id, "SUPPRESSED" in found.codes) == (Decision.HOLD, "shop-1", True)


def test_a_stop_counts_once_it_is_known_and_not_before(base):
    base.execute(
        "insert into live_facts values (?, 'stop', null, null, ?, ?, null, null)",
        [contact(0), datetime(2026, 11, 1), datetime(2026, 11, 10)],
    )
    assert _of(base, 0).decision == Decision.REFUSE
    earlier = datetime(2026, 11, 9, tzinfo=UTC)
    assert _of(base, 0, _with(known_by=earlier, moment=earlier)).decision == Decision.ALLOW


def test_opt_outs_come_from_the_ledger(base, tmp_path):
    engine = open_operations(f"sqlite:///{tmp_path}/operations.sqlite")
    migrate(engine)
    with database.transaction(engine) as work:
        work.execute(
            person_tables.opt_outs.insert().values(
                opt_out_id="o1",
                contact_id=contact(0),
                kind="stop",
                source="test",
                effective_at=to_micros(AT),
                known_at=to_micros(AT),
            )
        )
    load_live_facts(base, engine, "live_facts", [contact(0), contact(2)])
    assert _of(base, 0).codes == ("SUPPRESSED",)
    assert _of(base, 2).decision == Decision.ALLOW
    load_live_facts(base, engine, "live_facts", [contact(2)])
    assert _of(base, 0).decision == Decision.ALLOW
    engine.dispose()


def test_a_relation_that_is_no_identifier_is_refused():
    with pytest.raises(FiliationError, match="not the name of a relation"):
        judgement_sql("asked') --", "live_facts", SELECTED)


def test_members_of_segments(base):
    rows = base.execute(
        "select segment_id, list(contact_id::varchar order by 1) from segment_members group by 1"
    ).fetchall()
    members = {segment: sorted(ids) for segment, ids in rows}
    ids = [contact(number) for number in range(4)]
    assert members == {
        "everybody": [*ids, contact(6)],
        "women": ids[:3],
        "one-bureau": ids[:1],
        "not-one-bureau": [ids[0], ids[2]],
        "paris": ids[:3],
        "voted": ids[:1],
        "poor": ids[:1],
        "aged-46": ids,
    }


_SAME_AUDIENCES = {
    "everybody": Audience(),
    "women": Audience(sex=Sex.F),
    "one-bureau": Audience(bureaux=("75056_2600", "75056_2200")),
    "not-one-bureau": Audience(communes=("75111",), exclude=Exclusion(bureaux=("75056_2601",))),
    "paris": Audience(communes=("75056",)),
    "voted": Audience(bureau_vote=BureauVote("PRES2022", 2, "UN", Amount(least=0.6))),
    "poor": Audience(iris_income=Amount(most=25000)),
    "aged-46": Audience(age=Years(46, 46)),
}


def test_an_audience_that_is_asked_of_the_base_has_the_members_of_the_segment(base):
    for segment_id, audience in _SAME_AUDIENCES.items():
        create_contacts(base, ASKED_CONTACTS, Selection(audience, "2026", date(2026, 11, 2)))
        differing = base.execute(
            "select count(*) from (select contact_id from segment_members where segment_id = $segment) as members"
            " full join asked_contacts as asked using (contact_id)"
            " where members.contact_id is null or asked.contact_id is null",
            {"segment": segment_id},
        ).fetchone()
        assert (segment_id, *differing) == (segment_id, 0)
        assert unoffered_criteria(base, audience) == ()


def test_zones_are_of_the_place_and_of_the_number(base):
    rows = dict(base.execute("select contact_id::varchar, zones from contacts").fetchall())
    assert rows[contact(0)] == ["metropole"]
    assert rows[contact(3)] == ["reunion"]


def test_what_is_told_of_a_mart_are_its_columns(base):
    told = {
        (model["name"], column["name"])
        for file in (DBT_PROJECT / "models" / "marts").glob("[!_]*.yml")
        for model in yaml.safe_load(file.read_text())["models"]
        for column in model["columns"]
    }
    there = base.execute(
        "select table_name, column_name from duckdb_columns() where database_name = current_database()"
        " and schema_name = 'main' and not internal"
    ).fetchall()
    assert told == set(there)


def test_the_marts_stand_without_lake_and_steps(base_path, tmp_path):
    copy = tmp_path / "base.duckdb"
    shutil.copy(base_path, copy)
    with duckdb.connect(str(copy)) as build:
        build.execute("drop schema lake cascade")
    with open_base(copy, [contact(0)]) as published:
        assert judge(published, "asked", "live_facts", SELECTED)[0].decision == Decision.ALLOW
        for (table,) in published.execute(
            "select table_name from duckdb_tables() where schema_name = 'main'"
            " union all select view_name from duckdb_views() where schema_name = 'main' and not internal"
        ).fetchall():
            published.execute(f"select count(*) from {table}").fetchone()
