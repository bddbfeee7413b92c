"""Random but lawful worlds for the judgement: three partners with every kind of dossier fault, and rows about
few people, so that acts, refusals, withdrawals and absences of one number meet.

A seed makes the same world again. Times lie so close to each other's limits that ties happen.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from uuid import UUID

from stores.schemas import column_classes, configuration_tables, delivered_rows, dossier_tables
from tests.scenes.judgement.small_base import Delivered, Row, World

CONTACTS = 150
_ALWAYS = datetime(2020, 1, 1)
_CHANGED = datetime(2026, 7, 1)

_NAMED = (("Contact Citoyen SAS", "controller"), ("Parti A", "sponsor"), ("Parti B", "sponsor"))
_NOTICES = {
    "full": (_NAMED, ["political"], ["sms", "voice"], True, ["address", "age", "sex"]),
    "narrow": (_NAMED[:2], ["political"], ["sms"], True, ["address"]),
    "silent": (_NAMED[:1], ["political", "commercial"], ["sms"], False, []),
    "others": ((("Autre SARL", "partner"), ("Parti A", "sponsor")), ["political"], ["sms"], False, []),
    "vague": ((("nos partenaires", "category"),), ["commercial"], ["sms"], False, []),
}


def contact(number: int) -> str:
    """Return the id of an invented contact."""
    return str(UUID(int=number + 1))


def make_world(seed: int) -> World:
    """Return the world of a seed."""
    rng = random.Random(seed)
    deliveries = [*_direct(rng), *_shop(rng), *_broker(rng), *_withdrawals(rng)]
    return World(deliveries, _facts())


def make_instant(rng: random.Random) -> datetime:
    """Return an instant on a coarse grid, so that simultaneous events are common."""
    return datetime(2023, 10, 1) + timedelta(days=rng.randrange(0, 1150, 5), hours=rng.choice([0, 22, 23]))


def _row(rng: random.Random, line: int, exported_at: datetime) -> dict[str, object]:
    who = rng.randrange(CONTACTS)
    at = min(make_instant(rng), exported_at)
    return {
        "line_number": line,
        "contact_id": contact(who),
        "source_key": f"record-{who % 60}" if rng.random() < 0.9 else None,
        "flag": rng.choices(["given", "refused"], [5, 1])[0],
        "consented_at": None if rng.random() < 0.15 else at,
        "birth_date": rng.choice([None, date(1980, 5, 2), _birth(who), _birth(who), _birth(who)]),
        "number_kind": {3: "landline", 5: "foreign", 8: "m2m", 13: "unassigned"}.get(who, "mobile"),
        "is_fiction": who % 7 == 0,
    }


def _birth(who: int) -> date:
    """Return a birth date; every third contact turns 15, 17 or 18 within the world's years."""
    young = [date(2009, 11, 24), date(2008, 11, 25), date(2008, 2, 29), date(2010, 6, 1)]
    return young[who % 4] if who % 3 == 0 else date(1960 + who % 40, 1 + who % 12, 1 + who % 28)


def _direct(rng: random.Random) -> list[Delivered]:
    """Files of the partner whose form is ours too; two of them hold one burst from one IP."""
    files = []
    for number in range(5):
        exported_at = datetime(2025, 3, 1) + timedelta(days=120 * number)
        rows = []
        for line in range(1, 41):
            form = rng.choice(["F1", "F2", "F3", "F9"])
            stated = {"F1": "full", "F2": "narrow", "F3": "silent", "F9": "full"}[form]
            rows.append(
                _row(rng, line, exported_at)
                | {
                    "form_version": form,
                    "notice_id": rng.choices([stated, "others", "unheard"], [8, 1, 1])[0],
                    "ip_key": rng.choice(["ip-1", None]),
                }
            )
        rows += _burst(rng, number, exported_at)
        files.append(_file("direct", "web", number, exported_at, rows))
    return files


def _burst(rng: random.Random, number: int, exported_at: datetime) -> list[Row]:
    if number not in (1, 2):
        return []
    start = datetime(2025, 6, 1, 12)
    return [
        _row(rng, 100 + index, exported_at)
        | {
            "source_key": f"burst-{number}-{index}",
            "flag": "given",
            "consented_at": start + timedelta(seconds=36 * index),
            "form_version": "F1",
            "notice_id": "full",
            "ip_key": "ip-9",
        }
        for index in range(90 if number == 1 else 30)
    ]


