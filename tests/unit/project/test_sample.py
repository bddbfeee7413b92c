"""The bundled sample is what its script writes, holds no number of a real person, and shows every row code."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from partners_ingest.rows.phone import NOWHERE, read_asked_number, read_phone
from sample.deterministic_gzip import gzip_bytes
from sample.make_sample import PARTNERS, ROOT, make_sample
from sample.people import DEMO_DAY, SHOWN_NUMBER
from sample.place import COLUMNS, INSEE_CODE, POSTCODE, lambert_93
from terms.environment import NumberRules
from terms.reasons import RowReason

#: Written on purpose, to be quarantined: the deny-list and the wrong lengths of the partners' rule page.
NO_NUMBERS = {"0606060606", "0123456789", "06399812", "0639980012345"}


def _files(folder: Path) -> dict[str, bytes]:
    names = ("landing", "open_data", "expected")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in names
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    }


def _entries() -> Iterator[dict[str, Any]]:
    for path in sorted((ROOT / "landing" / "jeux-valombre").glob("*.jsonl.gz")):
        try:
            lines = gzip.decompress(path.read_bytes()).splitlines()
        except EOFError:
            continue
        for line in lines:
            try:
                yield json.loads(line)
            except (json.JSONDecodeError, UnicodeDecodeError):
                continue


def _customers() -> Iterator[dict[str, str]]:
    for path in sorted((ROOT / "landing" / "boutique-iris").glob("*.csv*")):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        yield from csv.DictReader(data.decode("utf-8", errors="replace").splitlines())


def _contest_numbers() -> Iterator[str]:
    for entry in _entries():
        for field in entry["form"]:
            if field["variable"] == "mobile":
                yield from (answer["value"] for answer in field["responses"])


def _shop_numbers() -> Iterator[str]:
    for row in _customers():
        yield row.get("Default Address Phone") or ""


def test_the_committed_files_are_what_the_script_writes(tmp_path: Path) -> None:
    make_sample(tmp_path)
    assert _files(tmp_path) == _files(ROOT)


def test_every_number_is_of_the_fiction_range_or_no_number() -> None:
    written = [text for text in chain(_contest_numbers(), _shop_numbers()) if re.sub(r"\D", "", text) not in NO_NUMBERS]
    read = Counter(read_phone(text, NOWHERE, NumberRules.FICTION).e164 for text in written)
    unread = read.pop(None, 0)
    assert all(re.fullmatch(r"\+3363998\d{4}", str(number)) for number in read)
    assert len(read) > 1_200
    assert unread < 60


def test_no_line_of_the_sample_holds_another_mobile_number() -> None:
    mobile = re.compile(rb"(?<!\d)(?:\+33|0033|0)[ .]?[67](?:[ .-]?\d{2}){4}(?!\d)")
    for name, content in _files(ROOT).items():
        found = {re.sub(rb"\D", b"", match) for match in mobile.findall(content)}
        others = {digits for digits in found if not digits[-9:].startswith(b"63998")}
        assert others <= {b"0606060606"}, name


#: Shown by `tests/unit/partners_ingest/rows/test_contradictions.py`.
CONTRADICTIONS = (RowReason.FIELD_REPEATED, RowReason.CONSENT_CONTRADICTED, RowReason.CELLS_SHIFTED)


def test_every_row_code_is_expected_at_least_twice() -> None:
    with (ROOT / "expected" / "quarantine.csv").open() as handle:
        codes = Counter(code for row in csv.DictReader(handle) for code in row["reasons"].split("|"))
    # nobody was erased before the sample arrives, and none of its records contradicts itself
    elsewhere = {RowReason.PERSON_ERASED, *CONTRADICTIONS}
    assert set(codes) == {code.value for code in set(RowReason) - elsewhere}
    assert {code for code, count in codes.items() if count < 2} == {"LINE_TRUNCATED"}


def test_control_totals_add_up() -> None:
    with (ROOT / "expected" / "files.csv").open() as handle:
        accepted = [row for row in csv.DictReader(handle) if row["outcome"] == "accepted"]
    assert len(accepted) == 10
    for row in accepted:
        assert int(row["data_rows"]) == int(row["accepted_rows"]) + int(row["quarantined_rows"]), row["file"]


def test_the_shown_number_stands_in_both_partners_files() -> None:
    wanted = read_asked_number(SHOWN_NUMBER, NumberRules.FICTION)
    for written in (_contest_numbers(), _shop_numbers()):
        assert wanted in {read_phone(text, NOWHERE, NumberRules.FICTION).e164 for text in written}


def test_audits_of_the_forms_that_the_demo_sends_on_are_in_date() -> None:
    dossier = yaml.safe_load((PARTNERS / "jeux-valombre" / "partner.yaml").read_text())
    audited = {audit["form_version"]: audit["on"] for audit in dossier["audits"]}
    assert audited["600300"] > DEMO_DAY.replace(year=DEMO_DAY.year - 1).isoformat()


def test_addresses_are_in_the_commune_and_carry_its_codes() -> None:
    with gzip.open(ROOT / "open_data" / "ban" / "adresses-48.csv.gz", "rt") as handle:
        rows = list(csv.DictReader(handle, delimiter=";"))
    assert 2_300 <= len(rows) <= 2_700
    assert len({row["id"] for row in rows}) == len(rows)
    assert {(row["code_insee"], row["code_postal"]) for row in rows} == {(INSEE_CODE, POSTCODE)}
    assert len({row["nom_voie"] for row in rows}) == 40


def test_bureau_maps_differ_by_a_split_and_a_renumbering() -> None:
    codes = {}
    for year in (2022, 2026):
        text = (ROOT / "open_data" / "maps" / f"contours-bureaux-{year}.geojson").read_text()
        codes[year] = {feature["properties"]["codeBureauVote"] for feature in json.loads(text)["features"]}
    assert len(codes[2022]) == COLUMNS * 3
    assert codes[2022] - codes[2026] == {f"{INSEE_CODE}_0009"}
    assert codes[2026] - codes[2022] == {f"{INSEE_CODE}_0013", f"{INSEE_CODE}_0014"}


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 200_000])
def test_stored_gzip_opens_with_the_standard_library(size: int) -> None:
    data = bytes(position % 251 for position in range(size))
    assert gzip.decompress(gzip_bytes(data)) == data


def test_lambert_93_agrees_with_a_published_address() -> None:
    """BAN row 75103_9382_00031 (Rue des Tournelles) gives both positions."""
    x, y = lambert_93(2.367234, 48.856059)
    assert (x, y) == pytest.approx((653571.61, 6861966.16), abs=0.2)
