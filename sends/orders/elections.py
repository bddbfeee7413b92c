"""Elections: rounds, polling days by zone, blackouts, campaign period, bureau map; read from `config/elections/`.

Whether a message may leave at an instant belongs to `sends.rules.calendar`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from configuration.fields import Section, read_document
from terms.errors import UsageError

#: Where people vote for the Assembly: a département, or a letter of the French abroad, and two digits.
CONSTITUENCY = r"(\d[0-9AB]|9[78]\d|Z[A-Z])\d{2}"


class ElectionType(StrEnum):
    """Kind of ballot."""

    PRESIDENTIAL = "presidential"
    LEGISLATIVE = "legislative"
    BY_ELECTION = "by_election"


@dataclass(frozen=True)
class Round:
    """One round: its polling days and the instant at which its blackout ends everywhere."""

    number: int
    polling_on: date
    saturday_polling_on: date | None
    blackout_ends_at: datetime


@dataclass(frozen=True)
class Election:
    """One election; `constituencies` None = everyone votes in it."""

    election_id: str
    type: ElectionType
    label: str
    bureau_map: str
    constituencies: frozenset[str] | None
    campaign_from: date
    campaign_to: date
    saturday_zones: frozenset[str]
    rounds: Mapping[int, Round]

    @property
    def departements(self) -> frozenset[str]:
        """Return the départements of its constituencies, which are a département and two digits (`7507`, `97401`)."""
        return frozenset(code[:-2] for code in self.constituencies or ())

    def polling_on(self, number: int, zone: str) -> date:
        """Return the day on which a zone votes in a round (R-28)."""
        of_round = self.rounds[number]
        if zone in self.saturday_zones and of_round.saturday_polling_on is not None:
            return of_round.saturday_polling_on
        return of_round.polling_on

    def eligible_on(self, number: int) -> date:
        """Return the day on which a person must be 18 to vote: the eve of the round's polling day (R-41)."""
        return self.rounds[number].polling_on - timedelta(days=1)


def read_elections(folder: Path) -> dict[str, Election]:
    """Read every election of a folder, by id.

    Raises:
        FileInvalid: a field is wrong, or a file is not named as its election.
    """
    elections = {}
    for path in sorted(folder.glob("*.yaml")):
        top = read_document(path).top
        election = _election(top)
        if election.election_id != path.stem:
            raise top.invalid("election", f"is not the name of its file ({path.stem})")
        elections[election.election_id] = election
    return elections


def find_election(elections: Mapping[str, Election], election_id: str, number: int) -> Election:
    """Return the election that an order names.

    Args:
        elections: every election by its id.
        election_id: the one that the order names.
        number: the round that the order names.

    Raises:
        UsageError: there is no such election, or it has no such round.
    """
    election = elections.get(election_id)
    if election is None:
        known = ", ".join(sorted(elections)) or "none"
        raise UsageError(f"The election {election_id!r} is not known (known: {known}).", "Add it to config/elections/.")
    if number not in election.rounds:
        raise UsageError(f"{election_id} has no round {number}.", "Correct the order.")
    return election


def _election(top: Section) -> Election:
    period = top.section("campaign_period")
    rounds = [_round(section) for section in top.sections("rounds")]
    constituencies = top.optional("constituencies", lambda name: top.texts(name, CONSTITUENCY))
    if constituencies is not None and not constituencies:
        raise top.invalid("constituencies", "is an empty list, in which nobody votes; null = everyone votes")
    numbers = [item.number for item in rounds]
    if not numbers or len(set(numbers)) < len(numbers):
        raise top.invalid("rounds", "has no round, or one twice")
    election = Election(
        election_id=top.text("election"),
        type=top.choice("type", ElectionType),
        label=top.text("label"),
        bureau_map=top.text("bureau_map"),
        constituencies=None if constituencies is None else frozenset(constituencies),
        campaign_from=period.day("from"),
        campaign_to=period.day("to"),
        saturday_zones=frozenset(top.texts("saturday_territories")),
        rounds={item.number: item for item in rounds},
    )
    period.finish()
    top.finish()
    return election


def _round(section: Section) -> Round:
    of_round = Round(
        number=section.integer("round", 1, 2),
        polling_on=section.day("polling_on"),
        saturday_polling_on=section.optional("saturday_polling_on", section.day),
        blackout_ends_at=section.instant("blackout_ends_at"),
    )
    section.finish()
    return of_round
