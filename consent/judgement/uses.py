"""One use of a contact that is asked about: channel, sponsor, selection, reading of the law, and the two instants.

How the base is asked belongs to `queries` and `asking`; what it answers, to `answers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from terms.clock import naive_utc
from terms.environment import NumberRules
from terms.reasons import Channel, Profile


@dataclass(frozen=True)
class Use:
    """One use of a contact, to be judged by the law of `moment` with what was known by `known_by` (both aware).

    Attributes:
        channel: how the message goes.
        sponsor_id: who pays; None = some sponsor.
        criteria_kinds: by what people are selected: address, age, sex, area_results, area_income; empty = unselected.
        eligible_on: day on which the person must be an elector; None = not asked.
        number_rules: which invented numbers count here.
        profile: which reading of the disputed law.
        moment: when the message would leave.
        known_by: latest knowledge that counts.
    """

    channel: Channel
    sponsor_id: str | None
    criteria_kinds: tuple[str, ...]
    eligible_on: date | None
    number_rules: NumberRules
    profile: Profile
    moment: datetime
    known_by: datetime


def use_for_some_sponsor(channel: Channel, profile: Profile, number_rules: NumberRules, at: datetime) -> Use:
    """Return the use that a look-up, a funnel and a preview judge: for some sponsor who selects by bureau, at one instant.

    It is the contract's wording of a number's verdict.

    Args:
        channel: how the message goes.
        profile: which reading of the disputed law.
        number_rules: which invented numbers count.
        at: instant of the use and of what is known (aware).
    """
    return Use(
        channel=channel,
        sponsor_id=None,
        criteria_kinds=("address",),
        eligible_on=None,
        number_rules=number_rules,
        profile=profile,
        moment=at,
        known_by=at,
    )


def parameters_of(use: Use) -> dict[str, object]:
    """Return a use as the named parameters of the macros; instants are UTC without a zone, as DuckDB stores them."""
    return {
        "use_channel": use.channel.value,
        "use_sponsor_id": use.sponsor_id,
        "use_criteria_kinds": list(use.criteria_kinds),
        "use_eligible_on": use.eligible_on,
        "use_number_rules": use.number_rules.value,
        "use_profile": use.profile.value,
        "use_moment": naive_utc(use.moment),
        "use_known_by": naive_utc(use.known_by),
    }
