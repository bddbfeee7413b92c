"""Sponsors: the candidate or party in whose name is sent, and who pays for it, read from `config/sponsors/`.

What a sponsor may not be is judged by `sends.rules.sponsor_rules`; whether the notice of a form names it, by the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from configuration.documents import read_document
from configuration.field_types import Day, Exactly, Means, Text, YesNo, written
from terms.errors import UsageError

Country = Annotated[str, Exactly(r"[A-Z]{2}")]


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


@written()
@dataclass(frozen=True)
class Payer:
    """Who pays, and where it is established (ISO country)."""

    name: Text
    kind: PayerKind
    established_in: Country


@written()
@dataclass(frozen=True)
class Identity:
    """What a transparency notice tells of a sponsor beside its name (TTPA article 12); texts as they are to be read."""

    email: Text
    postal_address: Text
    registration: Text
    funds: Annotated[Text, Means("public or private, from inside or outside the Union")]


@written(title="Sponsor (config/sponsors/)")
@dataclass(frozen=True)
class Sponsor:
    """One sponsor with its declarations; fields as rules page §3 (`sponsor.*`).

    `identity` None: the sponsor has not told it; its notices lack those items, and nothing of it leaves for phones.
    """

    sponsor_id: Text
    legal_name: Text
    kind: SponsorKind
    established_in: Country
    controlled_from: Country
    payer: Payer
    candidate: Text | None = None
    declaration_signed_on: Day | None = None
    mandataire_declared_on: Day | None = None
    qualified_for_round_2: YesNo | None = None
    identity: Identity | None = None

    def names(self) -> tuple[str, ...]:
        """Return the names by which a text or a notice may name the sponsor."""
        return tuple(name for name in (self.legal_name, self.candidate) if name)


def read_sponsor(folder: Path, sponsor_id: str) -> Sponsor:
    """Read one sponsor.

    Raises:
        UsageError: there is no file of this name.
        DocumentInvalid: a field is wrong.
    """
    path = folder / f"{sponsor_id}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml"))) or "none"
        raise UsageError(f"The sponsor {sponsor_id!r} is not known (known: {known}).", "Add it to config/sponsors/.")
    document = read_document(path, Sponsor)
    if document.record.sponsor_id != sponsor_id:
        raise document.invalid(f"is not the name of its file ({sponsor_id})", "sponsor_id")
    return document.record
