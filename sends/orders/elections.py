"""Elections: rounds, polling days by zone, blackouts, campaign period, bureau map; read from `config/elections/`.

Whether a message may leave at an instant belongs to `sends.rules.calendar`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from configuration.documents import read_document
from configuration.field_types import Day, Exactly, Instant, Means, NotEmpty, Text, Unfit, written
from sends.orders.audience_criteria import RoundNumber
from terms.errors import UsageError

#: Where people vote for the Assembly: a département, or a letter of the French abroad, and two digits.
CONSTITUENCY = r"(\d[0-9AB]|9[78]\d|Z[A-Z])\d{2}"
Constituencies = Annotated[
    tuple[Annotated[str, Exactly(CONSTITUENCY)], ...],
    NotEmpty("is an empty list, in which nobody votes; null = everyone votes"),
]


class ElectionType(StrEnum):
    """Kind of ballot."""

    PRESIDENTIAL = "presidential"
    LEGISLATIVE = "legislative"
    BY_ELECTION = "by_election"


@written(keys={"number": "round"})
@dataclass(frozen=True)
class Round:
    """One round: its polling days and the instant at which its blackout ends everywhere."""

    number: RoundNumber
    polling_on: Day
    blackout_ends_at: Instant
    saturday_polling_on: Day | None = None


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


@written(keys={"starts_on": "from", "ends_on": "to"})
@dataclass(frozen=True)
class CampaignPeriod:
    """The days of the official campaign, both included."""

    starts_on: Day
    ends_on: Day


@written(title="Election (config/elections/)")
@dataclass(frozen=True)
class ElectionFile:
    """One election as its file says it."""

    election: Text
    type: ElectionType
    label: Text
    bureau_map: Text
    campaign_period: CampaignPeriod
    saturday_territories: tuple[Text, ...]
    rounds: Annotated[tuple[Round, ...], NotEmpty("holds no round")]
    constituencies: Annotated[Constituencies | None, Means("null = everyone votes")] = None

    def __post_init__(self) -> None:
        """Refuse a round that stands twice."""
        numbers = [item.number for item in self.rounds]
        if len(set(numbers)) < len(numbers):
            raise Unfit("holds a round twice", "rounds")

    def to_election(self) -> Election:
        """Return the election."""
        return Election(
            election_id=self.election,
            type=self.type,
            label=self.label,
            bureau_map=self.bureau_map,
            constituencies=None if self.constituencies is None else frozenset(self.constituencies),
            campaign_from=self.campaign_period.starts_on,
            campaign_to=self.campaign_period.ends_on,
            saturday_zones=frozenset(self.saturday_territories),
            rounds={item.number: item for item in self.rounds},
        )


def read_elections(folder: Path) -> dict[str, Election]:
    """Read every election of a folder, by id.

    Raises:
        DocumentInvalid: a field is wrong, or a file is not named as its election.
    """
    elections = {}
    for path in sorted(folder.glob("*.yaml")):
        document = read_document(path, ElectionFile)
        election = document.record.to_election()
        if election.election_id != path.stem:
            raise document.invalid(f"is not the name of its file ({path.stem})", "election")
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
