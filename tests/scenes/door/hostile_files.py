"""Files made to break whoever reads them: a class for each way to do it, some files of each class.

`python -m tests.scenes.door.hostile_files FOLDER` writes them as a landing folder. What must hold when they are taken in
belongs to `test_hostile_files`. Every number is of ARCEP's fiction range, and of one block of it (`MARK`), so that a search
finds each. Bombs are small: what is too much is a setting, and the test sets it low (`LIMITS`).
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from terms.limits import ReadingLimits
from tests.scenes.door.dossier_samples import NAMES_HEADER, PARTNER, json_row
from tests.scenes.door.format_files import RECOMMENDED, as_csv, as_parquet, as_workbook, recommended_records

#: The numbers of these files, and of no others, have these digits one behind the other.
MARK = "63998777"
#: No person of any other file has this name.
NAME = "Quetzalcoatline"
LIMITS = ReadingLimits(memory_mib=6144, seconds=120, unpacked_mib=48, line_kib=512, lines=200_000, columns=500)

_LYS, _RECOMMENDED = PARTNER, "recommended"
_EXPONENT = '"n": 1e5'


@dataclass(frozen=True)
class HostileFile:
    """One file: its class, whose it is, its name (bytes, as file systems have them) and content."""

    kind: str
    partner: str
    name: bytes
    data: bytes


def hostile_files() -> list[HostileFile]:
    """Return all files; those of one partner have different names."""
    day = date(2026, 4, 1)
    files = []
    for kind, (partner, pattern, make) in CLASSES.items():
        for data in make():
            day += timedelta(days=1)
            name = pattern.format(day=day.strftime("%Y%m%d")) if isinstance(pattern, str) else pattern
            files.append(HostileFile(kind, partner, name.encode(), data))
    names = (_named(number, name) for number, name in enumerate(_NAMES))
    return [*files, *names]


def write_landing(root: Path) -> int:
    """Write the files into a landing folder, and return how many."""
    files = hostile_files()
    for file in files:
        folder = root / file.partner
        folder.mkdir(parents=True, exist_ok=True)
        Path(bytes(folder).decode()).joinpath(file.name.decode("utf-8", "surrogateescape")).write_bytes(file.data)
    return len(files)


def _phone(number: int = 1) -> str:
    return f"0{MARK}{number % 10}"


def _row(phone: str, number: int = 1, name: str = NAME) -> str:
    return f"{number},{name},{phone},yes,2026-03-01T10:00:00+01:00,1980-05-02,75011\n"


def _csv(*phones: str) -> bytes:
    return (NAMES_HEADER + "".join(_row(phone, place) for place, phone in enumerate([_phone(), *phones]))).encode()


def _json(extra: str) -> bytes:
    """Return three records, of which the middle one has something more."""
    plain = json_row(1).rstrip("\n")
    spoilt = f"{plain[:-1]}, {extra}}}"
    return gzip.compress("\n".join([json_row(2).rstrip("\n"), spoilt, json_row(3).rstrip("\n"), ""]).encode(), mtime=0)


def _long_integers() -> Iterator[bytes]:
    for digits in (4001, 4301, 5000, 20_000, 200_000):
        yield _json(f'{_EXPONENT}, "i": {"9" * digits}')


def _deep_with_exponent() -> Iterator[bytes]:
    for opened, closed in (("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")):
        yield _json(f'{_EXPONENT}, "d": {opened * 5000}1{closed * 5000}')
    yield _json(f'{_EXPONENT}, "d": {"[" * 99_999}{"]" * 99_999}')
    yield _json(f'{_EXPONENT}, "d": {"[" * 120}{"]" * 120}')


def _deep() -> Iterator[bytes]:
    for depth in (101, 1_000, 5_000, 50_000, 200_000):
        yield _json(f'"d": {"[" * depth}{"]" * depth}')


def _odd_json() -> Iterator[bytes]:
    for extra in (
        '"a": NaN',
        '"a": 1e999999',
        '"a": "\\ud800"',
        '"a": "\\u0000"',
        '"a": 1, "a": {"a": [1e5]}',
        '"": ""',
    ):
        yield _json(extra)
    yield gzip.compress(b"[]\n{}\nnull\n1e5\n" + json_row(1).encode(), mtime=0)
    yield gzip.compress(b'{"a":' * 5, mtime=0)


def _long_lines() -> Iterator[bytes]:
    for letter in (b"x", b" ", b'"', b"[", b"\0"):
        yield gzip.compress(letter * (3 << 20), mtime=0)


def _blank_lines() -> Iterator[bytes]:
    for line in (b"\n", b"\r\n", b" \n", b"{}\n", b"\0\n", b"\t\t\n"):
        yield gzip.compress(line * 1_300_000, mtime=0)


def _bombs() -> Iterator[bytes]:
    for line in (json_row(1).encode(), b"x" * 1000 + b"\n", b"\0" * 9999 + b"\n", json_row(2).encode() * 2):
        yield gzip.compress(line * ((52 << 20) // len(line)), compresslevel=1, mtime=0)
    yield gzip.compress(b"0" * 600 + b"\n", mtime=0) * 90_000


def _gzips() -> Iterator[bytes]:
    whole = gzip.compress(json_row(1).encode() * 3, mtime=0)
    yield gzip.compress(gzip.compress(whole, mtime=0), mtime=0)
    yield whole[:-6]
    yield whole[:-8] + b"\0" * 8
    yield whole + b"garbage"
    yield b"\x1f\x8b"
    yield whole[:3] + b"\xff" + whole[4:]


def _zips() -> Iterator[bytes]:
    for names in (["/etc/names.csv"], ["../../names.csv"], ["a\nb"], ["n" * 60_000], [f"{n}" for n in range(500)], []):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in names:
                archive.writestr(name, _csv())
        yield out.getvalue()


def _cells() -> Iterator[bytes]:
    number = _phone(2)
    for before, repeated in (
        *(("", " "), (" ", " / "), ("", "."), ("", "'"), ("", "tel "), ("", "p:"), ("", "\u0301\u0316")),
        *(("", "(0)"), ("", "-"), ("", "o"), ("", " ou "), ("", ";"), ("1e", "0"), ("", "=")),
    ):
        yield _csv(f"{number}{before}{repeated * (200_000 // len(repeated))}x", f"{repeated * 1000}{number}")


def _quotes() -> Iterator[bytes]:
    rows = [_row(_phone(row), row) for row in range(400)]
    yield (NAMES_HEADER + '"' * 100_001 + "\n" + "".join(rows)).encode()
    yield (NAMES_HEADER + "".join(f'"{row}' for row in rows)).encode()
    yield (NAMES_HEADER + '1,"' + "".join(rows)).encode()
    yield (NAMES_HEADER + '","' * 60_000 + "\n" + "".join(rows)).encode()
    yield b'"' + NAMES_HEADER.encode() + "".join(rows).encode()


def _bytes() -> Iterator[bytes]:
    whole = _csv(_phone(3))
    for piece in (
        b"\0",
        b"\x1a",
        b"\x1e\x1f",
        b"\x0b\x0c\x85",
        b"\xff\xfe",
        b"\xc0\xaf\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
    ):
        yield whole.replace(b"75011", piece + b"75011" + piece)


def _encodings() -> Iterator[bytes]:
    text = _csv(_phone(4)).decode()
    yield b"\xff\xfe" + text.encode("utf-16-le")[:-1]
    yield b"\xfe\xff" + text.encode("utf-16-le")
    yield b"\xff\xfe\0\0" + text.encode("utf-32-le")
    yield b"\xef\xbb\xbf" * 500 + text.encode()
    yield text.encode("utf-16-be")
    yield text.encode("utf-7")


def _headers() -> Iterator[bytes]:
    rows = _row(_phone(5)) * 2
    yield (",".join(f"c{place}" for place in range(6000)) + "\n" + rows).encode()
    yield ("," * 100_000 + "\n" + rows).encode()
    yield (f"id,{'n' * 400_000}\n" + rows).encode()
    yield (f"id,n{chr(0x301) + chr(0x316):s}" + "\u0301\u0316" * 60_000 + "\n" + rows).encode()
    yield (",".join(["phone"] * 400) + "\n" + rows).encode()
    yield (NAMES_HEADER.strip() * 2000 + "\n" + rows).encode()
    yield ('"' + "\n" * 600 + '",name\n' + rows).encode()


def _wide_rows() -> Iterator[bytes]:
    for cell in (",", '"",', '"a",', " ,", f"{MARK},"):
        yield _csv() + (cell * (300_000 // len(cell)) + "\n").encode()


def _other_files() -> Iterator[bytes]:
    yield b"<!DOCTYPE html><html><body>" + b"<div>" * 50_000
    yield b"%PDF-1.7\n" + bytes(range(256)) * 200
    yield b"\x7fELF" + bytes(range(256)) * 200
    yield b"SQLite format 3\0" + bytes(4096)
    yield b"-----BEGIN PGP MESSAGE-----\n\nAAAA\n"
    yield b"\x85\x01\x0c\x03" + bytes(300)
    yield b"PAR1" + bytes(100) + b"PAR1"


def _injections() -> Iterator[bytes]:
    for text in (
        *("'; drop table fields; --", "=cmd|' /C calc'!A0", "{{ env_var('HOME') }}", "$(id)", "/proc/self/environ"),
        *("%s%s%n", "../../../etc/passwd", "x' || getenv('PATH') || '"),
    ):
        yield (NAMES_HEADER + _row(_phone(6)) + _row(_phone(7), 2, text) + text + _row(text, 3)).encode()


def _dates() -> Iterator[bytes]:
    for day in ("99999-01-01", "-0001-01-01", "1e308", "0000-00-00", "9" * 400, "2026-02-30T25:61:61+99:99"):
        row = _row(_phone(8), 2).replace("2026-03-01T10:00:00+01:00", day).replace("1980-05-02", day)
        yield (NAMES_HEADER + _row(_phone(8)) + row).encode()


def _withdrawals() -> Iterator[bytes]:
    yield b"id;left_on\n" + b"1;" + b" " * 200_000 + b"x\n"
    yield b"id;left_on\n" + b";" * 200_000 + b"\n"
    yield b"id;left_on\n" + b"1;2026-03-01" * 20_000
    yield b"id;left_on\n" + b"\xff" * 1000 + b"\n1;\n"
    yield b"left_on\n"


def _changed_workbook(part: str, change: Callable[[str], str]) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_workbook(_records()))) as whole,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in whole.namelist():
            text = whole.read(name).decode()
            made.writestr(name, change(text) if part in name else text)
    return out.getvalue()


def _records() -> list[dict[str, str]]:
    return [{**record, "phone": f"+33{MARK}{place}"} for place, record in enumerate(recommended_records("0" * 16))]


def _workbooks() -> Iterator[bytes]:
    def rows(more: str) -> bytes:
        return _changed_workbook("sheet1", lambda text: text.replace("</sheetData>", f"{more}</sheetData>"))

    wide = "".join(
        f'<row r="{row}"><c r="A{row}"><v>1</v></c><c r="ALL{row}"><v>1</v></c></row>' for row in range(9, 30_000)
    )
    yield rows('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    yield rows(wide)
    yield rows('<row r="9"><c t="inlineStr"><is><t>' + "x" * 3_000_000 + "</t></is></c></row>")
    yield rows("<row>" * 40_000)
    yield _changed_workbook("sheet1", lambda text: text[: len(text) // 2])
    laughs = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    doctype = f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>'
    yield _changed_workbook(
        "sheet1", lambda text: text.replace("?>", f"?>{doctype}", 1).replace("<t ", "<t>&a9;</t><t ", 1)
    )
    yield as_workbook(_records())[:-200]


def _parquets() -> Iterator[bytes]:
    whole = as_parquet(_records())
    yield whole[:-20]
    yield whole[:100] + b"\xff" * 200 + whole[300:]
    yield whole[:-8] + b"\xff\xff\xff\x7fPAR1"
    columns = {name: ["x" * 60_000] * 300 for name in RECOMMENDED}
    yield _parquet(pa.table(columns))
    yield _parquet(pa.table({name: pa.array([{"a": [{"b": 1}]}] * 3) for name in RECOMMENDED}))
    yield _parquet(pa.table({name: pa.array([b"\xff\xfe"] * 3) for name in RECOMMENDED}))
    yield _parquet(pa.table({f"c{place}": [1] for place in range(3000)}))


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _recommended_json() -> Iterator[bytes]:
    record = dict.fromkeys(RECOMMENDED, "") | _records()[0]
    for value in ([[]] * 5000, {"a": {"b": "c"}}, "x" * 400_000, ["+33" + MARK + "1"] * 5000, None, 10**400):
        yield (json.dumps(record) + "\n" + json.dumps({**record, "phone": value}) + "\n").encode()


def _recommended_csv() -> Iterator[bytes]:
    for text in ("|" * 200_000, "sms|" * 50_000, "\u202e" * 50_000, "🏴" * 50_000, '""' * 50_000):
        yield as_csv([{**_records()[0], "consent_channel": text}, _records()[1]])


def _empty() -> Iterator[bytes]:
    yield from (b"", b"\n", b"\r\n" * 3, NAMES_HEADER.encode().rstrip(), NAMES_HEADER.encode() * 3)


#: Class -> whose files they are, their name with its day, and what makes them.
CLASSES: dict[str, tuple[str, str, Callable[[], Iterator[bytes]]]] = {
    "integer of thousands of digits": (_LYS, "lines_{day}T020000Z.jsonl.gz", _long_integers),
    "deep record with an exponent": (_LYS, "lines_{day}T020000Z.jsonl.gz", _deep_with_exponent),
    "deep record": (_LYS, "lines_{day}T020000Z.jsonl.gz", _deep),
    "odd JSON": (_LYS, "lines_{day}T020000Z.jsonl.gz", _odd_json),
    "one long line": (_LYS, "lines_{day}T020000Z.jsonl.gz", _long_lines),
    "blank lines": (_LYS, "lines_{day}T020000Z.jsonl.gz", _blank_lines),
    "bomb": (_LYS, "lines_{day}T020000Z.jsonl.gz", _bombs),
    "spoilt gzip": (_LYS, "lines_{day}T020000Z.jsonl.gz", _gzips),
    "zip": (_LYS, "names_{day}.csv", _zips),
    "long cell": (_LYS, "names_{day}.csv", _cells),
    "quotes": (_LYS, "names_{day}.csv", _quotes),
    "odd bytes": (_LYS, "names_{day}.csv", _bytes),
    "odd encoding": (_LYS, "names_{day}.csv", _encodings),
    "header": (_LYS, "names_{day}.csv", _headers),
    "wide row": (_LYS, "names_{day}.csv", _wide_rows),
    "another file": (_LYS, "names_{day}.csv", _other_files),
    "injection": (_LYS, "names_{day}.csv", _injections),
    "dates": (_LYS, "names_{day}.csv", _dates),
    "empty": (_LYS, "names_{day}.csv", _empty),
    "withdrawals": (_LYS, "left_{day}.csv", _withdrawals),
    "workbook": (_RECOMMENDED, "consents_{day}T060000Z.xlsx", _workbooks),
    "Parquet": (_RECOMMENDED, "consents_{day}T060000Z.parquet", _parquets),
    "text for a workbook": (_RECOMMENDED, "consents_{day}T060000Z.xlsx", _headers),
    "text for Parquet": (_RECOMMENDED, "consents_{day}T060000Z.parquet", _other_files),
    "workbook for text": (_RECOMMENDED, "consents_{day}T060000Z.csv", _workbooks),
    "odd value": (_RECOMMENDED, "consents_{day}T060000Z.jsonl", _recommended_json),
    "list of thousands": (_RECOMMENDED, "consents_{day}T060000Z.csv", _recommended_csv),
    "packed where text is told": (_RECOMMENDED, "consents_{day}T060000Z.jsonl", _bombs),
    "sealed for nobody": (_LYS, "lines_{day}T020000Z.jsonl.gz.gpg", _other_files),
}

_NAMES = (
    *(f"names_{MARK}1.csv", f"0{MARK}2.csv", "names_+33 6 39 98 77 73_20260309.csv", "zoe@exemple.test.csv"),
    *("names_20260309.csv\n.csv", "n" * 250 + ".csv", "names_*.csv", "-rf", "$(id).csv", "names_\udcff.csv"),
    *("names_20260309.csv;.exe", "\u202evsc.seman"),
)


def _named(number: int, name: str) -> HostileFile:
    return HostileFile("file name", _LYS, name.encode("utf-8", "surrogateescape"), _csv(f"{_phone()} {number}"))


if __name__ == "__main__":
    print(write_landing(Path(sys.argv[1])), "files")
