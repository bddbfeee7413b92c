"""People's acts on SQLite and PostgreSQL: from the command, from files, their clock, their answers, complaints."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from consent.acts.act_entry import ActDesk, TypedAct, enter_act
from consent.acts.acts_file import enter_acts
from consent.acts.requests import Answer, Clock, all_requests, answer_request, complain, open_requests
from partners_ingest.rows.asked_numbers import number_reader
from sends.plans.planning import plan_campaign
from stores.operations.all_tables import metadata
from stores.operations.log_tables import journal
from stores.operations.person_tables import contact_facts, opt_outs, request_answers, requests
from terms.errors import Refused, UsageError
from tests.scenes.sends.small_send_home import at, make_home, number, write_order

YESTERDAY = "2026-11-23T09:30:00+01:00"
LISTS = ("sponsors", "send_times", "source_partner", "proof")


def desk(stores):
    """Where a clerk enters acts."""
    settings = replace(stores.settings, actor="desk")
    return ActDesk(replace(stores, settings=settings), number_reader(stores.number_rules))


@pytest.fixture
def stores(tmp_path, operations_url):
    return make_home(tmp_path, operations_url, contacts=300)


def rows(stores, table):
    with stores.engine.connect() as work:
        return work.execute(select(table)).all()


def typed(index=1, kind="erasure", received_at=YESTERDAY, source="letter 117", **more):
    return TypedAct(number(index), kind, received_at, source, **more)


@pytest.mark.parametrize("kind", ["withdrawal", "objection", "erasure", "stop"])
def test_what_takes_back_is_an_opt_out_for_everybody_from_its_receipt(stores, kind):
    enter_act(desk(stores), typed(kind=kind, relayed_by="horizon"))
    enter_act(desk(stores), typed(kind=kind, relayed_by="horizon"))
    (row,) = rows(stores, opt_outs)
    assert (row.kind, row.channel, row.sponsor_id) == (kind, None, None)
    assert row.contact_id == stores.keys.contact_id(number(1))
    assert row.effective_at == datetime.fromisoformat(YESTERDAY).timestamp() * 1e6 < row.known_at
    assert len(rows(stores, requests)) == (0 if kind == "stop" else 1)
    kinds = [line.kind for line in rows(stores, journal)]
    assert kinds == ["opt_out"] + ([] if kind == "stop" else ["request"])


def test_an_access_request_has_its_clock_until_it_is_answered(stores):
    request = enter_act(desk(stores), typed(kind="access", relayed_by="union", reason="asks who wrote"))
    (found,) = open_requests(stores.engine, stores.clock.now())
    assert (found.request_id, found.clock, found.relayed_by) == (request.request_id, Clock.OPEN, "union")
    assert found.late_at == datetime.fromisoformat("2026-12-24T00:00:00+01:00")
    assert open_requests(stores.engine, stores.clock.now(), timedelta(days=29)) == []
    assert len(open_requests(stores.engine, stores.clock.now(), timedelta(days=30))) == 1
    assert open_requests(stores.engine, found.late_at)[0].clock is Clock.LATE
    said = Answer(stores.clock.now(), "sent by post", LISTS)
    with pytest.raises(Refused, match="proof") as refusal:
        answer_request(desk(stores), request.request_id, Answer(said.answered_at, said.words, LISTS[:3]))
    assert refusal.value.code == "DSAR_INCOMPLETE"
    assert answer_request(desk(stores), request.request_id, said) == 1
    assert open_requests(stores.engine, stores.clock.now()) == []
    assert [item.clock for item in all_requests(stores.engine, found.late_at)] == [Clock.ANSWERED]
    assert [row.kind for row in rows(stores, contact_facts)] == ["access_request", "access_answer"]
    with pytest.raises(Refused, match="answered already"):
        answer_request(desk(stores), request.request_id, said)


def test_an_access_answer_closes_what_the_same_person_had_asked_before_it(stores):
    first = enter_act(desk(stores), typed(kind="access"))
    enter_act(desk(stores), typed(kind="access", source="letter 118"))
    enter_act(desk(stores), typed(2, kind="access"))
    later = at(stores, "2026-11-24T11:00:00+01:00")
    enter_act(desk(later), typed(kind="access", received_at="2026-11-24T10:30:00+01:00"))
    said = Answer(datetime.fromisoformat("2026-11-24T10:20:00+01:00"), "sent by post", LISTS)
    assert answer_request(desk(later), first.request_id, said) == 2
    assert len(open_requests(stores.engine, later.clock.now())) == 2


@pytest.mark.parametrize("moment", ["2026-11-22T09:30:00+01:00", "2026-11-24T23:00:00+01:00"])
def test_an_answer_comes_after_its_request_and_not_in_the_future(stores, moment):
    request = enter_act(desk(stores), typed())
    with pytest.raises(UsageError, match="goes out after"):
        answer_request(desk(stores), request.request_id, Answer(datetime.fromisoformat(moment), "erased"))
    assert rows(stores, request_answers) == []


def test_what_is_typed_wrong_is_told_at_once_and_not_repeated(stores):
    wrong = TypedAct("12 34", "delete", "yesterday", "call from 06 39 98 00 42", "nobody", "")
    with pytest.raises(UsageError) as refusal:
        enter_act(desk(stores), wrong)
    told = str(refusal.value)
    for words in ("number cannot be read", "kind is none of", "no instant", "no sponsor", "like a phone number"):
        assert words in told
    assert "12 34" not in told and "3998" not in told.replace(" ", "")
    with pytest.raises(UsageError, match="future"):
        enter_act(desk(stores), typed(received_at="2026-11-25T09:30:00+01:00"))
    assert rows(stores, opt_outs) == rows(stores, requests) == []


def csv_file(folder):
    path = folder / "acts.csv"
    path.write_text(
        "number;kind;received_at;source;relayed_by;reason\n"
        f"06 39 98 00 01;erasure;{YESTERDAY};letter 1;horizon;\n"
        f"not a number;erasure;{YESTERDAY};letter 2;;\n"
        f'{number(3)};access;{YESTERDAY};letter 3;;"wants; to know"\n'
        f"{number(4)};access;{YESTERDAY};letter 4\n"
        f'{number(5)};objection;{YESTERDAY};"letter 5;;\n'
        "\n"
        f"{number(6)};click;{YESTERDAY};page of origin;;\n"
        f"{number(7)};forget;2026;;martian;\n",
        encoding="utf-8-sig",
    )
    return path


def jsonl_file(folder):
    path = folder / "acts.jsonl"
    good = {"kind": "erasure", "received_at": YESTERDAY, "source": "letter"}
    lines = [
        {"number": number(1), **good, "relayed_by": "horizon"},
        {"number": "?", **good},
        {"number": number(3), **good},
    ]
    text = [json.dumps(line) for line in lines]
    text += ["{", '["a"]', json.dumps({**lines[0], "name": "Zoé"}), json.dumps({**lines[0], "source": 7})]
    text += [json.dumps({"number": number(8), "kind": "reply", "received_at": YESTERDAY, "source": "desk"})]
    path.write_text("\n".join(text))
    return path


@pytest.mark.parametrize(
    ("write", "bad"),
    [
        (
            csv_file,
            {
                3: ["NUMBER_UNREADABLE"],
                5: ["LINE_UNREADABLE"],
                6: ["LINE_UNREADABLE"],
                9: ["KIND_UNKNOWN", "RECEIVED_AT_UNREADABLE", "SOURCE_MISSING", "SPONSOR_UNKNOWN"],
            },
        ),
        (
            jsonl_file,
            {
                2: ["NUMBER_UNREADABLE"],
                4: ["LINE_UNREADABLE"],
                5: ["LINE_UNREADABLE"],
                6: ["FIELD_UNKNOWN"],
                7: ["LINE_UNREADABLE"],
            },
        ),
    ],
)
def test_a_file_goes_in_but_for_its_bad_lines_and_once_only(stores, tmp_path, write, bad):
    report = enter_acts(desk(stores), write(tmp_path))
    assert (report.taken_in, report.repeated) == (3, 0)
    assert {item.line: [problem.value for problem in item.problems] for item in report.bad_lines} == bad
    before = {table.name: rows(stores, table) for table in metadata.sorted_tables}
    again = enter_acts(desk(at(stores, "2026-11-24T12:00:00+01:00")), write(tmp_path))
    assert (again.taken_in, again.repeated, again.bad_lines) == (0, 3, report.bad_lines)
    assert {table.name: rows(stores, table) for table in metadata.sorted_tables} == before


@pytest.mark.parametrize(
    "content", [b"", b"0639980001;erasure\n", b"number,kind,received_at,source,surname\n", b"num\xe9ro,kind\n"]
)
def test_a_file_that_is_none_of_acts_is_refused_whole_and_unquoted(stores, tmp_path, content):
    path = tmp_path / "acts.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refusal:
        enter_acts(desk(stores), path)
    assert "0639980001" not in str(refusal.value) and "surname" not in str(refusal.value)


def test_no_number_stands_in_the_ledger(stores, tmp_path):
    enter_acts(desk(stores), csv_file(tmp_path))
    told = repr([rows(stores, table) for table in (opt_outs, contact_facts, requests, journal)])
    assert "3998" not in told.replace(" ", "")


def test_a_complaint_about_an_ad_has_48_hours(stores, tmp_path):
    with pytest.raises(UsageError, match="no plan of the campaign"):
        complain(desk(stores), "T-1", datetime.fromisoformat(YESTERDAY), "form 12")
    plan_campaign(stores, write_order(tmp_path))
    request_id = complain(desk(stores), "T-1", datetime.fromisoformat(YESTERDAY), "form 12")
    assert complain(desk(stores), "T-1", datetime.fromisoformat(YESTERDAY), "form 12") == request_id
    (found,) = open_requests(stores.engine, datetime.fromisoformat("2026-11-25T09:30:00+01:00"))
    assert (found.kind, found.campaign_id, found.clock) == ("complaint", "T-1", Clock.OPEN)
    assert open_requests(stores.engine, datetime.fromisoformat("2026-11-25T09:30:01+01:00"))[0].clock is Clock.LATE
    assert answer_request(desk(stores), request_id, Answer(stores.clock.now(), "corrected")) == 1
