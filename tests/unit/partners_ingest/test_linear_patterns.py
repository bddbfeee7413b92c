"""Long repetitions in a cell: every rule on a partner's text takes time in proportion to its length.

A cell ten times as long may take thirty times as long before a test fails: a rule with a square takes a hundred times.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from partners_ingest.arrival.file_names import masked_name, storable_name
from partners_ingest.erased.erased_records import Marks, marked_lines
from partners_ingest.readers.json_lines import RecordLimits, depth_of
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.text_repair import repair_mojibake
from partners_ingest.rows.phone import NOWHERE, read_asked_number, read_phone
from stores.keys import KeyedHash
from terms.environment import NumberRules
from terms.free_text import refuse_number

SHORT, LONG = 2_000, 20_000
MOST_TIMES, LEAST_SECONDS = 30, 0.25

#: A beginning, what is repeated, an end.
REPEATED = [
    ("06", " ", "39 98 00 01"),
    ("06", " ", "x"),
    ("06 39 98 00 01", " / ", "06"),
    ("06 39 98 00 01", " ", "/x"),
    ("", ".", "x1"),
    ("", "-.", "é1"),
    ("", "1 ", "x"),
    ("", "1x", ""),
    ("", "p:", "1"),
    ("", "tel", "1"),
    ("tel", " ", "x1"),
    ("", "'", "1"),
    ("", '="', '1"'),
    ("", "o", "e1"),
    ("1", "o", "ou"),
    ("", " ou ", "1"),
    ("", " ;", "1"),
    ("", "et", "1"),
    ("1 ", "-", "et 1"),
    ("1,", "0", "e9"),
    ("+", "(0)", "6"),
    ("1e", "\u0301\u0316", "6"),
    ("1", "\u0344", "6"),
    ("", "Ã©", ""),
    ("", "â€", "™"),
    ("", "(customer.metafields.", "1"),
    ("", "[", ""),
    ("", '"\\', ""),
    ("", "/", ""),
]

RULES: dict[str, Callable[[str], object]] = {
    "phone": lambda text: read_phone(text, NOWHERE, NumberRules.FICTION),
    "asked number": lambda text: read_asked_number(text, NumberRules.FICTION),
    "mojibake": repair_mojibake,
    "label": plain_label,
    "depth": lambda text: depth_of(text),
    "file name": storable_name,
    "masked name": masked_name,
    "marks": lambda text: marked_lines([(1, text.encode())], Marks(KeyedHash(b"k"), frozenset({"m"}))),
    "reason": lambda text: _tried(lambda: refuse_number(text, "It")),
    "limits": lambda text: RecordLimits(len(text), 1),
}


def _tried(rule: Callable[[], object]) -> None:
    try:
        rule()
    except Exception:
        return


def _seconds(rule: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    rule(text)
    return time.process_time() - began


@pytest.mark.parametrize("name", RULES)
def test_no_rule_takes_more_than_its_share_for_a_longer_cell(name: str) -> None:
    rule = RULES[name]
    slow = []
    for start, repeated, end in REPEATED:
        short, long = (start + repeated * (length // len(repeated)) + end for length in (SHORT, LONG))
        before, after = _seconds(rule, short), _seconds(rule, long)
        if after > LEAST_SECONDS and after > MOST_TIMES * before:
            slow.append((start, repeated, end, round(before, 3), round(after, 3)))
    assert slow == []
