"""Dates, instants, numbers, amounts and counts as French text, for papers; no locale need be installed.

French names of states, reasons and criteria belong to the room that owns them, such as `lineage.papers.words`.
"""

from __future__ import annotations

from datetime import date, datetime

from terms.paris import in_paris

_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


def day_french(day: date) -> str:
    """Return a civil date as `1er mars 2026`."""
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"


def instant_french(instant: datetime) -> str:
    """Return an aware instant in Paris time, to the second, as `2 mars 2026 à 18:04:11`.

    Raises:
        ValueError: the instant has no offset.
    """
    local = in_paris(instant)
    return f"{day_french(local.date())} à {local:%H:%M:%S}"


def number_french(e164: str) -> str:
    """Return a phone number as it is written in France: `06 39 98 00 42`, others as `+262 692 12 34 56`."""
    if e164.startswith("+33"):
        national = "0" + e164[3:]
        return "\u00a0".join(national[i : i + 2] for i in range(0, len(national), 2))
    country, rest = e164[:4], e164[4:]
    pairs = [rest[i : i + 2] for i in range(3, len(rest), 2)]
    return "\u00a0".join([country, rest[:3], *pairs])


def percent_french(share: float) -> str:
    """Return a share of one as `12,3 %`."""
    return f"{100 * share:.1f}\u00a0%".replace(".", ",")


def euros_french(cents: int) -> str:
    """Return an amount in cents as `1 234,50 €`."""
    return f"{cents / 100:,.2f}\u00a0€".replace(",", "\u202f").replace(".", ",")


def count_french(number: int, one: str = "", many: str = "") -> str:
    """Return a count, with its noun if one is given: `1 message`, `12 345 messages`; 0 takes the singular in French.

    Args:
        number: the count.
        one: the noun in the singular.
        many: the noun in the plural.
    """
    grouped = f"{number:,}".replace(",", "\u202f")
    return f"{grouped}\u00a0{one if number < 2 else many}" if one else grouped
