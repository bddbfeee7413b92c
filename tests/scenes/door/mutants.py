"""Files of every format, damaged in a dozen ways; each mutant is known by its seed and number.

What must hold when one is taken in belongs to `door_fuzz`.
"""

from __future__ import annotations

import gzip
import io
import random
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from consent.dossiers.dossiers import read_dossier
from tests.commands import ROOT
from tests.scenes.door import format_files as formats

FORMATS = ROOT / "docs" / "formats"


@dataclass(frozen=True)
class Original:
    """An untouched file: whose, under which name, what separates its cells, how many lines its header takes, those within labels apart."""

    partner: str
    name: str
    data: bytes
    delimiter: str
    encoding: str = "utf-8"
    header_lines: int = 1


def originals() -> list[Original]:
    """Return one file of each feed of docs/formats."""
    notice = read_dossier(FORMATS / "recommended").notices[0].notice_id
    records = [
        {**record, "record_id": f"{place}{record['record_id']}", "phone": f"+3363998{place:02}{record['phone'][-2:]}"}
        for place in range(4)
        for record in formats.recommended_records(notice)
    ]
    members = [formats.mailchimp_member(n, "", '"2026-03-17 08:00:00"') + '"un, deux"' for n in range(1, 9)]
    gone = [formats.mailchimp_member(n, "", "") + ',"2026-05-02 10:00:00",non,c1' for n in range(1, 9)]
    entries = [formats.kimple_entry(n, str(n % 3), "1", str(int(n == 7))) for n in range(1, 9)]
    grid = '{0};Mme;Hélène;Bérard{0};h{0}@exemple.test;Client;;"1 {0},45 €";1;1;1;"2026-03-31 12:00:00";;"06 39 98 50 0{0}"\n'
    news = "N{0};Toiles;Mme;Bérard{0};Zoé;z{0}@exemple.test;1;2026-10-0{0} 02:30:00;fr;063998510{0}\n"
    shop = "{0},zoe{0},$P$Bsecret{0},2026-01-02 03:04:05,,(06) 39-98-60-0{0},yes,176732304{0},WC-3\n"
    eight = range(1, 9)
    return [
        Original("typeform", "responses_20260504_0600.csv", formats.TYPEFORM_OLD.encode(), ","),
        Original(
            "meta-leads", "leads_2026-10-01_0900.csv", formats.meta_leads("id", "\t").encode("utf-16"), "\t", "utf-16"
        ),
        Original("meta-leads", "feuille_leads_2026-10-01.csv", formats.meta_leads("Lead", ",").encode(), ","),
        _lines("mailchimp", "subscribed_members_export_202604010600.csv", [formats.MAILCHIMP_LABELS, *members], ","),
        _lines(
            *("mailchimp", "unsubscribed_members_export_202606010600.csv"),
            [f"{formats.MAILCHIMP_LABELS},UNSUB_TIME,UNSUB_REASON,UNSUB_CAMPAIGN_ID", *gone],
            ",",
        ),
        _lines(
            "kimple",
            "kimple_20260401T020000Z.csv",
            [f"{formats.KIMPLE_LABELS};box", *"".join(entries).splitlines()],
            ";",
        ),
        _lines(
            *("prestashop", "customer_2026-04-01_090000.csv"),
            [formats.GRID["fr"].strip(), *"".join(map(grid.format, eight)).splitlines()],
            ";",
        ),
        _lines(
            *("prestashop", "newsletter_2026-11-01_090000.csv"),
            [
                "id;shop_name;gender;lastname;firstname;email;subscribed;subscribed_on;iso_language;Phone",
                *"".join(map(news.format, eight)).splitlines(),
            ],
            ";",
        ),
        _lines(
            *("woocommerce", "user_export_2026-02-01-09-00-00.csv"),
            [
                "ID,user_login,user_pass,user_registered,billing_phone,shipping_phone,accord_messages,"
                "accord_messages_date,accord_messages_version",
                *"".join(map(shop.format, eight)).splitlines(),
            ],
            ",",
        ),
        Original("recommended", "consents_20260303T020000Z.csv", formats.as_csv(records), ","),
        Original(
            "recommended", "consents_20260303T020000Z.csv.gz", gzip.compress(formats.as_csv(records), mtime=0), ","
        ),
        Original("recommended", "consents_20260303T020000Z.jsonl", formats.as_json_lines(records), ",", header_lines=0),
        Original("recommended", "consents_20260303T020000Z.xlsx", formats.as_workbook(records), ","),
        Original("recommended", "consents_20260303T020000Z.parquet", formats.as_parquet(records), ","),
    ]


def _lines(partner: str, name: str, lines: list[str], delimiter: str) -> Original:
    return Original(partner, name, "".join(f"{line}\n" for line in lines).encode(), delimiter)


Mutation = Callable[[bytes, Original, random.Random], bytes]


