"""Files of the invented partner `boutique-iris`: customers of a web shop as comma-separated text.

The layout is Shopify's customer export with consent metafields. Who the persons are is decided in
`sample.people`; notice ids come from the partner's dossier.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sample.deterministic_gzip import gzip_bytes
from sample.landed_file import LandedFile, QuarantinedRow
from sample.people import SHOWN_NUMBER, Person, written_number

PARTNER = "boutique-iris"
PEOPLE = 450
_PARIS = ZoneInfo("Europe/Paris")
_PAGES = {"BI2": "compte/accord-2025", "BI3": "compte/accord-2026", "BI4": "offres", "BI5": "bon-5-euros"}
_RECIPIENTS = {
    "BI2": "Contact Citoyen SAS|Parti de l'Horizon|Union des Territoires",
    "BI3": "Contact Citoyen SAS|Parti de l'Horizon|Union des Territoires",
    "BI4": "Contact Citoyen SAS",
    "BI5": "Contact Citoyen SAS|Parti de l'Horizon",
}
#: Form version, number of customers, first and last day of their consents.
_COHORTS = (
    ("BI2", 130, datetime(2025, 6, 4, tzinfo=UTC), datetime(2025, 11, 14, tzinfo=UTC)),
    ("BI4", 30, datetime(2025, 9, 3, tzinfo=UTC), datetime(2025, 11, 10, tzinfo=UTC)),
    ("BI5", 20, datetime(2025, 10, 3, tzinfo=UTC), datetime(2025, 11, 12, tzinfo=UTC)),
    ("BI3", 230, datetime(2026, 1, 4, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)),
)
_INITIAL = datetime(2025, 11, 17, 5, tzinfo=UTC)
_FULLS = (datetime(2026, 11, 2, 5, tzinfo=UTC), datetime(2026, 11, 16, 5, tzinfo=UTC))
_REORDERED = datetime(2026, 11, 17, 9, 15, tzinfo=UTC)
_SHRUNK = datetime(2026, 11, 20, 5, tzinfo=UTC)

_BASE = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
).split(",")
_MORE = (
    "Accepts WhatsApp Marketing,Civilité (customer.metafields.facts.civilite),"
    "Date de naissance (customer.metafields.facts.birth_date),Consent ID (customer.metafields.consent.consent_id),"
    "Consent at (customer.metafields.consent.consent_at),Consent channel (customer.metafields.consent.consent_channel),"
    "Consent text (customer.metafields.consent.consent_text_id),"
    "Consent purposes (customer.metafields.consent.consent_purposes),"
    "Consent recipients (customer.metafields.consent.consent_recipients),"
    "Collection URL (customer.metafields.consent.collection_url),"
    "Collection IP (customer.metafields.consent.collection_ip)"
).split(",")


@dataclass(frozen=True)
class Customer:
    """One customer of the shop; without form version there is no consent of which the shop kept a trace."""

    customer_id: str
    person: Person
    phone: str
    flag: str
    form_version: str | None
    consented_at: datetime | None
    channels: str
    ip: str
    spent: str
    orders: int
    note: str = ""


@dataclass(frozen=True)
class Record:
    """One record of an export: its cells, why it cannot be trusted, and its bytes where the line itself is broken."""

    cells: list[str]
    reasons: str = ""
    damaged: bytes = b""

    @property
    def content(self) -> bytes:
        """The bytes that stand in the file."""
        return self.damaged or _text(self.cells).encode()


def shop_files(random: Random, people: Sequence[Person], notice_ids: Mapping[str, str]) -> list[LandedFile]:
    """Return the partner's files in order of arrival.

    Args:
        random: source of all choices.
        people: at least `PEOPLE` persons, the one that the README shows among them.
        notice_ids: notice of each form version.
    """
    customers = _customers(random, people)
    early = [customer for customer in customers if customer.consented_at is None or customer.consented_at < _INITIAL]
    later = _changed(random, customers)
    first_records = _records(random, customers[:-12], _FULLS[0], notice_ids)
    later_records = _records(random, later, _FULLS[1], notice_ids)
    files = [
        _initial_file(early),
        _full_file(first_records, _FULLS[0], ".csv.gz"),
        _full_file(later_records, _FULLS[1], ".csv"),
        _reordered_file(later_records),
        _shrunk_file(later, notice_ids),
    ]
    arrived_at = datetime(2026, 11, 18, 10, 2, 3, tzinfo=UTC)
    stray = b"Inventaire du 18/11 : voir le classeur.\n"
    files.append(LandedFile(PARTNER, "inventaire_2026.txt", stray, arrived_at, "held", "UNKNOWN_FILE"))
    return sorted(files, key=lambda file: file.arrived_at)


def _customers(random: Random, people: Sequence[Person]) -> list[Customer]:
    shown = next(person for person in people if person.number == SHOWN_NUMBER)
    others = [person for person in people if person.number != SHOWN_NUMBER]
    customers = [_customer(random, shown, "BI2", datetime(2025, 8, 21, 16, 40, 9, tzinfo=UTC), "yes", 0)]
    for form_version, count, first, last in _COHORTS:
        for person in others[len(customers) - 1 : len(customers) - 1 + count]:
            seconds = random.randint(1, int((last - first).total_seconds()))
            at = first + timedelta(seconds=seconds)
            customers.append(_customer(random, person, form_version, at, "yes", len(customers)))
    for person in others[len(customers) - 1 : PEOPLE - 1]:
        customers.append(_customer(random, person, None, None, "no", len(customers)))
    return sorted(customers, key=lambda customer: customer.customer_id)


def _customer(
    random: Random, person: Person, form_version: str | None, at: datetime | None, flag: str, position: int
) -> Customer:
    if position % 60 == 9 and person.birth_date:
        person = replace(person, birth_date=person.birth_date + timedelta(days=365))
    channels = random.choice(("sms,voice", "sms", "sms", "email")) if form_version == "BI3" else "sms"
    return Customer(
        customer_id=f"'72104483{position * 37 + 11:05d}",
        person=person,
        phone=written_number(random, person.number),
        flag=flag,
        form_version=form_version,
        consented_at=at,
        channels=channels,
        ip=f"192.0.2.{random.randint(1, 254)}" if random.random() < 0.7 else f"2001:db8:{random.getrandbits(16):x}::1",
        spent=f"{random.randint(900, 90_000) / 100:.2f}",
        orders=random.randint(1, 14),
    )


def _changed(random: Random, customers: Sequence[Customer]) -> list[Customer]:
    """Return the customers a fortnight later: six are gone, twelve have taken their yes back."""
    agreed = [position for position, item in enumerate(customers) if item.flag == "yes" and position > 0]
    picked = random.sample(agreed, 18)
    gone, refused = set(picked[:6]), set(picked[6:])
    return [
        replace(item, flag="no", form_version=None, consented_at=None) if position in refused else item
        for position, item in enumerate(customers)
        if position not in gone
    ]


def _initial_file(customers: Sequence[Customer]) -> LandedFile:
    rows = [_text(_BASE)] + [_text(_base_cells(customer)) for customer in customers]
    name = f"boutique_customers_initial_{_INITIAL:%Y%m%dT%H%M%SZ}.csv"
    return LandedFile(PARTNER, name, "".join(rows).encode(), _arrival(_INITIAL), "accepted", "", len(customers))


def _records(
    random: Random, customers: Sequence[Customer], exported_at: datetime, notice_ids: Mapping[str, str]
) -> list[Record]:
    """Return the records of one full export: one with a line break in a cell, some damaged, one repeated."""
    two_lines = replace(customers[20], note="Appeler avant\nde livrer")
    kept = [two_lines if position == 20 else customer for position, customer in enumerate(customers)]
    records = [Record(_full_cells(customer, notice_ids)) for customer in kept]
    model = next(customer for customer in customers[30:] if customer.form_version)
    for record in _damaged_values(random, model, exported_at, notice_ids) + _damaged_lines(model, notice_ids):
        records.insert(random.randint(40, len(records) - 1), record)
    return [*records, Record(records[5].cells, "DUPLICATE_ROW")]


def _damaged_values(
    random: Random, model: Customer, exported_at: datetime, notice_ids: Mapping[str, str]
) -> list[Record]:
    """Return records with a value that cannot be; ids of their own, so that no customer is lost."""
    late, born = exported_at + timedelta(days=3), date(2026, 6, 1)
    young = replace(model.person, birth_date=born)
    changes: tuple[tuple[Customer, str], ...] = (
        (replace(model, phone=""), "PHONE_MISSING"),
        (replace(model, phone="6,39E+08"), "PHONE_LOSSY"),
        (replace(model, phone="06 39 98 ** **"), "PHONE_MASKED"),
        (replace(model, phone="0639980012345"), "PHONE_LENGTH"),
        (replace(model, phone="0123456789"), "PHONE_PLACEHOLDER"),
        (replace(model, phone="voir@exemple.test"), "PHONE_UNREADABLE"),
        (replace(model, flag="peut-etre"), "FLAG_UNKNOWN"),
        (replace(model, consented_at=late), "CONSENT_IN_FUTURE"),
        (replace(model, phone="N/A", consented_at=late), "CONSENT_IN_FUTURE|PHONE_MISSING"),
        (replace(model, person=young, consented_at=datetime(2026, 5, 1, tzinfo=UTC)), "BIRTH_AFTER_CONSENT"),
    )
    records = []
    for position, (customer, reasons) in enumerate(changes):
        own = replace(customer, customer_id=f"'72104499{random.randint(100, 999)}{position:02d}")
        records.append(Record(_full_cells(own, notice_ids), reasons))
    return records


def _damaged_lines(model: Customer, notice_ids: Mapping[str, str]) -> list[Record]:
    """Return records whose own structure is broken."""
    cells = _full_cells(replace(model, customer_id="'7210449999901"), notice_ids)
    whole = _text(cells).encode()
    return [
        Record(cells, "CSV_FIELD_COUNT", _text(cells[:-3]).encode()),
        Record(cells, "CSV_QUOTE_BROKEN", whole.replace(b",yes,,", b',"yes"x,,', 1)),
        Record(cells, "ENCODING_INVALID", whole.replace(model.person.family_name.encode(), b"Fr\xe9mont", 1)),
        Record(cells, "HEADER_REPEATED", _text(_BASE + _MORE).encode()),
    ]


def _full_file(records: Sequence[Record], exported_at: datetime, suffix: str) -> LandedFile:
    parts, bad, line = [_text(_BASE + _MORE).encode()], [], 2
    for record in records:
        if record.reasons:
            bad.append(QuarantinedRow(line, record.reasons))
        parts.append(record.content)
        line += record.content.count(b"\n")
    data = b"".join(parts)
    data = gzip_bytes(data) if suffix.endswith(".gz") else data
    name = _full_name(exported_at) + suffix
    return LandedFile(PARTNER, name, data, _arrival(exported_at), "accepted", "", len(records), quarantined=tuple(bad))


def _reordered_file(records: Sequence[Record]) -> LandedFile:
    """Return a full again without its broken lines, columns in another order: same content, other bytes."""
    rows = [_text((_BASE + _MORE)[::-1])]
    rows += [_text(record.cells[::-1]) for record in records if not record.damaged]
    name = _full_name(_REORDERED) + ".csv"
    content = "".join(rows).encode()
    return LandedFile(PARTNER, name, content, _arrival(_REORDERED), "duplicate", "DUPLICATE_CONTENT")


def _shrunk_file(customers: Sequence[Customer], notice_ids: Mapping[str, str]) -> LandedFile:
    """Return a full with six in ten customers: something went wrong over there, a person must look."""
    kept = customers[: len(customers) * 6 // 10]
    rows = [_text(_BASE + _MORE)] + [_text(_full_cells(customer, notice_ids)) for customer in kept]
    name = _full_name(_SHRUNK) + ".csv"
    content = "".join(rows).encode()
    return LandedFile(PARTNER, name, content, _arrival(_SHRUNK), "held", "ROW_COUNT_CHANGE", len(kept))


def _base_cells(customer: Customer) -> list[str]:
    person = customer.person
    return [
        customer.customer_id,
        person.given_name,
        person.family_name,
        person.email,
        "yes",
        "",
        person.street,
        "",
        person.city,
        "",
        "FR",
        person.postcode,
        customer.phone,
        "",
        customer.flag,
        customer.spent,
        str(customer.orders),
        customer.note,
        "no",
        "vip" if customer.orders > 12 else "",
    ]


def _full_cells(customer: Customer, notice_ids: Mapping[str, str]) -> list[str]:
    person, form_version, at = customer.person, customer.form_version, customer.consented_at
    facts = ["no", "Mme" if person.sex == "F" else "M.", f"'{person.birth_date}" if person.birth_date else ""]
    if form_version is None or at is None:
        return _base_cells(customer) + facts + [""] * 8
    return [
        *_base_cells(customer),
        *facts,
        f"IC-{customer.customer_id[-7:]}",
        at.astimezone(_PARIS).isoformat(),
        customer.channels,
        notice_ids[form_version],
        "commercial" if form_version == "BI4" else "political",
        _RECIPIENTS[form_version],
        f"https://boutique.boutique-iris.test/{_PAGES[form_version]}",
        customer.ip,
    ]


def _text(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _full_name(exported_at: datetime) -> str:
    return f"boutique_customers_full_{exported_at:%Y%m%dT%H%M%SZ}"


def _arrival(exported_at: datetime) -> datetime:
    return exported_at + timedelta(minutes=7, seconds=43)
