"""When a message may leave: blackouts by zone, the operator's hours and days, holidays, windows and validity.

Pure functions over dated tables (`config/calendar/`, `config/elections/`). A contact has several clocks, its
territory's and its number's: every one of them must allow a hand-over. The present instant belongs to `terms.clock`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from configuration.documents import read_document
from configuration.field_types import Checked, Day, Exactly, Text, Unfit, written
from sends.orders.elections import Election
from sends.rules.rulebook import OrderFinding, SendRules
from terms.errors import UsageError
from terms.paris import PARIS, day_in_paris
from terms.reasons import Channel, Decision, Profile

#: Operators' charter (R-54): from 08:00:00 to before 22:00:00 on every clock of the contact.
OPENS, CLOSES = time(8), time(22)

_HOUR_CODES = ("HOURS", "SUNDAY", "HOLIDAY")

#: Codes that count for the last message of an order too.
_CROSSED = ("L49", "L49-3", "VALIDITY_CROSSES_BLACKOUT", "TERRITORY_UNKNOWN")

#: L48-2 (R-30, policy): a new element of polemic that comes so shortly before the blackout cannot be answered in time.
_TOO_LATE_TO_ANSWER = timedelta(hours=48)


class Binds(StrEnum):
    """Under which profiles a local holiday counts: Alsace-Moselle's own days only under strict (rules page §4)."""

    BOTH = "both"
    STRICT = "strict"


@written(keys={"days": "on"})
@dataclass(frozen=True)
class LocalHoliday:
    """Holidays of one zone."""

    zone: Text
    binds: Binds
    days: frozenset[Day]


