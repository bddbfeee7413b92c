"""Files of the invented partner `jeux-valombre`: contest entries as JSON lines, withdrawals as CSV.

The layout is Qualifio's (one entry a line, `form[]` and `optins[]` with variables). Who the persons are is
decided in `sample.people`; the texts shown come from the partner's dossier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from sample.deterministic_gzip import gzip_bytes
from sample.landed_file import LandedFile, QuarantinedRow
from sample.people import Person, written_number

PARTNER = "jeux-valombre"
_HOST = "jeux.jeux-valombre.test"
_PAGES = {
    "600100": "presse-2023",
    "600200": "valombre-2025",
    "600300": "valombre-2026",
    "600400": "villes",
    "600500": "voix",
}
#: Form version, number of acts, first and last day on which they were made.
_COHORTS = (
    ("600100", 90, datetime(2023, 9, 15, tzinfo=UTC), datetime(2024, 12, 20, tzinfo=UTC)),
    ("600200", 215, datetime(2025, 1, 8, tzinfo=UTC), datetime(2025, 12, 28, tzinfo=UTC)),
    ("600300", 440, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)),
    ("600400", 60, datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC)),
    ("600500", 50, datetime(2025, 11, 5, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)),
)
#: Persons needed for the cohorts, the burst and the entries with a damaged value.
PEOPLE = sum(cohort[1] for cohort in _COHORTS) + 105 + 40
_EXPORTS = tuple(
    datetime(*day, 2, tzinfo=UTC)
    for day in ((2025, 11, 30), (2026, 3, 31), (2026, 7, 31), (2026, 10, 31), (2026, 11, 20))
)
_CUT_EXPORT = datetime(2026, 8, 15, 2, tzinfo=UTC)
_REPEATED_EXPORT = datetime(2026, 11, 1, 2, tzinfo=UTC)
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


@dataclass(frozen=True)
class Entry:
    """One contest entry as a person made it."""

    record_id: str
    person: Person
    form_version: str
    completed_at: datetime
    flag: str
    ip: str
    phone: str
    state: str = "COMPLETED"


def contest_files(random: Random, people: Sequence[Person], notices: Mapping[str, str]) -> list[LandedFile]:
    """Return the partner's files in order of arrival.

    Args:
        random: source of all choices.
        people: at least `PEOPLE` persons; the first is the one that the README shows.
        notices: text shown by each form version.
    """
    entries = _entries(random, people)
    spare = list(people[PEOPLE - 40 : PEOPLE])
    files = []
    previous = datetime(2000, 1, 1, tzinfo=UTC)
    for exported_at in _EXPORTS:
        mine = [entry for entry in entries if previous < entry.completed_at <= exported_at]
        files.append(_export(random, mine, spare, exported_at, notices))
        previous = exported_at
    repeated = replace(files[3], name=_name(_REPEATED_EXPORT), arrived_at=_arrival(_REPEATED_EXPORT))
    files.append(replace(repeated, outcome="duplicate", reason="DUPLICATE_BYTES", data_rows=None, quarantined=()))
    files.append(_cut_file(random, entries, notices))
    files += _withdrawal_files(random, entries)
    return sorted(files, key=lambda file: file.arrived_at)


def _entries(random: Random, people: Sequence[Person]) -> list[Entry]:
    shown = _entry(random, people[0], "600300", datetime(2026, 3, 2, 17, 4, 11, tzinfo=UTC), "1")
    entries, used = [shown], 1
    for form_version, count, first, last in _COHORTS:
        for person in people[used : used + count]:
            flag = "0" if random.random() < 0.06 else "1"
            entries.append(_entry(random, person, form_version, _between(random, first, last), flag))
        used += count
    entries += _second_thoughts(random, entries)
    return sorted(entries + _burst(random, people[used : used + 104]), key=lambda entry: entry.completed_at)


def _second_thoughts(random: Random, entries: Sequence[Entry]) -> list[Entry]:
    """Return later entries of persons who played before: 30 agree again, 14 refuse now."""
    early = [entry for entry in entries[1:] if entry.form_version in ("600100", "600200") and entry.flag == "1"]
    first, last = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)
    return [
        _entry(random, entry.person, "600300", _between(random, first, last), "0" if position < 14 else "1")
        for position, entry in enumerate(random.sample(early, 44))
    ]


def _burst(random: Random, people: Sequence[Person]) -> list[Entry]:
    """Return more than 100 acts from one address of the network within an hour: no crowd agrees like that."""
    start, ip = datetime(2026, 7, 12, 21, 3, 7, tzinfo=UTC), _hex(random, 16)
    return [
        replace(_entry(random, person, "600300", start + timedelta(seconds=29 * position), "1"), ip=ip)
        for position, person in enumerate(people)
    ]


def _entry(random: Random, person: Person, form_version: str, completed_at: datetime, flag: str) -> Entry:
    groups = (8, 4, 4, 4, 12)
    record_id = "-".join(_hex(random, length) for length in groups)
    phone = written_number(random, person.number)
    return Entry(record_id, person, form_version, completed_at, flag, _hex(random, 16), phone)


def _export(
    random: Random, entries: Sequence[Entry], spare: list[Person], exported_at: datetime, notices: Mapping[str, str]
) -> LandedFile:
    lines: list[tuple[bytes, str]] = [(_line(entry, notices), "") for entry in entries]
    for line, reasons in _damaged(random, spare, exported_at, notices):
        lines.insert(random.randint(1, len(lines) - 1), (line, reasons))
    lines.append((lines[0][0], "DUPLICATE_ROW"))
    if exported_at == _EXPORTS[2]:
        lines.append((_line(_damaged_entry(random, spare.pop(), exported_at), notices).rstrip(b"\n"), "LINE_TRUNCATED"))
    bad = tuple(QuarantinedRow(number, reasons) for number, (_, reasons) in enumerate(lines, 1) if reasons)
    content = gzip_bytes(b"".join(line for line, _ in lines))
    return LandedFile(
        PARTNER, _name(exported_at), content, _arrival(exported_at), "accepted", "", len(lines), quarantined=bad
    )


def _damaged(
    random: Random, spare: list[Person], exported_at: datetime, notices: Mapping[str, str]
) -> list[tuple[bytes, str]]:
    """Return lines that cannot be trusted, each with its code; every export gets another few."""
    phones = {
        "PHONE_MISSING": "-",
        "PHONE_LOSSY": "3,36E+10",
        "PHONE_MASKED": "06 39 98 XX XX",
        "PHONE_LENGTH": "06399812",
        "PHONE_PLACEHOLDER": "0606060606",
        "PHONE_UNREADABLE": "mon numero",
    }
    wanted = random.sample(sorted(phones), 3)
    entries = [(replace(_damaged_entry(random, spare.pop(), exported_at), phone=phones[code]), code) for code in wanted]
    late = exported_at + timedelta(days=2)
    entries += [
        (replace(_damaged_entry(random, spare.pop(), exported_at), flag="oui"), "FLAG_UNKNOWN"),
        (replace(_damaged_entry(random, spare.pop(), exported_at), state="STARTED"), "ENTRY_INCOMPLETE"),
        (replace(_damaged_entry(random, spare.pop(), exported_at), completed_at=late), "CONSENT_IN_FUTURE"),
    ]
    unborn = _damaged_entry(random, spare.pop(), exported_at)
    born = (exported_at + timedelta(days=1)).date()
    entries.append((replace(unborn, person=replace(unborn.person, birth_date=born)), "BIRTH_AFTER_CONSENT"))
    lines = [(_line(entry, notices), code) for entry, code in entries]
    whole = _line(entries[3][0], notices)
    lines.append((whole[: len(whole) // 2] + b"\n", "JSON_INVALID"))
    lines.append((_line(entries[4][0], notices).replace("é".encode(), b"\xe9", 1), "ENCODING_INVALID"))
    return lines


def _damaged_entry(random: Random, person: Person, exported_at: datetime) -> Entry:
    return _entry(random, person, "600300", exported_at - timedelta(days=1, minutes=random.randint(1, 600)), "1")


def _cut_file(random: Random, entries: Sequence[Entry], notices: Mapping[str, str]) -> LandedFile:
    """Return an export whose transfer broke off; the next whole one brings its entries again."""
    mine = [entry for entry in entries if _EXPORTS[2] < entry.completed_at <= _CUT_EXPORT]
    content = gzip_bytes(b"".join(_line(entry, notices) for entry in mine))
    cut = content[: len(content) * random.randint(55, 75) // 100]
    return LandedFile(PARTNER, _name(_CUT_EXPORT), cut, _arrival(_CUT_EXPORT), "refused", "GZIP_TRUNCATED")


def _withdrawal_files(random: Random, entries: Sequence[Entry]) -> list[LandedFile]:
    files = []
    for exported_at, count in ((datetime(2026, 9, 1, 3, tzinfo=UTC), 18), (datetime(2026, 11, 22, 3, tzinfo=UTC), 14)):
        known = [entry for entry in entries[1:] if entry.flag == "1" and entry.completed_at < _EXPORTS[2]]
        rows = ["participation_id;retrait_le;canal"]
        for entry in random.sample(known, count):
            at = _between(random, entry.completed_at, exported_at - timedelta(days=1))
            written = "" if random.random() < 0.2 else at.isoformat()
            rows.append(f"{entry.record_id};{written};{random.choice(('compte', 'e-mail', 'telephone'))}")
        content = ("\n".join(rows) + "\n").encode()
        name = f"jeux_retraits_{exported_at:%Y%m%dT%H%M%SZ}.csv"
        files.append(LandedFile(PARTNER, name, content, _arrival(exported_at), "accepted", "", count))
    return files


def _line(entry: Entry, notices: Mapping[str, str]) -> bytes:
    record = {
        "id": entry.record_id,
        "ip": entry.ip,
        "url": f"https://{_HOST}/{_PAGES[entry.form_version]}",
        "startedAt": _instant(entry.completed_at - timedelta(minutes=4)),
        "completedAt": _instant(entry.completed_at),
        "state": entry.state,
        "browser": {"device": "desktop", "userAgent": _AGENT},
        "campaign": {"id": int(entry.form_version), "name": f"Jeux de Valombre {entry.form_version}", "type": "QUIZZ"},
        "form": _form(entry),
        "optins": _optins(entry, notices),
    }
    return (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _form(entry: Entry) -> list[dict[str, object]]:
    person = entry.person
    fields = (
        ("Prénom", "FIRSTNAME", "firstname", person.given_name),
        ("Nom", "LASTNAME", "lastname", person.family_name),
        ("Sexe", "GENDER", "gender", person.sex),
        ("Date de naissance", "BIRTHDATE", "birthdate", person.birth_date.isoformat() if person.birth_date else ""),
        ("E-mail", "EMAIL", "email", person.email),
        ("Mobile", "PHONE", "mobile", entry.phone),
        ("Adresse", "ADDRESS", "address", person.street),
        ("Code postal", "ZIPCODE", "zip", person.postcode),
        ("Ville", "CITY", "city", person.city),
    )
    return [
        {
            "id": 7101 + position,
            "label": label,
            "type": kind,
            "variable": variable,
            "responses": [{"value": value}] if value else [],
        }
        for position, (label, kind, variable, value) in enumerate(fields)
    ]


def _optins(entry: Entry, notices: Mapping[str, str]) -> list[dict[str, object]]:
    offers = {
        "id": 9001,
        "label": "Offres du partenaire",
        "description": "Je souhaite recevoir les bons plans de Jeux de Valombre SAS.",
        "response": "0",
        "variable": "newsletter",
        "categories": [],
    }
    political = {
        "id": 9002,
        "label": "Messages politiques",
        "description": notices[entry.form_version],
        "response": entry.flag,
        "variable": "political_messages",
        "categories": [{"id": 118, "label": "Communication politique", "technicalName": "political_messages"}],
    }
    return [offers, political]


def _between(random: Random, first: datetime, last: datetime) -> datetime:
    return first + timedelta(seconds=random.randint(1, int((last - first).total_seconds())))


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _name(exported_at: datetime) -> str:
    return f"jeux_participations_{exported_at:%Y%m%dT%H%M%SZ}.jsonl.gz"


def _arrival(exported_at: datetime) -> datetime:
    return exported_at + timedelta(minutes=7, seconds=45)


def _hex(random: Random, length: int) -> str:
    return f"{random.getrandbits(length * 4):0{length}X}"
