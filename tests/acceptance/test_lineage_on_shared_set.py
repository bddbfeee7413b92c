"""Where does each number of the shared set come from: file, line, verdicts, attributes and territory against its truth.

Of every contact of the shared set. Needs the shared data (FILIATION_SHARED, default ../shared). A failure counts
differences; it prints no value of a row.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from lineage.lookups.evidence_reading import read_evidence
from lineage.lookups.lookup import look_up
from partners_ingest.arrival.unpacking import open_unpacked
from stores.all_stores import Stores
from stores.engine import connect
from stores.files.parquet import read_sql
from stores.lake import reading_name
from stores.operations import log_tables
from stores.schemas.vault_tables import LINE_COMMITMENTS
from tests.acceptance.conftest import SharedRefresh

SHARED = Path(os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data"
CONTACTS = 3_886
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data set is not here (FILIATION_SHARED)")


@pytest.fixture(scope="module")
def stores(shared_refresh: SharedRefresh) -> Stores:
    return shared_refresh.stores


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    lines = (SHARED / "partners" / "truth" / "contacts.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def answers(stores: Stores, truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    numbers = [contact["number"] for contact in truth]
    found = look_up(stores, numbers, reason="acceptance", case="A-1")
    return [provenance.to_json() for provenance in found]


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


def test_every_row_leads_back_to_committed_bytes_that_hold_the_number(
    stores: Stores, answers: list[dict[str, Any]]
) -> None:
    """Of all rows that lineage tells: file by its sha256, each line by salt and commitment, these by the journal's root."""
    rows = [(row, answer["number"]) for answer in answers for row in answer["opt_ins"]]
    of_delivery: dict[str, list[tuple[dict[str, Any], str]]] = defaultdict(list)
    for row, number in rows:
        of_delivery[row["delivery_id"]].append((row, number))
    assert len(of_delivery) > 20 and len(rows) == _accepted_rows(stores)
    missing = sum(_rows_without_their_number(stores, name, told) for name, told in of_delivery.items())
    assert missing == 0


def _accepted_rows(stores: Stores) -> int:
    with stores.warehouse.open_base() as base:
        row = base.execute("select count(*) from opt_ins").fetchone()
    assert row is not None
    return int(row[0])


def _rows_without_their_number(stores: Stores, delivery_id: str, told: list[tuple[dict[str, Any], str]]) -> int:
    """Return how many rows do not hold the number that they lead to, once file, lines and root are proved."""
    with stores.engine.connect() as reading:
        line = log_tables.journal.c.kind == "delivery", log_tables.journal.c.subject == delivery_id
        payload = json.loads(
            reading.execute(select(log_tables.journal.c.payload_json).where(*line)).scalars().all()[-1]
        )
    with stores.evidence.open(delivery_id) as delivered:
        assert {sha256(delivered.read()).hexdigest()} == {row["file_sha256"] for row, _ in told} == {payload["sha256"]}
    with connect() as lines:
        assert stores.evidence.recompute_root(lines, delivery_id) == payload["evidence_root"]
        kept = read_sql(LINE_COMMITMENTS, [stores.evidence.commitments_file(delivery_id)])
        committed = lines.execute(f"select byte_offset, byte_length, commitment from ({kept}) order by 1, 2").fetchall()
    with open_unpacked(stores.evidence, delivery_id, payload["container"]) as unpacked:
        content = unpacked.read()
    salts = stores.vault.salts(delivery_id, 1, len(committed))
    for salt, (offset, length, commitment) in zip(salts, committed, strict=True):
        assert sha256(salt + content[offset : offset + length]).digest() == bytes(commitment)
    return sum(
        _national(number) not in _digits(content[row["byte_offset"] : row["byte_offset"] + row["byte_length"]])
        for row, number in told
    )


def _national(number: str) -> str:
    """Return digits that stand together however the number is written: eight, or the six of New Caledonia."""
    return number.removeprefix("+687") if number.startswith("+687") else number[-8:]


def test_rows_lead_back_to_bytes_that_hold_the_number(stores: Stores) -> None:
    manifest = stores.warehouse.manifest()
    assert manifest is not None
    with stores.warehouse.open_base() as base:
        rows = base.execute(
            "select delivery_id, line_number, contact_id::varchar from opt_ins order by delivery_id, line_number"
        ).fetchall()
    picked = Random(11).sample(rows, 5)  # by the command's own way; all rows are followed above
    names = [reading_name(delivery, reading) for delivery, reading in manifest.deliveries.items()]
    numbers = stores.vault.numbers(names, [contact for _, _, contact in picked])
    for delivery, line, contact in picked:
        record = read_evidence(stores, delivery, line, reason="acceptance")
        is_there = _national(numbers[contact]) in _digits(record.bytes)
        assert is_there, f"{delivery}:{line}"


def _digits(content: bytes) -> str:
    """Return the digits of a record, full-width ones folded and the letter O read as zero, as the phone rule does.

    Digits are the same bytes in every encoding of the set; a character that JSON escapes is no digits.
    """
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), content.decode("utf-8", "replace"))
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", text).replace("O", "0"))


def _differences(answers: list[dict[str, Any]], truth: list[dict[str, Any]], found: Any, wanted: Any) -> int:
    counted = Counter(found(answer) == wanted(contact) for answer, contact in zip(answers, truth, strict=True))
    return counted[False]
