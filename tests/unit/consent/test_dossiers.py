"""Reading dossiers: the whole schema is typed, and every fault names file, line and key."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from consent.dossiers.dossiers import DossierInvalid, read_dossier, read_dossiers
from tests.scenes.door.dossier_samples import DOSSIER, NOTICE, NOTICE_ID, PARTNER, write_dossier


def test_a_dossier_is_read_with_its_types(tmp_path: Path) -> None:
    dossier = read_dossier(write_dossier(tmp_path))
    assert (dossier.partner_id, dossier.contract.ends_on) == (PARTNER, date(2027, 12, 31))
    assert dossier.form_versions[0].first_seen_at.astimezone(UTC) == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert (dossier.notices[0].text, dossier.notices[0].targeting_by) == (NOTICE, ())
    assert [feed.feed_id for feed in dossier.feeds] == ["lys-names", "lys-lines", "lys-left"]
    assert dossier.feeds[0].mapping["phone"] == ("phone",)


def test_optional_keys_are_read(tmp_path: Path) -> None:
    text = DOSSIER.replace("mentions_targeting: false", 'mentions_targeting: true\n    targeting_by: ["age"]')
    text = text.replace("last_seen_at: null", 'last_seen_at: null\n    stopped_at: "2026-05-01T00:00:00+02:00"')
    text += (
        'source_type: "shop"\nbalancing_test: {"test_id": "T1", "signed_on": "2026-01-01", "shows_expectation": true}\n'
    )
    dossier = read_dossier(write_dossier(tmp_path, text))
    assert dossier.notices[0].targeting_by == ("age",)
    assert dossier.form_versions[0].stopped_at is not None
    assert dossier.source_type == "shop"
    assert dossier.balancing_test is not None and dossier.balancing_test.shows_expectation


def test_a_notice_that_mentions_targeting_covers_address_age_and_sex(tmp_path: Path) -> None:
    text = DOSSIER.replace("mentions_targeting: false", "mentions_targeting: true")
    assert read_dossier(write_dossier(tmp_path, text)).notices[0].targeting_by == ("address", "age", "sex")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('siren: "900000001"', 'sirene: "900000001"', "line 3: sirene is not known here (known: audits,"),
        ('siren: "900000001"', "siren: 900000001", "line 3: siren is not a text (put it in quotes)"),
        (
            "collected_directly: false",
            'collected_directly: "no"',
            "line 5: collected_directly is neither true nor false",
        ),
        ('"signed_on": "2025-01-15"', '"signed_on": "15/01/2025"', "contract.signed_on is not a day (YYYY-MM-DD)"),
        ('"finding": "compliant"', '"finding": "fine"', "audits[0].finding is none of compliant, pre_ticked"),
        ('"form_version": "AL1"', '"form_version": "AL9"', "audits[0].form_version 'AL9' is not among"),
        (
            "2026-01-01T00:00:00+01:00",
            "2026-01-01T00:00:00",
            "form_versions[0].first_seen_at is not an instant with offset",
        ),
        ('kind: "optins"', 'kind: "optin"', "feeds[0].kind is none of optins, withdrawals"),
        ('postcode: "zip"', 'postcod: "zip"', "feeds[0].mapping.postcod is not known here (known: birth_date,"),
        ('postcode: "zip"', 'postcode: "zipp"', "feeds[0].mapping.postcode names the column 'zipp', which is in none"),
        ("min_rows: 2", "min_rows: two", "feeds[0].min_rows is not a whole number"),
        ('timezone: "UTC"\n    date', 'timezone: "Mars"\n    date', "feeds[1].timezone is not a time zone"),
        ("legal_basis:", "legal_basis: [\nlegal:", "not YAML"),
        ('siren: "900000001"', 'siren: "900000001"\nsiren: "2"', "line 4: siren is given twice"),
        ("    max_change_pct: 50\n", "", "feeds[0].max_change_pct is missing"),
    ],
)
def test_a_fault_names_file_line_and_key(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert before in DOSSIER
    with pytest.raises(DossierInvalid) as caught:
        read_dossier(write_dossier(tmp_path, DOSSIER.replace(before, after, 1)))
    assert caught.value.message.startswith(f"{PARTNER}/partner.yaml")
    assert told in caught.value.message
    assert caught.value.exit_code == 2


def test_a_missing_notice_is_named(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path)
    (folder / "notices" / f"{NOTICE_ID}.txt").unlink()
    with pytest.raises(DossierInvalid, match="notices\\[0\\].file names the text .* which is missing"):
        read_dossier(folder)


def test_a_notice_whose_text_is_not_its_id_is_named(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path)
    (folder / "notices" / f"{NOTICE_ID}.txt").write_text(NOTICE + " Ou par courriel.", encoding="utf-8")
    with pytest.raises(DossierInvalid, match="notice_id is not the id of .*: the text of it has"):
        read_dossier(folder)


def test_a_notice_outside_the_folder_is_refused(tmp_path: Path) -> None:
    text = DOSSIER.replace(f"notices/{NOTICE_ID}.txt", "../elsewhere.txt")
    with pytest.raises(DossierInvalid, match="outside the partner's folder"):
        read_dossier(write_dossier(tmp_path, text))


def test_one_bad_dossier_does_not_stop_the_others(tmp_path: Path) -> None:
    write_dossier(tmp_path)
    (tmp_path / "autre").mkdir()
    found = read_dossiers(tmp_path)
    assert list(found.dossiers) == [PARTNER]
    assert [problem.partner_id for problem in found.problems] == ["autre"]


def test_any_byte_of_the_folder_changes_the_hash(tmp_path: Path) -> None:
    first = read_dossier(write_dossier(tmp_path / "a")).sha256
    again = read_dossier(write_dossier(tmp_path / "b")).sha256
    changed = read_dossier(write_dossier(tmp_path / "c", DOSSIER + "# a remark\n")).sha256
    assert first == again != changed
