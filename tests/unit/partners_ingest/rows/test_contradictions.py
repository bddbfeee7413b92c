"""A record that contradicts itself is never a yes, whatever its format.

Numbers are of ARCEP's fiction range, names invented.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence

import pytest

from consent.dossiers.dossiers import Dossier
from tests.scenes.door.dossier_samples import DOSSIER
from tests.scenes.door.judged_rows import judged, sample_dossier, table_lines

LABELS = ["id", "name", "phone", "agrees", "agreed_at", "born", "zip"]
NO = ["1", "Lys", "06 39 98 00 01", "no", "2026-03-02T10:00:00+01:00", "1980-05-02", "75011"]
YES = [cell if cell != "no" else "yes" for cell in NO]
PATHS = {
    "id": "id",
    "name": "who.name",
    "phone": "who.phones[0].number",
    "agrees": "asks[ask=partners].says",
    "agreed_at": "at",
    "born": "who.born",
    "zip": "zip",
}


def _feed(start: str, end: str, text: str = DOSSIER) -> str:
    return text[text.index(start) : text.index(end)]


def _dossier_text() -> str:
    """The dossier with the feed of names in five formats, of which one has labels of its own beside the known ones."""
    names = _feed('  - feed_id: "lys-names"', '  - feed_id: "lys-lines"')
    names = names.replace("min_rows: 2", "min_rows: 0").replace("max_change_pct: 50", "max_change_pct: null")
    named = {
        "quoted": names,
        "plain": names.replace('quote: "\\""', "quote: null").replace('delimiter: ","', 'delimiter: ";"'),
        "table": names.replace('format: "csv"', 'format: "xlsx"')
        .replace('encoding: "utf-8"', "encoding: null")
        .replace('delimiter: ","', "delimiter: null")
        .replace('quote: "\\""', "quote: null"),
        "open": names.replace("    exported_at", '    optional_labels: ["*"]\n    exported_at', 1),
        "two": names.replace('"agrees", ', '"agrees", "accepte", ').replace(
            'consent_flag: "agrees"', 'consent_flag: ["agrees", "accepte"]'
        ),
        "lines": names.replace('format: "csv"', 'format: "jsonl"')
        .replace("header: true", "header: false")
        .replace('delimiter: ","', "delimiter: null")
        .replace('quote: "\\""', "quote: null"),
    }
    for label, path in PATHS.items():
        column = f'["{label}"]' if label == "phone" else f'"{label}"'
        wanted = f'["{path}"]' if label == "phone" else f'"{path}"'
        named["lines"] = named["lines"].replace(f": {column}\n", f": {wanted}\n")
    feeds = "".join(
        feed.replace('"lys-names"', f'"{name}"').replace("names_*", f"{name}_*") for name, feed in named.items()
    )
    return DOSSIER[: DOSSIER.index('  - feed_id: "lys-names"')] + feeds


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    return sample_dossier(tmp_path_factory.mktemp("contradictions"), _dossier_text())


def _delimited(rows: Sequence[Sequence[str]], delimiter: str, labels: Sequence[str] = LABELS) -> str:
    return "".join(delimiter.join(row) + "\n" for row in (labels, *rows))


def _record(cells: Sequence[str]) -> dict[str, object]:
    told = dict(zip(LABELS, cells, strict=True))
    return {
        "id": told["id"],
        "at": told["agreed_at"],
        "zip": told["zip"],
        "who": {"name": told["name"], "born": told["born"], "phones": [{"number": told["phone"]}]},
        "asks": [{"ask": "newsletter", "says": "yes"}, {"ask": "partners", "says": told["agrees"]}],
    }


def _files(rows: Sequence[Sequence[str]]) -> Mapping[str, str]:
    """Return the rows in every format."""
    return {
        "quoted": _delimited(rows, ","),
        "plain": _delimited(rows, ";"),
        "table": table_lines(LABELS, *(list(row) for row in rows)),
        "lines": "".join(json.dumps(_record(row)) + "\n" for row in rows),
    }


def _codes(dossier: Dossier, feed_id: str, data: str) -> list[tuple[list[str], str | None]]:
    with judged(dossier, feed_id, data) as found:
        return [(reasons, flag) for reasons, flag in found.rows("reasons, flag")]


@pytest.mark.parametrize("feed_id", ["quoted", "plain", "table", "lines"])
def test_no_shift_and_no_exchange_of_cells_makes_a_yes_of_a_refusal_or_an_absence(
    dossier: Dossier, feed_id: str
) -> None:
    """Every rotation and every exchange of two cells, of a refusal and of a row that says nothing."""
    blank = [cell if cell != "no" else "" for cell in NO]
    moved = [
        [row[(place + step) % len(row)] for place in range(len(row))]
        for row in (NO, blank)
        for step in range(1, len(row))
    ]
    for row in (NO, blank):
        for one, other in itertools.combinations(range(len(row)), 2):
            changed = list(row)
            changed[one], changed[other] = row[other], row[one]
            moved.append(changed)
    rows = [[*row[:1], f"{row[1]}{place}", *row[2:]] for place, row in enumerate(moved)]
    with judged(dossier, feed_id, _files([YES, *rows])[feed_id]) as found:
        assert len(found.given()) == 1, "the untouched yes alone"


@pytest.mark.parametrize("feed_id", ["quoted", "plain", "table", "lines"])
def test_a_yes_whose_cells_are_shifted_is_no_yes_and_one_odd_cell_is_no_shift(dossier: Dossier, feed_id: str) -> None:
    """The number and the answer are in their place, the cells behind them are not."""
    shifted = [[*YES[:4], YES[5], YES[6], YES[4]], [*YES[:4], "Zoé", YES[2], YES[6]]]
    odd = [[*YES[:6], YES[2]], [*YES[:4], "31/02/2026", *YES[5:]], [*YES[:5], "0000-00-00", "Paris"]]
    assert [reasons for reasons, _ in _codes(dossier, feed_id, _files([*shifted, *odd])[feed_id])] == [
        *[["CELLS_SHIFTED"]] * 2,
        *[[]] * 3,
    ]


def _lines(*records: str) -> str:
    return "".join(record + "\n" for record in records)


#: Of a sound record: what is written before the last of these words, and what in its place.
TWICE = [
    ('"at":', '"id": "2", "at":'),
    ('"name":', '"born": "1990-01-01", "name":'),
    ('{"number":', '{"number": "0639980002", "number":'),
    ('"says": "yes"}]', '"says": "no", "says": "yes"}]'),
    ('"says": "yes"}]', '"says": "yes", "\\u0073ays": "no"}]'),
    ('"asks":', '"asks": [], "asks":'),
    ('"zip":', '"zip": 1e5, "zip":'),  # a number that is restored by Python, where the last key counts
]


def _twice(before: str, after: str) -> str:
    sound = json.dumps(_record(YES))
    at = sound.rindex(before)
    return sound[:at] + after + sound[at + len(before) :]


def test_a_key_that_is_there_twice_with_two_values_is_no_yes(dossier: Dossier) -> None:
    sound = json.dumps(_record(YES))
    same = sound.replace('"zip":', '"zip": "75011", "zip":', 1)  # says one thing
    codes = _codes(dossier, "lines", _lines(sound, same, *(_twice(*one) for one in TWICE)))
    assert codes == [([], "given"), ([], "given"), *[(["FIELD_REPEATED"], None)] * len(TWICE)]


def test_a_key_that_is_there_twice_is_found_in_lists_of_any_length(dossier: Dossier) -> None:
    record = _record(YES)
    record["asks"] = [
        *({"ask": f"other {place}", "says": "yes"} for place in range(30)),
        {"ask": "partners", "says": "yes"},
    ]
    long = json.dumps(record)
    twice = long.replace('"says": "yes"}]', '"says": "no", "says": "yes"}]')
    assert _codes(dossier, "lines", _lines(long, twice)) == [([], "given"), (["FIELD_REPEATED"], None)]


def test_two_entries_of_one_consent_are_no_yes(dossier: Dossier) -> None:
    record, asks = _record(YES), [{"ask": "partners", "says": "yes"}]
    several = [
        json.dumps({**record, "id": says, "asks": [*asks, {"ask": "partners", "says": says}]})
        for says in ("no", "", "maybe", "yes")
    ]
    assert _codes(dossier, "lines", _lines(*several)) == [*[(["FIELD_REPEATED"], None)] * 3, ([], "given")]


FLAGS = [
    ("1", None),
    ("true", None),
    ("null", "refused"),
    ("[]", None),
    ('["yes"]', None),
    ('{"yes": "yes"}', None),
    ('"YES"', None),
    ('"yes "', "given"),
    ('" "', "refused"),
]


def test_a_flag_of_another_type_or_case_is_no_yes(dossier: Dossier) -> None:
    line = json.dumps(_record(YES))
    lines = [line.replace('"says": "yes"}]', f'"says": {says}}}]') for says, _ in FLAGS]
    assert [found for _, found in _codes(dossier, "lines", _lines(*lines))] == [flag for _, flag in FLAGS]


def test_a_key_in_another_case_is_an_absence(dossier: Dossier) -> None:
    lines = [json.dumps(_record(YES)).replace('"asks":', key) for key in ('"ASKS":', '"Asks":', '" asks":')]
    assert [flag for _, flag in _codes(dossier, "lines", _lines(*lines))] == ["refused"] * 3


def test_a_header_that_names_one_field_twice_counts_where_both_cells_agree(dossier: Dossier) -> None:
    labels = [*LABELS, "agrees"]
    rows = [[*YES, "yes"], [*YES, "no"], [*NO, "yes"]]
    data = _delimited([[str(place), *row[1:]] for place, row in enumerate(rows)], ",", labels)
    assert _codes(dossier, "open", data) == [([], "given"), (["FIELD_REPEATED"], None), (["FIELD_REPEATED"], None)]


def test_two_columns_of_consent_that_disagree_are_no_yes(dossier: Dossier) -> None:
    labels = [*LABELS[:4], "accepte", *LABELS[4:]]
    rows = [[*YES[:3], one, other, *YES[4:]] for one, other in (("yes", "no"), ("no", "yes"), ("yes", ""), ("", "yes"))]
    data = _delimited([[str(place), *row[1:]] for place, row in enumerate(rows)], ",", labels)
    assert [reasons for reasons, _ in _codes(dossier, "two", data)] == [
        ["CONSENT_CONTRADICTED"],
        ["CONSENT_CONTRADICTED"],
        [],
        [],
    ]


def test_a_line_that_no_reader_can_take_is_that_lines_fault(dossier: Dossier) -> None:
    sound = json.dumps(_record(YES))
    hostile = ["[" * 100_000, '{"id":1e5,"x":' + "9" * 5_000 + "}", '{"a":' * 50_000]
    codes = _codes(dossier, "lines", _lines(sound, *hostile, sound.replace('"1"', '"2"')))
    assert [codes[0], codes[-1]] == [([], "given")] * 2
    assert "given" not in [flag for _, flag in codes[1:-1]]
