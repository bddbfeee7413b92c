"""The dossiers of the invented partners: eleven of every kind, as rows of the snapshot that a build reads.

Consents and their files belong to `bench.judgement.invented_base`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from stores.schemas import dossier_tables
from stores.schemas.column_classes import Table

Row = Mapping[str, object]

#: The first is our own page, the last two send full exports.
PARTNERS = tuple(f"partner-{number:02d}" for number in range(11))
FULL_EXPORTERS = PARTNERS[9:]
#: The partner of one percent of the consents, whose dossier changes.
CHANGED = PARTNERS[9]
KNOWN_FROM = datetime(2023, 1, 1)


def dossiers_of_partners(further_audits: Sequence[Row]) -> Mapping[Table, Sequence[Row]]:
    """Return the rows of every dossier table, with further audits."""
    return {
        dossier_tables.DOSSIER_PARTNERS: [_partner(name) for name in PARTNERS],
        dossier_tables.DOSSIER_CHAIN: [hop for name in PARTNERS for hop in _chain(name)],
        dossier_tables.DOSSIER_AUDITS: [*(audit for name in PARTNERS for audit in _audits(name)), *further_audits],
        dossier_tables.DOSSIER_FORM_VERSIONS: [form for name in PARTNERS for form in _forms(name)],
        dossier_tables.DOSSIER_NOTICES: [notice for name in PARTNERS for notice in _notices(name)],
        dossier_tables.DOSSIER_NOTICE_RECIPIENTS: [row for name in PARTNERS for row in _recipients(name)],
        dossier_tables.DOSSIER_FEEDS: [_feed(name) for name in PARTNERS],
        dossier_tables.DOSSIER_NOTICE_CONTRADICTIONS: (),
    }


def found_by_audit() -> Row:
    """Return the audit that changes the dossier of `CHANGED`: one of its forms had its box ticked."""
    return _audit(CHANGED, "F2", date(2026, 11, 20), "pre_ticked")


def _partner(name: str) -> Row:
    place = PARTNERS.index(name)
    return {
        "partner_id": name,
        "legal_name": name,
        "collected_directly": place == 0,
        "sensitivity": "ordinary",
        "legal_basis": "legitimate_interest" if place == 7 else "consent",
        "balancing_test_signed_on": date(2024, 1, 1) if place == 7 else None,
        "balancing_test_shows_expectation": True if place == 7 else None,
        "contract_signed_on": date(2023, 1, 1),
        "contract_ends_on": date(2026, 3, 31) if place == 5 else None,
        "known_from": KNOWN_FROM,
    }


def _chain(name: str) -> list[Row]:
    hops = ["Jeu", name, "Contact Citoyen SAS"] if PARTNERS.index(name) == 6 else [name, "Contact Citoyen SAS"]
    return [
        {"partner_id": name, "position": position, "name": hop, "role": "hop", "known_from": KNOWN_FROM}
        for position, hop in enumerate(hops, start=1)
    ]


def _audits(name: str) -> list[Row]:
    found = "single_button" if PARTNERS.index(name) == 8 else "compliant"
    days = [date(2024, 2, 1), date(2025, 1, 15), date(2026, 1, 10)]
    return [_audit(name, "*", day, found) for day in days[: 2 if PARTNERS.index(name) == 3 else 3]]


def _audit(name: str, form: str, on: date, found: str) -> Row:
    known_from = datetime(on.year, on.month, on.day)
    return {
        "partner_id": name,
        "form_version": form,
        "audited_on": on,
        "auditor": "auditor",
        "finding": found,
        "known_from": known_from,
    }


def _forms(name: str) -> list[Row]:
    starts = {"F1": KNOWN_FROM, "F2": datetime(2025, 2, 1), "F3": datetime(2026, 2, 1)}
    return [
        {
            "partner_id": name,
            "form_version": version,
            "url": f"https://{name}.example/{version}",
            "first_seen_at": since,
            "last_seen_at": None,
            "stopped_at": None,
            "box_default": "ticked" if (PARTNERS.index(name), version) == (4, "F1") else "unticked",
            "act": "tick",
            "refusal_as_easy": True,
            "bundled_with_entry": False,
            "notice_id": "narrow" if (PARTNERS.index(name), version) == (1, "F1") else "full",
            "known_from": max(since, KNOWN_FROM),
        }
        for version, since in starts.items()
    ]


def _notices(name: str) -> list[Row]:
    return [
        {
            "partner_id": name,
            "notice_id": notice,
            "language": "fr",
            "notice_text": notice,
            "purposes": ["political"],
            "channels": ["sms", "voice"] if notice == "full" else ["sms"],
            "mentions_targeting": True,
            "targeting_by": ["address", "age", "sex"] if notice == "full" else ["address"],
            "known_from": KNOWN_FROM,
        }
        for notice in ("full", "narrow")
    ]


def _recipients(name: str) -> list[Row]:
    named = [("Contact Citoyen SAS", "controller"), ("Parti de l'Horizon", "sponsor")]
    return [
        {
            "partner_id": name,
            "notice_id": notice,
            "position": position,
            "name": recipient,
            "kind": kind,
            "known_from": KNOWN_FROM,
        }
        for notice in ("full", "narrow")
        for position, (recipient, kind) in enumerate(named, start=1)
    ]


def _feed(name: str) -> Row:
    mode = "full" if name in FULL_EXPORTERS else "delta"
    return {
        "partner_id": name,
        "feed_id": "web",
        "kind": "optins",
        "mode": mode,
        "form_version_from": "form_version",
        "known_from": KNOWN_FROM,
    }
