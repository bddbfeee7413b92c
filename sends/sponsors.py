"""Sponsors: the candidate or party that pays, read from `config/sponsors/`, and what its papers allow.

Whether a notice names the sponsor is a matter of consent and judged by the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from sends.fields import Section, read_document
from sends.findings import Finding, SendRules
from terms.errors import UsageError

_COUNTRY = r"[A-Z]{2}"


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
class Sponsor:
    """One sponsor with its papers; fields as rules page §3 (`sponsor.*`)."""

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
    )
    top.finish()
    if sponsor.sponsor_id != sponsor_id:
        raise top.invalid("sponsor_id", f"is not the name of its file ({sponsor_id})")
    return sponsor


def sponsor_findings(sponsor: Sponsor, round_number: int, on: date, rules: SendRules) -> tuple[Finding, ...]:
    """Return what a sponsor's papers say on a day (Paris): declaration (R-47), qualified for round 2 (R-26; not known yet = no finding)."""
    found: tuple[Finding, ...] = ()
    signed = sponsor.declaration_signed_on
    if signed is None or signed > on:
        found += rules.found("NO_DECLARATION", "sponsor")
    if round_number == 2 and sponsor.qualified_for_round_2 is False:
        found += rules.found("SPONSOR_ELIMINATED", "sponsor")
    return found


def _payer(section: Section) -> Payer:
    payer = Payer(
        name=section.text("name"),
        kind=section.choice("kind", PayerKind),
        established_in=section.text("established_in", _COUNTRY),
    )
    section.finish()
    return payer
