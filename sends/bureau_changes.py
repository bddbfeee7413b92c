"""Bureaux that were split or renumbered after somebody reserved them: a person looks before anything is sent there.

Reserving belongs to `exclusivity`; which addresses lie in which bureau, to `territories`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sends.findings import Finding, SendRules


class BureauChangeKind(StrEnum):
    """What became of a bureau."""

    SPLIT = "split"
    RENUMBERED = "renumbered"


@dataclass(frozen=True)
class BureauChange:
    """A change of a bureau and the day (Paris) on which it became known."""

    bureau_code: str
    kind: BureauChangeKind
    known_on: date


@dataclass(frozen=True)
class ReservedBureau:
    """A bureau that a sponsor holds, since a day; None = before every change that is listed."""

    bureau_code: str
    reserved_on: date | None


def change_findings(
    reserved: Iterable[ReservedBureau], changes: Iterable[BureauChange], on: date, rules: SendRules
) -> tuple[Finding, ...]:
    """Return BUREAU_REMAPPED where a bureau changed after it was reserved and this is known on a day (R-71)."""
    held = {item.bureau_code: item.reserved_on for item in reserved}
    hit = sorted(
        f"{change.bureau_code} ({change.kind})"
        for change in changes
        if change.known_on <= on and change.bureau_code in held and _is_since(change, held[change.bureau_code])
    )
    return rules.found("BUREAU_REMAPPED", "audience", f"{', '.join(hit[:20])}.") if hit else ()


def _is_since(change: BureauChange, reserved_on: date | None) -> bool:
    return reserved_on is None or change.known_on >= reserved_on
