"""Sponsors: the candidate or party in whose name is sent, and who pays for it, read from `config/sponsors/`.

What a sponsor may not be is judged by `sends.rules.sponsor_rules`; whether the notice of a form names it, by the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from configuration.fields import Section, read_document
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
class Identity:
    """What a transparency notice tells of a sponsor beside its name (TTPA article 12); texts as they are to be read."""

    email: str
    postal_address: str
    registration: str
    funds: str  # public or private, from inside or outside the Union


@dataclass(frozen=True)
class Sponsor:
    """One sponsor with its declarations; fields as rules page §3 (`sponsor.*`).

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
