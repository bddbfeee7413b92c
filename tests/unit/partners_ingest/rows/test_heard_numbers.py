"""Whoever withdraws is heard, whatever shape the withdrawal comes in.

Numbers are of ARCEP's fiction range.
"""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from consent.dossiers.dossiers import Dossier
from partners_ingest.rows.heard_numbers import ALL_WITHDRAWALS_SQL
from tests.scenes.door.dossier_samples import DOSSIER
from tests.scenes.door.judged_rows import judged, sample_dossier, table_lines

LABELS = ["phone", "left_on", "why"]


def _number(place: int) -> str:
    return f"+33639981{place:03}"


def _pairs(place: int) -> str:
    digits = f"0639981{place:03}"
    return " ".join(digits[at : at + 2] for at in range(0, 10, 2))


def _dossier_text() -> str:
    """The dossier with the feed of withdrawals by number in four formats, and by id."""
    start = DOSSIER.index('  - feed_id: "lys-left"')
    left = DOSSIER[start:]
    by_number = left.replace('[["id", "left_on"]]', json.dumps([LABELS])).replace(
        '{"source_record_id": "id", "withdrawn_at": "left_on"}',
        '{"phone": ["phone"], "withdrawn_at": "left_on", "reason": "why"}',
    )
    lines = by_number.replace("header: true", "header: false").replace('delimiter: ";"', "delimiter: null")
    named = {
        "ids": left,
        "plain": by_number,
        "quoted": by_number.replace("quote: null", 'quote: "\\""'),
        "bare": by_number.replace("header: true", "header: false"),
        "lines": lines.replace('format: "csv"', 'format: "jsonl"'),
        "table": by_number.replace('format: "csv"', 'format: "xlsx"').replace('encoding: "utf-8"', "encoding: null"),
    }
    feeds = "".join(
        feed.replace('"lys-left"', f'"{name}"').replace("left_*", f"{name}_*") for name, feed in named.items()
    )
    return DOSSIER[:start] + feeds


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    return sample_dossier(tmp_path_factory.mktemp("heard"), _dossier_text())


def _heard(dossier: Dossier, feed_id: str, data: bytes | str) -> tuple[set[str], bool]:
    """Return the numbers among the first thousand that a file takes back, and whether a part of it was not read."""
    with judged(dossier, feed_id, data) as found:
        contacts = {str(contact) for (contact,) in found.rows("contact_id", f"({ALL_WITHDRAWALS_SQL})")}
        known = {found.keys.contact_id(_number(place)): _number(place) for place in range(1000)}
        return {known.get(contact, "another") for contact in contacts - {"None"}}, found.judge.is_partly_unread


def _plain(*rows: str) -> str:
    return "\n".join([";".join(LABELS), *rows, ""])


SEVERAL = [
    " / ".join([_pairs(1), _pairs(2)]),
    "/".join(["0639981001", "0639981002"]),
    " ou ".join([_pairs(1), _pairs(2)]),
    ",".join(["0639981001", "0639981002"]),
    ", ".join([_pairs(1), _pairs(2)]),
    "06399810010639981002",
    "+33639981001 +33639981002",
    "0033 6 39 98 10 01 et 06.39.98.10.02",
    "639981001 639981002",
    "０６３９９８１００１，０６３９９８１００２",
    "maison 06 39 98 10 01 (le soir) bureau 06 39 98 10 02",
]


@pytest.mark.parametrize("feed_id", ["plain", "lines"])
def test_each_of_several_numbers_of_a_cell_is_heard(dossier: Dossier, feed_id: str) -> None:
    lines = [f"{cell};2026-03-01;{place}" for place, cell in enumerate(SEVERAL)]
    records = [json.dumps({"phone": cell, "left_on": "2026-03-01"}) for cell in SEVERAL]
    with judged(dossier, feed_id, _plain(*lines) if feed_id == "plain" else "\n".join([*records, ""])) as found:
        both = {found.keys.contact_id(_number(place)) for place in (1, 2)}
        told: dict[int, set[str]] = defaultdict(set)
        for line, contact in found.rows("line_number, contact_id", f"({ALL_WITHDRAWALS_SQL})"):
            told[line].add(str(contact))
    assert {line: contacts - both for line, contacts in told.items()} == dict.fromkeys(told, set())
    assert [len(contacts) for contacts in told.values()] == [2] * len(SEVERAL)