def _shop(rng: random.Random) -> list[Delivered]:
    """Full exports of a shop: the form follows from the notice, rows narrow it, records come and go."""
    files = []
    for number in range(5):
        exported_at = datetime(2026, 2, 1) + timedelta(days=60 * number)
        rows = [
            _row(rng, line, exported_at)
            | {
                "notice_id": rng.choice(["full", "vague", None]),
                "recipients": rng.choice(
                    [None, ["Contact Citoyen SAS"], ["Contact Citoyen SAS", "Parti B"], ["Parti A"]]
                ),
                "channels": rng.choice([None, ["sms"], ["email"]]),
                "purposes": rng.choice([None, ["political"], ["commercial"]]),
            }
            for line in range(1, 41)
        ]
        quarantine = [
            {
                "line_number": 900 + index,
                "source_key": f"record-{rng.randrange(60)}",
                "reasons": ["X"],
                "is_structural": index == 0,
            }
            for index in range(4)
        ]
        files.append(_file("shop", "full", number, exported_at, rows, mode="full", quarantine=quarantine))
    return files


def _broker(rng: random.Random) -> list[Delivered]:
    """Files of a broker: the form version follows from the instant; the second file arrives before the first."""
    files = []
    for number in range(2):
        exported_at = datetime(2026, 4, 1) + timedelta(days=30 * number)
        rows = [_row(rng, line, exported_at) for line in range(1, 31)]
        late = timedelta(days=100 if number == 0 else 0)
        files.append(_file("broker", "list", number, exported_at, rows, late=late))
    return files


def _withdrawals(rng: random.Random) -> list[Delivered]:
    files = []
    for number in range(2):
        exported_at = datetime(2026, 6, 10) + timedelta(days=90 * number)
        rows = [
            {
                "line_number": line,
                "withdrawn_at": make_instant(rng),
                **(
                    {"contact_id": contact(rng.randrange(CONTACTS))}
                    if line % 2
                    else {"source_key": f"record-{rng.randrange(60)}"}
                ),
            }
            for line in range(1, 9)
        ]
        item = _file("direct", "leavers", number, exported_at, rows)
        files.append(
            Delivered(
                item.delivery_id,
                "direct",
                "leavers",
                exported_at,
                item.received_at,
                {delivered_rows.WITHDRAWALS: rows},
                "withdrawals",
            )
        )
    return files


def _file(
    partner: str,
    feed: str,
    number: int,
    exported_at: datetime,
    rows: list[Row],
    *,
    mode: str = "delta",
    quarantine: list[Row] | None = None,
    late: timedelta = timedelta(0),
) -> Delivered:
    return Delivered(
        f"{partner}-{feed}-{number}",
        partner,
        feed,
        exported_at,
        exported_at + timedelta(minutes=10) + late,
        {delivered_rows.OPT_INS: rows, delivered_rows.QUARANTINE: quarantine or []},
        mode=mode,
    )