def _check_clock(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Unfit("is not a time zone") from None


@written(keys={"name": "timezone"})
@dataclass(frozen=True)
class Clock:
    """The clock of a zone: a time zone by its IANA name."""

    name: Annotated[Text, Checked(_check_clock)]


@written()
@dataclass(frozen=True)
class ZonesFile:
    """`config/calendar/zones.yaml`."""

    zones: Mapping[str, Clock]


@written()
@dataclass(frozen=True)
class HolidaysFile:
    """`config/calendar/holidays.yaml`; `national` by year."""

    national: Mapping[Annotated[str, Exactly(r"[0-9]{4}")], frozenset[Day]]
    local: tuple[LocalHoliday, ...]


@dataclass(frozen=True)
class Calendar:
    """Clocks of the zones and the holidays, by year; a year that is not listed is an error, not a working year."""

    clocks: Mapping[str, str]
    national: Mapping[int, frozenset[date]]
    local: tuple[LocalHoliday, ...]

    @cached_property
    def timezones(self) -> Mapping[str, ZoneInfo]:
        """Return the time zone of each zone."""
        return {zone: ZoneInfo(name) for zone, name in self.clocks.items()}

    def local_time(self, moment: datetime, zone: str) -> datetime:
        """Return an instant on the clock of a zone.

        Raises:
            UsageError: the zone is not in `config/calendar/zones.yaml`.
        """
        if zone not in self.timezones:
            raise UsageError(f"The zone {zone!r} has no clock.", "Add it to config/calendar/zones.yaml.")
        return moment.astimezone(self.timezones[zone])

    def is_holiday(self, day: date, zone: str, profile: Profile) -> bool:
        """Return whether a civil day is a holiday in a zone.

        Args:
            day: a civil day.
            zone: the zone.
            profile: under which reading of the law; Alsace-Moselle's own days count under strict only.

        Raises:
            UsageError: the year is not in `config/calendar/holidays.yaml`.
        """
        if day.year not in self.national:
            raise UsageError(f"No holidays are listed for {day.year}.", "Add them to config/calendar/holidays.yaml.")
        own = (
            item.days
            for item in self.local
            if item.zone == zone and (item.binds is Binds.BOTH or profile is Profile.STRICT)
        )
        return day in self.national[day.year] or any(day in days for days in own)


@dataclass(frozen=True)
class Place:
    """Where a contact is for the calendar: zones whose clocks count (`metropole`, `martinique`, ...), and where it votes.

    `is_territory_known` says whether the place where it votes is known at all; `constituency` is where it votes for the Assembly (`7507`), `departement` the part of that code that its commune
    tells; each None = not known, or not asked because no election of some constituencies is configured.
    """

    zones: frozenset[str]
    is_territory_known: bool
    constituency: str | None = None
    departement: str | None = None

    def votes_in(self, election: Election) -> bool:
        """Return whether a contact here votes in an election; where only its département is known, whether it may (R-26)."""
        if election.constituencies is None:
            return True
        if self.constituency is not None:
            return self.constituency in election.constituencies
        return self.departement in election.departements


@dataclass(frozen=True)
class Timing:
    """What decides about an instant, the same for all messages of a plan."""

    calendar: Calendar
    elections: tuple[Election, ...]
    rules: SendRules
    channel: Channel
    validity: timedelta
    has_new_accusation: bool = False


def read_calendar(folder: Path) -> Calendar:
    """Read zones and holidays.

    Raises:
        DocumentInvalid: a field is wrong, or a clock or zone is not known.
    """
    zones = read_document(folder / "zones.yaml", ZonesFile).record.zones
    holidays = read_document(folder / "holidays.yaml", HolidaysFile)
    for place, holiday in enumerate(holidays.record.local):
        if holiday.zone not in zones:
            raise holidays.invalid("is no zone of config/calendar/zones.yaml", "local", place, "zone")
    national = {int(year): days for year, days in holidays.record.national.items()}
    return Calendar({zone: clock.name for zone, clock in zones.items()}, national, holidays.record.local)


def blackout_starts_at(election: Election, number: int, zone: str, calendar: Calendar) -> datetime:
    """Return the instant at which a blackout begins: 00:00:00 on the clock of the zone, on the eve of its polling day (L49, R-26, R-28, R-29).

    Args:
        election: the election.
        number: its round, 1 or 2.
        zone: the zone, for its clock and its polling day.
        calendar: the clocks of the zones.
    """
    eve = election.polling_on(number, zone) - timedelta(days=1)
    return datetime.combine(eve, time(0), calendar.timezones[zone])


def moment_findings(moment: datetime, place: Place, timing: Timing) -> tuple[OrderFinding, ...]:
    """Return every code of the calendar for handing a message over at an instant.

    Under MARKET the operator's hours and days are HOLD where another zone of the contact allows (rules page §4): one in
    which none of them bites. Voice has no hours of an operator: they are not settled.

    Args:
        moment: the instant (aware) of the hand-over.
        place: where the contact is.
        timing: calendar, elections and rules.
    """
    found = _blackout_findings(moment, place, timing)
    if timing.channel is Channel.SMS:
        found += _hour_findings(moment, place, timing)
    return found


def allows(moment: datetime, place: Place, timing: Timing) -> bool:
    """Return whether the calendar lets a message leave at an instant.

    Args:
        moment: the instant (aware) of the hand-over.
        place: where the contact is.
        timing: calendar, elections and rules.
    """
    return not moment_findings(moment, place, timing)


def first_open(place: Place, start: datetime, end: datetime, timing: Timing) -> datetime | None:
    """Return the first instant of [start, end) at which the calendar allows a hand-over, or None.

    All limits fall on whole quarters of an hour on every clock in use, so those are tried after `start` itself.

    Args:
        place: where the contact is.
        start: the first instant (aware) that is tried.
        end: the instant (aware) before which it must be.
        timing: calendar, elections and rules.
    """
    step = timedelta(minutes=15)
    moment = start
    while moment < end:
        if allows(moment, place, timing):
            return moment
        moment += step - timedelta(seconds=moment.timestamp() % step.total_seconds())
    return None


def planned_end(start: datetime, messages: int, rate_per_second: int) -> datetime:
    """Return the instant of the last message when nothing interrupts.

    Args:
        start: the instant (aware) of the first message.
        messages: how many.
        rate_per_second: how many leave in a second.
    """
    return start + timedelta(seconds=messages / rate_per_second)


def window_findings(start: datetime, last: datetime, window_to: datetime, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return WINDOW_TOO_SHORT when the last message falls after 22:00:00 in Paris or after the window (R-54).

    Args:
        start: the instant (aware) of the first message.
        last: the instant (aware) of the last one.
        window_to: the end of the order's window.
        rules: effects and sentences.
    """
    closes = datetime.combine(day_in_paris(start), CLOSES, PARIS)
    if last <= min(closes, window_to):
        return ()
    return rules.found("WINDOW_TOO_SHORT", "window", "Cut it: the rest can follow on the next working day.")


def span_findings(
    places: Sequence[Place],
    judged_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    window_to: datetime,
    timing: Timing,
) -> tuple[OrderFinding, ...]:
    """Return what the calendar says of a whole order: at its first instant for everybody, and of its last message.

    A first instant that is closed for some places only is no finding: their messages wait, or are excluded.
    The place that most of the audience shares speaks for the order.

    Args:
        places: the places of the audience, the most frequent first; at least one.
        judged_at: the instant that the audience is judged at.
        starts_at: the instant of the first message.
        ends_at: the instant of the last message, when nothing interrupts.
        window_to: the end of the order's window.
        timing: calendar, elections and rules.
    """
    at_start = [moment_findings(judged_at, place, timing) for place in places]
    found = at_start[0] if all(at_start) else ()
    known = {item.code for item in found}
    at_end = moment_findings(ends_at, places[0], timing)
    found += tuple(item for item in at_end if item.code in _CROSSED and item.code not in known)
    return found + window_findings(starts_at, ends_at, window_to, timing.rules)


def _blackout_findings(moment: datetime, place: Place, timing: Timing) -> tuple[OrderFinding, ...]:
    spans = _blackouts(place, timing)
    found: tuple[OrderFinding, ...] = ()
    if any(starts <= moment < ends for starts, ends in spans):
        found += timing.rules.found("L49" if timing.channel is Channel.SMS else "L49-3", "window")
    else:
        found += _before_blackout([starts for starts, _ in spans if moment < starts], moment, timing)
    if not place.is_territory_known and _some_blackout(moment, timing):
        found += timing.rules.found("TERRITORY_UNKNOWN", "audience")
    return found


def _blackouts(place: Place, timing: Timing) -> list[tuple[datetime, datetime]]:
    """Return beginning and end of every blackout of the elections in which a contact here votes."""
    own = [election for election in timing.elections if place.votes_in(election)]
    return [_span(election, number, zone, timing) for election, number, zone in _ballots(own, place.zones)]


def _before_blackout(starts: Iterable[datetime], moment: datetime, timing: Timing) -> tuple[OrderFinding, ...]:
    """Return what a coming blackout says: the operator may deliver in it (R-26), or nobody could answer before it (R-30)."""
    left = min((start - moment for start in starts), default=timedelta.max)
    found: tuple[OrderFinding, ...] = ()
    if left <= timing.validity:
        found += timing.rules.found("VALIDITY_CROSSES_BLACKOUT", "validity_minutes")
    if timing.has_new_accusation and left <= _TOO_LATE_TO_ANSWER:
        found += timing.rules.found("L48_2_REVIEW", "message.has_new_accusation")
    return found


def _ballots(elections: Iterable[Election], zones: Iterable[str]) -> list[tuple[Election, int, str]]:
    """Return the ballots of these elections in these zones, whatever election the order names."""
    return [(election, number, zone) for election in elections for number in election.rounds for zone in zones]


def _span(election: Election, number: int, zone: str, timing: Timing) -> tuple[datetime, datetime]:
    starts = blackout_starts_at(election, number, zone, timing.calendar)
    return starts, election.rounds[number].blackout_ends_at


def _some_blackout(moment: datetime, timing: Timing) -> bool:
    """Return whether some zone is in the blackout of an election in which everybody votes."""
    general = [election for election in timing.elections if election.constituencies is None]
    spans = (
        _span(election, number, zone, timing) for election, number, zone in _ballots(general, timing.calendar.clocks)
    )
    return any(starts <= moment < ends for starts, ends in spans)


def _hour_findings(moment: datetime, place: Place, timing: Timing) -> tuple[OrderFinding, ...]:
    forbidden = [_hour_codes(moment, zone, timing) for zone in place.zones]
    in_some_zone = frozenset[str]().union(*forbidden)
    codes = [code for code in _HOUR_CODES if code in in_some_zone]
    found = tuple(item for code in codes for item in timing.rules.found(code, "window"))
    if timing.rules.profile is Profile.MARKET and not all(forbidden):
        return tuple(replace(item, decision=Decision.HOLD) for item in found)
    return found


def _hour_codes(moment: datetime, zone: str, timing: Timing) -> frozenset[str]:
    """Return the operator's hours and days that forbid an instant in a zone."""
    return frozenset(code for code in _HOUR_CODES if _forbids(code, moment, zone, timing))


def _forbids(code: str, moment: datetime, zone: str, timing: Timing) -> bool:
    local = timing.calendar.local_time(moment, zone)
    if code == "HOURS":
        return not OPENS <= local.time() < CLOSES
    if code == "SUNDAY":
        return local.weekday() == 6
    return timing.calendar.is_holiday(local.date(), zone, timing.rules.profile)