@pytest.mark.parametrize(("feed_id", "joint"), [("plain", ","), ("plain", ";"), ("plain", " - "), ("bare", ", ")])
def test_many_numbers_in_one_line_are_heard_each(dossier: Dossier, feed_id: str, joint: str) -> None:
    line = joint.join(f"0639981{place:03}" for place in range(40))
    data = _plain(line) if feed_id == "plain" else f"{line}\n"
    assert _heard(dossier, feed_id, data)[0] == {_number(place) for place in range(40)}


@pytest.mark.parametrize("feed_id", ["plain", "quoted", "table"])
def test_rows_that_are_shifted_or_exchanged_are_heard(dossier: Dossier, feed_id: str) -> None:
    rows = [
        [cells[(place + step) % 3] for place in range(3)]
        for step in range(3)
        for cells in ([_pairs(3 * number + step), "2026-03-01 10:00:00", "STOP"] for number in range(10))
    ]
    joint = ";"
    data = table_lines(LABELS, *rows) if feed_id == "table" else _plain(*(joint.join(row) for row in rows))
    assert _heard(dossier, feed_id, data) == (
        {_number(3 * number + step) for number in range(10) for step in range(3)},
        False,
    )


def test_a_damaged_record_is_heard_wherever_its_number_is(dossier: Dossier) -> None:
    rows = [
        f"{_pairs(1)};2026-03-01;no; thanks",
        f"x;{_pairs(2)}",
        f'"{_pairs(3)};2026-03-01;"said so',
        f"{_pairs(4)};2026-03-01;d\udce9j\udce0 dit",
    ]
    data = _plain(*rows).encode("utf-8", errors="surrogateescape") + b"a;b;06 39 98 10 05"
    assert _heard(dossier, "quoted", data) == ({_number(place) for place in range(1, 6)}, False)


def test_json_that_is_broken_or_says_its_number_under_another_key_is_heard(dossier: Dossier) -> None:
    lines = [
        '{"phone": "0639981001"',
        '{"tel": "0639981002"}',
        '{"phone": "x", "phone": "0639981003"}',
        '["0639981004"]',
    ]
    assert _heard(dossier, "lines", "\n".join([*lines, ""])) == ({_number(place) for place in range(1, 5)}, False)


def test_a_line_that_says_something_of_which_nobody_is_heard_is_told_of(dossier: Dossier) -> None:
    sound, masked = "06 39 98 10 01;2026-03-01;STOP", "06 39 98 XX 12;;"
    unread = ["06 39 98;2026-03-01;STOP", "zoe@exemple.test;;", "a;b"]
    with judged(dossier, "plain", _plain(sound, masked, ";;", ";;;", sound, *unread)) as found:
        assert (found.judge.named, found.judge.unread) == (2, len(unread))
        assert found.judge.is_partly_unread


@pytest.mark.parametrize(
    ("rows", "is_unread"), [(["06 39 98 10 01;;", ";;"], False), ([";;", "; ;"], True), ([], False)]
)
def test_a_file_that_names_nobody_at_all_is_told_of(dossier: Dossier, rows: list[str], is_unread: bool) -> None:
    assert _heard(dossier, "plain", _plain(*rows))[1] is is_unread


def test_instants_and_ids_are_no_numbers(dossier: Dossier) -> None:
    rows = [
        "0652E344-D254-13B4-9D18-E38913830A85;2026-06-15T03:00:00+02:00",
        "612345678;01/07/2026 10:15:22",
        "A1;2026",
    ]
    assert _heard(dossier, "ids", "\n".join(["id;left_on", *rows, ""])) == (set(), False)
    assert _heard(dossier, "plain", _plain("n/a;01/07/2026 10:15:22;02.03.2026 09h15"))[0] == set()