def _facts() -> dict[column_classes.Table, list[Row]]:
    return {
        dossier_tables.DOSSIER_PARTNERS: [
            _partner("direct", True, None),
            _partner("shop", False, date(2026, 3, 31)) | {"known_until": _CHANGED},
            _partner("shop", False, date(2027, 3, 31)) | {"known_from": _CHANGED},
            _partner("broker", False, None),
        ],
        dossier_tables.DOSSIER_CHAIN: [
            {"partner_id": partner, "position": position, "name": name, "role": "x", "known_from": _ALWAYS}
            for partner, names in {
                "direct": ["Contact Citoyen SAS"],
                "shop": ["Boutique", "Contact Citoyen SAS"],
                "broker": ["Jeu", "Broker", "Contact Citoyen SAS"],
            }.items()
            for position, name in enumerate(names, start=1)
        ],
        dossier_tables.DOSSIER_AUDITS: [
            _audit("direct", "F1", date(2025, 5, 1), "compliant"),
            _audit("direct", "F1", date(2026, 6, 1), "compliant"),
            _audit("direct", "F2", date(2024, 2, 29), "compliant"),
            _audit("direct", "F3", date(2026, 9, 1), "pre_ticked"),
            _audit("shop", "*", date(2026, 1, 15), "compliant"),
            _audit("broker", "B1", date(2025, 1, 1), "single_button"),
        ],
        dossier_tables.DOSSIER_FORM_VERSIONS: [
            _form("direct", "F1", "full"),
            _form("direct", "F2", "narrow", last_seen_at=datetime(2025, 12, 31, 22, 59, 59)),
            _form("direct", "F3", "silent", stopped_at=datetime(2026, 8, 1)),
            _form("shop", "S1", "full", first_seen_at=datetime(2024, 6, 1)) | {"known_until": _CHANGED},
            _form("shop", "S1", "full", first_seen_at=datetime(2025, 6, 1), bundled_with_entry=True)
            | {"known_from": _CHANGED},
            _form("shop", "S2", "vague", refusal_as_easy=False),
            _form("broker", "B1", "full", last_seen_at=datetime(2025, 1, 31), box_default="ticked"),
            _form("broker", "B2", None, first_seen_at=datetime(2025, 2, 1), act="button"),
        ],
        dossier_tables.DOSSIER_NOTICES: [
            {
                "partner_id": partner,
                "notice_id": name,
                "language": "fr",
                "notice_text": name,
                "purposes": purposes,
                "channels": channels,
                "mentions_targeting": mentions,
                "targeting_by": kinds,
                "known_from": _ALWAYS,
                # a text that we learned of late
                **({"known_from": _CHANGED} if (partner, name) == ("direct", "others") else {}),
            }
            for partner in ("direct", "shop", "broker")
            for name, (_, purposes, channels, mentions, kinds) in _NOTICES.items()
        ],
        dossier_tables.DOSSIER_NOTICE_RECIPIENTS: [
            {
                "partner_id": partner,
                "notice_id": notice,
                "position": position,
                "name": name,
                "kind": kind,
                "known_from": _CHANGED if (partner, notice) == ("direct", "others") else _ALWAYS,
            }
            for partner in ("direct", "shop", "broker")
            for notice, (recipients, *_) in _NOTICES.items()
            for position, (name, kind) in enumerate(recipients, start=1)
        ],
        dossier_tables.DOSSIER_FEEDS: [
            _feed("direct", "web", "delta", "form_version"),
            _feed("direct", "leavers", "delta", "none"),
            _feed("shop", "full", "full", "notice_id"),
            _feed("broker", "list", "delta", "consented_at"),
        ],
        configuration_tables.SPONSORS: [
            {"sponsor_id": "a", "legal_name": "Parti A", "candidate": None},
            {"sponsor_id": "b", "legal_name": "Liste B", "candidate": "Parti B"},
        ],
        configuration_tables.CONTROLLER: [{"legal_name": "Contact Citoyen SAS"}],
    }


def _partner(partner: str, direct: bool, ends_on: date | None) -> dict[str, object]:
    return {
        "partner_id": partner,
        "legal_name": partner,
        "collected_directly": direct,
        "legal_basis": "consent",
        "contract_signed_on": date(2020, 1, 1),
        "contract_ends_on": ends_on,
        "known_from": _ALWAYS,
    }


def _audit(partner: str, form: str, on: date, finding: str) -> Row:
    known_from = datetime(on.year, on.month, on.day)
    return {
        "partner_id": partner,
        "form_version": form,
        "audited_on": on,
        "auditor": "x",
        "finding": finding,
        "known_from": known_from,
    }


def _form(partner: str, version: str, notice: str | None, **differing: object) -> dict[str, object]:
    return {
        "partner_id": partner,
        "form_version": version,
        "first_seen_at": datetime(2023, 1, 1),
        "last_seen_at": None,
        "stopped_at": None,
        "box_default": "unticked",
        "act": "tick",
        "refusal_as_easy": True,
        "bundled_with_entry": False,
        "notice_id": notice,
        "known_from": _ALWAYS,
        **differing,
    }


def _feed(partner: str, feed: str, mode: str, form_version_from: str) -> Row:
    return {
        "partner_id": partner,
        "feed_id": feed,
        "kind": "optins",
        "mode": mode,
        "form_version_from": form_version_from,
        "known_from": _ALWAYS,
    }
