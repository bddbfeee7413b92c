"""Sponsors: the candidate or party that pays, read from `config/sponsors/`, and what its papers allow.

Whether a notice names the sponsor is a matter of consent and judged by the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from configuration.fields import Section, read_document
from sends.orders.elections import Election
from sends.rules.rulebook import Finding, SendRules
from terms.errors import UsageError
from terms.months import months_after

_COUNTRY = r"[A-Z]{2}"

#: Member States of the Union (ISO 3166), since 1 February 2020.
EU_MEMBERS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())

#: France, under every code that ISO 3166 has for a part of it: whoever is established there is French.
FRANCE = frozenset("FR GP MQ GF RE YT MF BL PM PF NC WF".split())

#: R-46: so long before the first round nobody from outside the Union may sponsor.
_THIRD_COUNTRY_MONTHS = 3


class SponsorKind(StrEnum):
    """What a sponsor is."""

    PARTY = "party"
    CANDIDATE = "candidate"


class PayerKind(StrEnum):
    """Who pays for a sponsor."""

    MANDATAIRE = "mandataire"
    PARTY = "party"
    COMPANY = "company"
    PERSON = "person"


@dataclass(frozen=True)
class Payer:
    """Who pays, and where it is established (ISO country)."""

    name: str
    kind: PayerKind
    established_in: str


@dataclass(frozen=True)
class Identity:
    """What a transparency notice tells of a sponsor beside its name (TTPA article 12); texts as they are to be read."""

    email: str
    postal_address: str
    registration: str
    funds: str  # public or private, from inside or outside the Union


@dataclass(frozen=True)
class Sponsor:
    """One sponsor with its papers; fields as rules page §3 (`sponsor.*`).

    `identity` None: the sponsor has not told it; its notices lack those items, and nothing of it leaves for phones.
    """

    sponsor_id: str
    legal_name: str
    candidate: str | None
    kind: SponsorKind
    established_in: str
    controlled_from: str
    payer: Payer
    declaration_signed_on: date | None
    mandataire_declared_on: date | None
    qualified_for_round_2: bool | None
    identity: Identity | None = None

    def names(self) -> tuple[str, ...]:
        """Return the names by which a text or a notice may name the sponsor."""
        return tuple(name for name in (self.legal_name, self.candidate) if name)


def read_sponsor(folder: Path, sponsor_id: str) -> Sponsor:
    """Read one sponsor.

    Raises:
        UsageError: there is no file of this name.
        FileInvalid: a field is wrong.
    """
    path = folder / f"{sponsor_id}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml"))) or "none"
        raise UsageError(f"The sponsor {sponsor_id!r} is not known (known: {known}).", "Add it to config/sponsors/.")
    top = read_document(path).top
    sponsor = Sponsor(
        sponsor_id=top.text("sponsor_id"),
        legal_name=top.text("legal_name"),
        candidate=top.optional_text("candidate"),
        kind=top.choice("kind", SponsorKind),
        established_in=top.text("established_in", _COUNTRY),
        controlled_from=top.text("controlled_from", _COUNTRY),
        payer=_payer(top.section("payer")),
        declaration_signed_on=top.optional("declaration_signed_on", top.day),
        mandataire_declared_on=top.optional("mandataire_declared_on", top.day),
        qualified_for_round_2=top.optional("qualified_for_round_2", top.boolean),
        identity=_identity(top.section("identity")) if top.has("identity") else None,
    )
    top.finish()
    if sponsor.sponsor_id != sponsor_id:
        raise top.invalid("sponsor_id", f"is not the name of its file ({sponsor_id})")
    return sponsor


def sponsor_findings(
    sponsor: Sponsor, election: Election, round_number: int, on: date, rules: SendRules
) -> tuple[Finding, ...]:
    """Return what stands against a sponsor on a day (Paris).

    Declaration (R-47), qualified for round 2 (R-26; not known yet = no finding), establishment and control in the three
    months before round 1 (R-46), a foreign legal person that pays (R-33: L52-8 of the electoral code).
    """
    found: tuple[Finding, ...] = ()
    signed = sponsor.declaration_signed_on
    if signed is None or signed > on:
        found += rules.found("NO_DECLARATION", "sponsor.declaration_signed_on")
    if round_number == 2 and sponsor.qualified_for_round_2 is False:
        found += rules.found("SPONSOR_ELIMINATED", "sponsor.qualified_for_round_2")
    return found + _third_country(sponsor, election, on, rules) + _foreign_payer(sponsor.payer, rules)


def _third_country(sponsor: Sponsor, election: Election, on: date, rules: SendRules) -> tuple[Finding, ...]:
    begins = months_after(election.rounds[min(election.rounds)].polling_on, -_THIRD_COUNTRY_MONTHS)
    if on < begins:
        return ()
    told = {"established_in": sponsor.established_in, "controlled_from": sponsor.controlled_from}
    outside = [f"{name}: {country}" for name, country in told.items() if country not in EU_MEMBERS | FRANCE]
    return rules.found("THIRD_COUNTRY_SPONSOR", "sponsor", f"{', '.join(outside)}, since {begins}.") if outside else ()


def _foreign_payer(payer: Payer, rules: SendRules) -> tuple[Finding, ...]:
    is_foreign = payer.established_in not in FRANCE and payer.kind in (PayerKind.COMPANY, PayerKind.PARTY)
    return rules.found("FOREIGN_LEGAL_PERSON", "sponsor.payer") if is_foreign else ()


def _identity(section: Section) -> Identity:
    identity = Identity(**{name: section.text(name) for name in Identity.__dataclass_fields__})
    section.finish()
    return identity


def _payer(section: Section) -> Payer:
    payer = Payer(
        name=section.text("name"),
        kind=section.choice("kind", PayerKind),
        established_in=section.text("established_in", _COUNTRY),
    )
    section.finish()
    return payer
