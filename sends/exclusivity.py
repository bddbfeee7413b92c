"""Exclusivity: one sponsor per bureau part and per elector, for an election and round, kept by keys of the database.

Every function works inside the caller's transaction: what it reserves is committed with the plan or not at all.
Whether an order may be planned otherwise is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarResult, Table, and_, delete, select, update

from sends.orders import Years
from sends.states import MAY_HAVE_LEFT
from stores.operations import bureau_reservations, contact_reservations, insert_once, messages
from terms.clock import to_micros

#: Ages in years on polling day that a bureau is cut into; -1 = birth date unknown, part of the whole bureau only.
YOUNGEST, OLDEST, UNKNOWN_AGE = 18, 120, -1

_CHUNK = 500  # values in one statement


@dataclass(frozen=True)
class Holding:
    """Who reserves what for which ballot, and until when."""

    election: str
    round: int
    sponsor_id: str
    plan_id: str
    expires_at: datetime

    def row(self) -> dict[str, object]:
        """Return the columns that every reservation of this holding has."""
        return {
            "election": self.election,
            "round": self.round,
            "sponsor_id": self.sponsor_id,
            "plan_id": self.plan_id,
            "expires_at": to_micros(self.expires_at),
        }


def ages_of(part: Years | None) -> tuple[int, ...]:
    """Return the ages that a part of a bureau holds; the whole bureau holds unknown birth dates too."""
    if part is None:
        return (UNKNOWN_AGE, *range(YOUNGEST, OLDEST + 1))
    least = YOUNGEST if part.least is None else max(YOUNGEST, part.least)
    most = OLDEST if part.most is None else min(OLDEST, part.most)
    return tuple(range(least, most + 1))


def drop_expired(work: Connection, now: datetime) -> None:
    """Remove reservations whose end has come; what they held is free again."""
    for table in (bureau_reservations, contact_reservations):
        work.execute(delete(table).where(table.c.expires_at <= to_micros(now)))


def reserve_bureaux(
    work: Connection, holding: Holding, bureau_map: str, bureau_codes: Iterable[str], part: Years | None
) -> frozenset[str]:
    """Reserve parts of bureaux and return the bureaux in which another sponsor holds an overlapping part.

    The caller must roll back when any is returned. Keys are taken in one order, so that two planners cannot
    wait for each other.
    """
    codes, ages = sorted(bureau_codes), ages_of(part)
    conflicts: set[str] = set()
    for some in _chunks(codes):
        rows = [
            {**holding.row(), "bureau_code": code, "bureau_map": bureau_map, "age": age}
            for code in some
            for age in ages
        ]
        new = insert_once(work, bureau_reservations, rows)
        if new < len(rows):
            ours = _these(bureau_reservations, holding) & bureau_reservations.c.bureau_code.in_(some)
            ours &= bureau_reservations.c.age.in_(ages)
            conflicts |= _of_others(work, bureau_reservations, "bureau_code", ours, holding)
            _prolong(work, bureau_reservations, ours, holding)
    return frozenset(conflicts)


def reserve_contacts(work: Connection, holding: Holding, contact_ids: Sequence[str]) -> frozenset[str]:
    """Reserve contacts and return those that another sponsor holds; the caller must not send to them."""
    conflicts: set[str] = set()
    for some in _chunks(sorted(contact_ids)):
        rows = [{**holding.row(), "contact_id": contact_id} for contact_id in some]
        if insert_once(work, contact_reservations, rows) < len(rows):
            ours = _these(contact_reservations, holding) & contact_reservations.c.contact_id.in_(some)
            conflicts |= _of_others(work, contact_reservations, "contact_id", ours, holding)
            _prolong(work, contact_reservations, ours, holding)
    return frozenset(conflicts)


def held_contacts(work: Connection, holding: Holding, now: datetime) -> Iterator[Sequence[str]]:
    """Yield, in chunks, the contacts that another sponsor holds for this ballot."""
    table = contact_reservations
    of_others = and_(
        table.c.election == holding.election,
        table.c.round == holding.round,
        table.c.sponsor_id != holding.sponsor_id,
        table.c.expires_at > to_micros(now),
    )
    found: ScalarResult[str] = work.execute(select(table.c.contact_id).where(of_others)).scalars()
    yield from found.partitions(50_000)


def extend(work: Connection, plan_id: str, until: datetime) -> None:
    """Keep what a plan reserved until an instant, never shorter than before."""
    for table in (bureau_reservations, contact_reservations):
        shorter = (table.c.plan_id == plan_id) & (table.c.expires_at < to_micros(until))
        work.execute(update(table).where(shorter).values(expires_at=to_micros(until)))


def keep_contacts(work: Connection, holding: Holding, contact_ids: Sequence[str]) -> None:
    """Keep contacts that are about to be sent to: the elector stays with the sponsor until the holding's end."""
    ours = _these(contact_reservations, holding) & contact_reservations.c.contact_id.in_(contact_ids)
    _prolong(work, contact_reservations, ours, holding)


def release(work: Connection, plan_id: str) -> None:
    """Free what a plan reserved and never sent to: contacts without a message that may have left, bureaux without any."""
    left = select(messages.c.contact_id).where(messages.c.plan_id == plan_id, messages.c.state.in_(MAY_HAVE_LEFT))
    bureaux = left.with_only_columns(messages.c.bureau_code).where(messages.c.bureau_code.is_not(None))
    contact, bureau = contact_reservations.c, bureau_reservations.c
    work.execute(delete(contact_reservations).where(contact.plan_id == plan_id, contact.contact_id.not_in(left)))
    work.execute(delete(bureau_reservations).where(bureau.plan_id == plan_id, bureau.bureau_code.not_in(bureaux)))


def _these(table: Table, holding: Holding) -> ColumnElement[bool]:
    return and_(table.c.election == holding.election, table.c.round == holding.round)


def _of_others(work: Connection, table: Table, column: str, these: ColumnElement[bool], holding: Holding) -> set[str]:
    others = select(table.c[column]).where(these, table.c.sponsor_id != holding.sponsor_id)
    return set(work.execute(others).scalars())


def _prolong(work: Connection, table: Table, these: ColumnElement[bool], holding: Holding) -> None:
    until = to_micros(holding.expires_at)
    ours = these & (table.c.sponsor_id == holding.sponsor_id) & (table.c.expires_at < until)
    work.execute(update(table).where(ours).values(expires_at=until))


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
