"""Reserved bureaux that were split, merged or renumbered since: a person looks before anything is sent there (R-71).

The base tells what became of a bureau on a newer map; `config/bureau_changes.yaml` holds what a person learnt before any map
shows it. Reserving belongs to `sends.plans.exclusivity`; which addresses lie in which bureau, to `territories`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import duckdb
from sqlalchemy import Connection, func, select

from configuration.documents import read_document
from configuration.field_types import Day, Exactly, written
from sends.orders.audience_criteria import BUREAU
from sends.rules.rulebook import OrderFinding, SendRules
from stores.operations.plan_tables import bureau_holdings
from stores.sql_files import sql_of
from terms.clock import from_micros, to_micros
from terms.paris import day_in_paris


class BureauChangeKind(StrEnum):
    """What became of a bureau."""

    SPLIT = "split"
    RENUMBERED = "renumbered"
    MERGED = "merged"  # whole into a larger one
    REDRAWN = "redrawn"  # parts of it went to neighbours
    GONE = "gone"  # in no bureau of its commune


@written()
@dataclass(frozen=True)
class BureauChange:
    """A change of a bureau that a person wrote down, and the day (Paris) on which it became known."""

    bureau_code: Annotated[str, Exactly(BUREAU)]
    kind: BureauChangeKind
    known_on: Day


@written()
@dataclass(frozen=True)
class BureauChangesFile:
    """The changes of bureaux that a person wrote down."""

    changes: tuple[BureauChange, ...]


@dataclass(frozen=True)
class MapChange:
    """What the serving base says became of a bureau of an older map; `bureau_code` is its code on that one."""

    bureau_code: str
    from_map: str
    kind: BureauChangeKind


@dataclass(frozen=True)
class ReservedBureau:
    """A bureau that a sponsor holds, since a day; None = before every change that is listed; on a map, if it is told."""

    bureau_code: str
    reserved_on: date | None
    bureau_map: str | None = None


def read_bureau_changes(config: Path) -> tuple[BureauChange, ...]:
    """Read the changes of bureaux that were written down in `bureau_changes.yaml`; without the file none is known.

    Raises:
        DocumentInvalid: a field is wrong.
    """
    path = config / "bureau_changes.yaml"
    if not path.exists():
        return ()
    return read_document(path, BureauChangesFile).record.changes


def read_map_changes(
    base: duckdb.DuckDBPyConnection, bureau_map: str, bureau_codes: Sequence[str]
) -> tuple[MapChange, ...]:
    """Return the changes that touch bureaux of a map: what became of them since, and of older bureaux that lie in them now.

    Args:
        base: a connection to the published base.
        bureau_map: the map whose codes they are.
        bureau_codes: the bureaux in question.
    """
    rows = base.execute(
        sql_of(__file__, "changes_of_bureaux"),
        {"codes": list(bureau_codes), "map": bureau_map},
    ).fetchall()
    return tuple(MapChange(code, from_map, BureauChangeKind(change)) for code, from_map, change in rows)


def reserved_bureaux(
    work: Connection, election: str, round_number: int, bureau_codes: Iterable[str], now: datetime
) -> tuple[ReservedBureau, ...]:
    """Return which of these bureaux are held for a round, by whomever, each with the first day (Paris) of that.

    Args:
        work: an open connection to the operations database.
        election: the election.
        round_number: its round, 1 or 2.
        bureau_codes: the bureaux in question.
        now: the present instant (aware); what ended by then does not count.
    """
    wanted, table = frozenset(bureau_codes), bureau_holdings.c
    query = (
        select(table.bureau_code, table.bureau_map, func.min(table.held_from).label("since"))
        .where(table.election == election, table.round == round_number, table.held_until > to_micros(now))
        .group_by(table.bureau_code, table.bureau_map)
    )
    return tuple(
        ReservedBureau(row.bureau_code, _day(row.since), row.bureau_map)
        for row in work.execute(query)
        if row.bureau_code in wanted
    )


def bureaux_of_plan(work: Connection, plan_id: str) -> tuple[ReservedBureau, ...]:
    """Return the bureaux that a plan holds or held, each with the day since when (Paris)."""
    table = bureau_holdings.c
    query = select(table.bureau_code, table.bureau_map, table.held_from).where(table.plan_id == plan_id)
    return tuple(
        ReservedBureau(row.bureau_code, _day(row.held_from), row.bureau_map)
        for row in work.execute(query.order_by(table.bureau_code))
    )


def change_findings(
    reserved: Iterable[ReservedBureau],
    told: Iterable[BureauChange],
    mapped: Iterable[MapChange],
    on: date,
    rules: SendRules,
) -> tuple[OrderFinding, ...]:
    """Return BUREAU_REMAPPED where a reserved bureau is no longer what it was (R-71).

    Args:
        reserved: the bureaux in question, each as it is held.
        told: changes that a person wrote down: they count where they became known since the reservation.
        mapped: changes of the serving base: they count for reservations made on the older map.
        on: the day (Paris) of the question.
        rules: the rules of that day.
    """
    held = tuple(reserved)
    since = {item.bureau_code: item.reserved_on for item in held}
    places = {(item.bureau_code, item.bureau_map) for item in held}
    hit = {
        f"{change.bureau_code} ({change.kind})"
        for change in told
        if change.known_on <= on and change.bureau_code in since and _is_since(change, since[change.bureau_code])
    }
    hit |= {
        f"{change.bureau_code} of the map {change.from_map} ({change.kind})"
        for change in mapped
        if (change.bureau_code, change.from_map) in places
    }
    return rules.found("BUREAU_REMAPPED", "audience", f"{', '.join(sorted(hit)[:20])}.") if hit else ()


def _day(instant: int) -> date:
    return day_in_paris(from_micros(instant))


def _is_since(change: BureauChange, reserved_on: date | None) -> bool:
    return reserved_on is None or change.known_on >= reserved_on
