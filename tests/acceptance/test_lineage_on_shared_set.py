"""Where does each number of the shared set come from: file, line, verdicts, attributes and territory against its truth.

Of every contact of the shared set. Needs the shared data (FILIATION_SHARED, default ../shared). A failure counts
differences; it prints no value of a row.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lineage.evidence_reading import read_evidence
from lineage.lookup import LookupStores, look_up
from stores.house import House
from stores.lake import reading_name
from tests.acceptance.conftest import SharedRefresh

SHARED = Path(os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data"
CONTACTS = 3_886

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")


@pytest.fixture(scope="module")
def house(shared_refresh: SharedRefresh) -> House:
    return shared_refresh.house


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    lines = (SHARED / "partners" / "truth" / "contacts.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def answers(house: House, truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    numbers = [contact["number"] for contact in truth]
    found = look_up(LookupStores.of(house), numbers, reason="acceptance", case="A-1")
    return [descent.to_json() for descent in found]


def test_the_contacts_are_those_that_the_issue_counts(truth: list[dict[str, Any]]) -> None:
    assert len(truth) == CONTACTS


def test_every_opt_in_is_named_by_file_and_line(answers: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    def rows(contact: dict[str, Any]) -> list[tuple[str, str, int]]:
        return sorted((row["partner"], row["file"], row["line"]) for row in contact["opt_ins"])

    assert _differences(answers, truth, rows, rows) == 0


@pytest.mark.parametrize("channel", ["sms", "voice"])
@pytest.mark.parametrize("profile", ["strict", "market"])
def test_verdict_and_reasons_are_the_truth(
    answers: list[dict[str, Any]], truth: list[dict[str, Any]], channel: str, profile: str
) -> None:
    found = _differences(answers, truth, lambda a: a["verdicts"][channel][profile], lambda t: t[channel][profile])
    assert found == 0


@pytest.mark.parametrize("name", ["sex", "birth_date", "postcode"])
def test_attributes_are_the_truth(answers: list[dict[str, Any]], truth: list[dict[str, Any]], name: str) -> None:
    assert _differences(answers, truth, lambda a: a["attributes"][name], lambda t: t[name]) == 0


def test_territories_are_the_truth(answers: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    def found(answer: dict[str, Any]) -> tuple[str | None, ...]:
        place = answer["territory"]
        bureaux = place["bureaux"]
        return place["commune"], place["address_id"], bureaux.get("2022"), bureaux.get("2026"), place["iris"]

    def wanted(contact: dict[str, Any]) -> tuple[str | None, ...]:
        names = ("commune", "address_id", "bureau_2022", "bureau_2026", "iris")
        return tuple(contact[name] for name in names)

    assert _differences(answers, truth, found, wanted) == 0


def test_an_act_alone_never_looks_worse_than_its_contact(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        if answer["verdicts"]["sms"]["strict"]["verdict"] == "SENDABLE":
            assert any(row["usable"]["sms"]["strict"] for row in answer["opt_ins"])


def test_rows_lead_back_to_bytes_that_hold_the_number(house: House) -> None:
    manifest = house.warehouse.manifest()
    assert manifest is not None
    with house.warehouse.open_base() as base:
        rows = base.execute(
            "select delivery_id, line_number, contact_id::varchar from opt_ins order by delivery_id, line_number"
        ).fetchall()
    picked = Random(11).sample(rows, 25)
    names = [reading_name(delivery, reading) for delivery, reading in manifest.deliveries.items()]
    numbers = house.vault.numbers(names, [contact for _, _, contact in picked])
    for delivery, line, contact in picked:
        record = read_evidence(LookupStores.of(house), delivery, line, reason="acceptance")
        is_there = numbers[contact][-8:] in _digits(record.bytes)
        assert is_there, f"{delivery}:{line}"


def _digits(content: bytes) -> str:
    """Return the digits of a record, full-width ones folded and the letter O read as zero, as the phone rule does.

    Digits are the same bytes in every encoding of the set.
    """
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", content.decode("utf-8", "replace")).replace("O", "0"))


def _differences(answers: list[dict[str, Any]], truth: list[dict[str, Any]], found: Any, wanted: Any) -> int:
    counted = Counter(found(answer) == wanted(contact) for answer, contact in zip(answers, truth, strict=True))
    return counted[False]
