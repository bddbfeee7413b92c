"""Bureaux that were split or renumbered after somebody reserved them: a person looks before anything is sent there.

Reserving belongs to `exclusivity`; which addresses lie in which bureau, to `territories`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, func, select

from sends.calendar import PARIS
from sends.fields import Section, read_document
from sends.findings import Finding, SendRules
from sends.orders import BUREAU
from stores.operations import bureau_holdings
from terms.clock import from_micros, to_micros


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


def read_bureau_changes(config: Path) -> tuple[BureauChange, ...]:
    """Read the changes of bureaux that were written down in `bureau_changes.yaml`; without the file none is known.

    Raises:
        FileInvalid: a field is wrong.
    """
    path = config / "bureau_changes.yaml"
    if not path.exists():
        return ()
    top = read_document(path).top
    changes = tuple(_change(section) for section in top.sections("changes"))
    top.finish()
    return changes


def reserved_bureaux(
    work: Connection, election: str, round_number: int, bureau_codes: Iterable[str], now: datetime
) -> tuple[ReservedBureau, ...]:
    """Return which of these bureaux somebody holds for a round, whoever it is, each with the first day of that (Paris)."""
    wanted, table = frozenset(bureau_codes), bureau_holdings.c
    query = (
        select(table.bureau_code, func.min(table.held_from))
        .where(table.election == election, table.round == round_number, table.held_until > to_micros(now))
        .group_by(table.bureau_code)
    )
    return tuple(
        ReservedBureau(code, from_micros(since).astimezone(PARIS).date())
        for code, since in work.execute(query).tuples()
        if code in wanted
    )


def bureaux_of_plan(work: Connection, plan_id: str) -> tuple[ReservedBureau, ...]:
    """Return the bureaux that a plan holds or held, each with the day since when (Paris)."""
    query = select(bureau_holdings.c.bureau_code, bureau_holdings.c.held_from)
    rows = work.execute(query.where(bureau_holdings.c.plan_id == plan_id)).tuples()
    return tuple(ReservedBureau(code, from_micros(since).astimezone(PARIS).date()) for code, since in rows)


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


def _change(section: Section) -> BureauChange:
    change = BureauChange(
        bureau_code=section.text("bureau_code", BUREAU),
        kind=section.choice("kind", BureauChangeKind),
        known_on=section.day("known_on"),
    )
    section.finish()
    return change


def _is_since(change: BureauChange, reserved_on: date | None) -> bool:
    return reserved_on is None or change.known_on >= reserved_on
