"""What a usable dossier will bring about is remarked with line and key; a good one is not remarked on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from consent.dossiers.dossier_remarks import find_remarks
from consent.dossiers.dossiers import read_dossier
from tests.scenes.door.dossier_samples import DOSSIER, write_dossier

TODAY = date(2026, 11, 24)


def _told(tmp_path: Path, text: str, today: date = TODAY) -> list[tuple[int, str, str]]:
    folder = write_dossier(tmp_path, text)
    return [(one.line, one.key, one.message) for one in find_remarks(folder, read_dossier(folder), today)]


def test_a_good_dossier_is_not_remarked_on(tmp_path: Path) -> None:
    assert _told(tmp_path, DOSSIER) == []


@pytest.mark.parametrize(
    ("before", "after", "key", "says"),
    [
        ('"ends_on": "2027-12-31"', '"ends_on": "2026-11-23"', "contract", "CONTRACT_ENDED"),
        (
            '      phone: ["phone"]\n      consent_flag: "agrees"',
            '      consent_flag: "agrees"',
            "feeds[0].mapping",
            "PHONE_",
        ),
        ('      consent_flag: "agrees"\n', "", "feeds[0].mapping", "FLAG_UNKNOWN"),
        ('      consented_at: "agreed_at"\n', "", "feeds[0].mapping", "no column says when"),
        ('"birth_date": ["YYYY-MM-DD"]', "", "feeds[0].date_formats", "birth_date"),
        ('{"given": ["yes"], "refused": ["no", ""]}', '{"given": [], "refused": [""]}', "feeds[0].values", "given"),
        ('"FR", "form_version": "AL1"', '"FR"', "feeds[0].mapping", "form_version, which is not mapped"),
        ('      notice_text: "text"\n', "", "feeds[1].form_version_from", "no row has a text"),
        ('"left_%Y%m%d.csv"', '"gone_%Y%m%d.csv"', "feeds[2].exported_at", "'gone_20261124.csv'"),
        ('pattern: "left_*.csv"', 'pattern: "*"', "feeds[2].pattern", None),
        ('"source_record_id": "id", "withdrawn_at"', '"withdrawn_at"', "feeds[2].mapping", "neither a number nor"),
        (
            '  - {"on": "2026-02-03", "auditor": "Cabinet", "form_version": "AL1", "finding": "compliant"}',
            "  []",
            "form_versions[0]",
            "AUDIT_OVERDUE",
        ),
    ],
)
def test_what_a_dossier_brings_about_is_told(
    tmp_path: Path, before: str, after: str, key: str, says: str | None
) -> None:
    assert before in DOSSIER
    told = _told(tmp_path, DOSSIER.replace(before, after))
    if says is None:
        assert told == []  # the last feed may take what is left
        return
    ((line, where, message),) = told
    assert (where, line > 1) == (key, True)
    assert says in message


def test_a_feed_that_an_earlier_one_hides_is_told(tmp_path: Path) -> None:
    told = _told(tmp_path, DOSSIER.replace('pattern: "names_*.csv*"', 'pattern: "*"'))
    assert [key for _, key, _ in told] == ["feeds[1].pattern", "feeds[2].pattern"]


def test_texts_and_form_versions_that_do_not_meet_are_told(tmp_path: Path) -> None:
    text = DOSSIER.replace(
        f'    notice_id: "{DOSSIER.split("notice_id: ")[1][1:17]}"\nnotices', "    notice_id: null\nnotices"
    )
    assert [key for _, key, _ in _told(tmp_path, text)] == ["form_versions[0]", "notices[0]"]
