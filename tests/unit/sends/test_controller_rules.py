"""Rules about our own papers at their limits: yearly papers, the notice, complaints, how long records are kept."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sends.rules.controller_documents import (
    TRANSPARENCY_NOTICE_ITEMS,
    Complaint,
    ControllerDocuments,
    TransparencyNoticeFacts,
    complaint_findings,
    controller_document_findings,
    transparency_notice_findings,
)
from sends.rules.retention import Operation, Record, RecordField, RetentionJob, deletable_on, retention_findings
from terms.months import months_after
from terms.reasons import Decision
from tests.scenes.sends.shipped_rules import MARKET, STRICT, at, codes


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2027-04-18", -3, "2027-01-18"),
        ("2027-05-31", -3, "2027-02-28"),
        ("2028-05-31", -3, "2028-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2028-02-29", 84, "2035-02-28"),
        ("2027-01-15", -1, "2026-12-15"),
        ("2026-11-30", 1, "2026-12-30"),
    ],
)
def test_months_keep_the_day_number_or_take_the_last_day(day, months, expected):
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("policy", "assessment", "on", "expected"),
    [
        ("2026-03-17", "2026-03-17", "2027-03-16", []),
        ("2026-03-17", "2026-03-16", "2027-03-16", ["ART19_STALE"]),
        ("2026-03-16", "2026-09-01", "2027-03-16", ["ART19_STALE"]),
        ("2024-02-29", "2025-01-01", "2025-02-28", ["ART19_STALE"]),
        ("2024-02-29", "2025-01-01", "2025-02-27", []),
    ],
)
def test_our_papers_are_of_the_last_twelve_months(policy, assessment, on, expected):
    papers = ControllerDocuments(date.fromisoformat(policy), date.fromisoformat(assessment))
    assert codes(controller_document_findings(papers, date.fromisoformat(on), STRICT)) == expected
    assert controller_document_findings(papers, date.fromisoformat(on), MARKET) == ()


def test_a_notice_is_whole_and_published_by_the_first_message():
    moment = at("2027-03-16T10:30:00+01:00")
    assert (
        transparency_notice_findings(TransparencyNoticeFacts(moment, TRANSPARENCY_NOTICE_ITEMS), moment, STRICT) == ()
    )
    for notice in (
        TransparencyNoticeFacts(None, TRANSPARENCY_NOTICE_ITEMS),
        TransparencyNoticeFacts(moment + timedelta(seconds=1), TRANSPARENCY_NOTICE_ITEMS),
        TransparencyNoticeFacts(moment, TRANSPARENCY_NOTICE_ITEMS - {7}),
    ):
        assert codes(transparency_notice_findings(notice, moment, STRICT)) == ["NOTICE_INCOMPLETE"]
    (finding,) = transparency_notice_findings(
        TransparencyNoticeFacts(moment, TRANSPARENCY_NOTICE_ITEMS - {5, 7}), moment, STRICT
    )
    assert "Missing: 5, 7." in finding.message


@pytest.mark.parametrize(
    ("answered", "waited", "is_late"),
    [
        (None, 48 * 3600, False),
        (None, 48 * 3600 + 1, True),
        (47 * 3600, 49 * 3600, False),
        (50 * 3600, 49 * 3600, True),
    ],
)
def test_a_complaint_waits_no_longer_than_48_hours(answered, waited, is_late):
    received = at("2027-03-10T10:00:00+01:00")
    answer = None if answered is None else received + timedelta(seconds=answered)
    found = complaint_findings([Complaint(received, answer)], received + timedelta(seconds=waited), MARKET)
    assert codes(found) == (["ART15_LATE"] if is_late else [])


def test_a_complaint_of_later_is_not_known():
    received = at("2027-03-20T10:00:00+01:00")
    assert complaint_findings([Complaint(received, None)], at("2027-03-16T10:00:00+01:00"), STRICT) == ()


@pytest.mark.parametrize(
    ("last", "on", "expected"),
    [
        ("2027-04-30", "2034-04-29", ["RETENTION_7Y"]),
        ("2027-04-30", "2034-04-30", []),
        ("2028-02-29", "2035-02-27", ["RETENTION_7Y"]),
        ("2028-02-29", "2035-02-28", []),
    ],
)
def test_a_record_is_deleted_seven_years_after_its_last_publication(last, on, expected):
    for record in Record:
        job = RetentionJob(Operation.DELETE, record, date.fromisoformat(last), frozenset({RecordField.PHONE}))
        assert codes(retention_findings([job], date.fromisoformat(on), MARKET)) == expected
        assert (deletable_on(job.last_published_on, STRICT) <= date.fromisoformat(on)) is (not expected)


def test_a_record_is_kept_without_numbers():
    job = RetentionJob(Operation.KEEP, Record.CAMPAIGN_RECORD, date(2027, 3, 1), frozenset(RecordField))
    found = [retention_findings([job], date(2027, 3, 16), rules) for rules in (STRICT, MARKET)]
    assert [(codes(one), one[0].decision) for one in found] == [
        (["MINIMISE"], Decision.REFUSE),
        (["MINIMISE"], Decision.HOLD),
    ]
    kept = replace(job, fields=frozenset({RecordField.COUNTS, RecordField.CRITERIA}))
    assert retention_findings([kept], date(2027, 3, 16), STRICT) == ()