def flip_bits(data: bytes, _: Original, chance: random.Random) -> bytes:
    """Flip one to twenty bits anywhere."""
    changed = bytearray(data)
    for _place in range(chance.randint(1, 20) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut_end(data: bytes, _: Original, chance: random.Random) -> bytes:
    """Lose the end, as a broken transfer does."""
    return data[: chance.randint(0, len(data))]


def cut_middle(data: bytes, _: Original, chance: random.Random) -> bytes:
    """Lose a piece anywhere, its newlines included."""
    start = chance.randint(0, len(data))
    return data[:start] + data[start + chance.randint(1, 400) :]


def swap_columns(data: bytes, original: Original, chance: random.Random) -> bytes:
    """Change two columns, in all lines or in one."""
    lines = _decoded(data, original).split("\n")
    first, second = chance.randrange(6), chance.randrange(6)
    chosen = range(len(lines)) if chance.random() < 0.5 else [chance.randrange(len(lines))]
    for place in chosen:
        cells = lines[place].split(original.delimiter)
        if len(cells) > max(first, second):
            cells[first], cells[second] = cells[second], cells[first]
            lines[place] = original.delimiter.join(cells)
    return _encoded("\n".join(lines), original)


def change_encoding(data: bytes, original: Original, chance: random.Random) -> bytes:
    """Save the file, or one line of it, in another encoding."""
    name = chance.choice(["cp1252", "utf-16", "utf-16-be", "utf-8-sig", "cp850", "mac-roman", "utf-32", "utf-8"])
    if chance.random() < 0.5:
        return _decoded(data, original).encode(name, "replace")
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    lines[place] = (lines[place].decode("utf-8", "replace") + "é€").encode(name, "replace")
    return b"\n".join(lines)


def change_separator(data: bytes, original: Original, chance: random.Random) -> bytes:
    """Save the file, or one line of it, with another separator."""
    text, other = _decoded(data, original), chance.choice([",", ";", "\t", "|", "  "])
    if chance.random() < 0.5:
        return _encoded(text.replace(original.delimiter, other), original)
    lines = text.split("\n")
    place = chance.randrange(len(lines))
    lines[place] = lines[place].replace(original.delimiter, other)
    return _encoded("\n".join(lines), original)


def glue(data: bytes, original: Original, chance: random.Random) -> bytes:
    """Put another file behind or before it: itself, or one of another format; with or without a newline."""
    other = chance.choice([original, *originals()]).data
    parts = [data.rstrip(b"\n") if chance.random() < 0.5 else data, other]
    chance.shuffle(parts)
    return b"".join(parts)


def move_lines(data: bytes, _: Original, chance: random.Random) -> bytes:
    """Repeat, lose or shuffle lines, the header among them."""
    lines = data.split(b"\n")
    match chance.randrange(3):
        case 0:
            lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
        case 1:
            lines.pop(chance.randrange(len(lines)))
        case _:
            chance.shuffle(lines)
    return b"\n".join(lines)


def insert_piece(data: bytes, _: Original, chance: random.Random) -> bytes:
    """Put something in that readers stumble on."""
    pieces = [b'"', b'""', b"\0", b"\r", b"\n", b"\r\n", b"\n\n\n", b"\\", b"{", b"}", b"\xff\xfe", b"\xef\xbb\xbf"]
    pieces += [
        b"\x1a",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"\x0b\x0c",
        b"'",
        b"$$",
        b"%s{}",
        b"\xed\xa0\x80",
        b"9" * 400,
        b"x" * 70_000,
    ]
    pieces += [b"1e999", b'"a":1,', b"-0", b"[[[[", b"\\ud800", b"NaN"]
    for _place in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        data = data[:at] + chance.choice(pieces) + data[at:]
    return data


def end_lines_otherwise(data: bytes, _: Original, chance: random.Random) -> bytes:
    """Change how lines end, or leave the last one open."""
    return chance.choice(
        [
            data.replace(b"\n", b"\r\n"),
            data.replace(b"\n", b"\r"),
            data.rstrip(b"\n"),
            data + b"\n\n",
            data.replace(b"\n", b""),
        ]
    )


def wrap(data: bytes, _: Original, chance: random.Random) -> bytes:
    """Put it into a container, whole or damaged, or before it what a server says of its errors."""
    match chance.randrange(4):
        case 0:
            return gzip.compress(data, mtime=0)
        case 1:
            return gzip.compress(data, mtime=0)[: chance.randint(2, 60)]
        case 2:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                for place in range(chance.randint(1, 2)):
                    archive.writestr(f"{place}.csv", data)
            return packed.getvalue()
        case _:
            return b"<!DOCTYPE html><p>503</p>\n" + data


def mutate_unpacked(data: bytes, original: Original, chance: random.Random) -> bytes:
    """Mutate what is inside a gzip file, so that the container is whole and its content is not."""
    if not data.startswith(b"\x1f\x8b"):
        return flip_bits(data, original, chance)
    try:
        inner = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return data
    return gzip.compress(chance.choice(_PLAIN)(inner, original, chance), mtime=0)


_PLAIN: tuple[Mutation, ...] = (
    *(flip_bits, cut_end, cut_middle, swap_columns, change_encoding, change_separator, glue, move_lines, insert_piece),
    end_lines_otherwise,
)
MUTATIONS: tuple[Mutation, ...] = (*_PLAIN, wrap, mutate_unpacked)


def _decoded(data: bytes, original: Original) -> str:
    return data.decode(original.encoding, "surrogateescape" if original.encoding == "utf-8" else "replace")


def _encoded(text: str, original: Original) -> bytes:
    return text.encode(original.encoding, "surrogateescape" if original.encoding == "utf-8" else "replace")


@dataclass(frozen=True)
class Mutant:
    """One mutated file; the same for the same seed and number."""

    number: int
    original: Original
    mutations: tuple[str, ...]
    data: bytes


def mutant(seed: int, number: int, originals_: list[Original]) -> Mutant:
    """Return the file of this seed and number: an original with one to three mutations."""
    chance = random.Random(f"{seed}:{number}")
    original = originals_[number % len(originals_)]
    chosen = chance.choices(MUTATIONS, k=chance.choice([1, 1, 2, 3]))
    data = original.data
    for mutation in chosen:
        data = mutation(data, original, chance)
    return Mutant(number, original, tuple(mutation.__name__ for mutation in chosen), data)
