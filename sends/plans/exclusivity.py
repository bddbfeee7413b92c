"""Exclusivity: one sponsor per bureau part and per elector, for an election and round, kept by keys of the database.

Every function works inside the caller's transaction: what it reserves is committed with the plan or not at all.
What a plan held is kept in `bureau_holdings` when its reservation is gone. Other rules of an order belong to `sends.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from sends.ledger.states import MAY_HAVE_LEFT, State
from sends.orders.audience_criteria import Years
from stores.operations.database import VALUES_AT_ONCE, insert_once
from stores.operations.message_tables import messages
from stores.operations.plan_tables import bureau_holdings, bureau_reservations, contact_reservations, plans
from terms.batches import batched
from terms.clock import to_micros

#: Ages in years on polling day that a bureau is cut into; -1 = birth date unknown, part of the whole bureau only.
YOUNGEST, OLDEST, UNKNOWN_AGE = 18, 120, -1

_LOOKED_UP = 10_000  # contacts asked about in one statement; SQLite allows 32,766 values

_Columns = ReadOnlyColumnCollection[str, Column[Any]]


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
    work: Connection,
    holding: Holding,
    bureau_map: str,
    bureau_codes: Iterable[str],
    part: Years | None,
    now: datetime,
) -> frozenset[str]:
    """Reserve parts of bureaux and return the bureaux in which another sponsor holds an overlapping part.

    The caller must roll back when any is returned. Keys are taken in one order, so that two planners cannot
    wait for each other.

    Args:
        work: the caller's transaction.
        holding: for which ballot, sponsor and plan, and until when.
        bureau_map: the map whose codes they are.
        bureau_codes: the bureaux.
        part: ages in years on polling day; None = the whole bureau.
        now: the present instant (aware).
    """
    codes, ages = sorted(bureau_codes), ages_of(part)
    conflicts: set[str] = set()
    for some in batched(codes if ages else (), VALUES_AT_ONCE):
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
        held = {"bureau_map": bureau_map, "age_from": ages[0], "age_to": ages[-1], "held_from": to_micros(now)}
        insert_once(work, bureau_holdings, [_held_row(holding, code) | held for code in some])
    return frozenset(conflicts)


def _held_row(holding: Holding, bureau_code: str) -> dict[str, object]:
    row = holding.row()
    return row | {"bureau_code": bureau_code, "held_until": row.pop("expires_at")}


def free_ages(work: Connection, holding: Holding, bureau_codes: Iterable[str], part: Years | None) -> tuple[Years, ...]:
    """Return the age ranges of a part that no other sponsor holds in any of these bureaux, the longest first.

    Bounds are years on polling day; the oldest age is told as an open end. Who holds the rest is not told.

    Args:
        work: the caller's transaction.
        holding: for which ballot, sponsor and plan, and until when.
        bureau_codes: the bureaux; an age counts that is free in all of them.
        part: ages in years on polling day; None = the whole bureau.
    """
    held: set[int] = set()
    table = bureau_reservations
    for some in batched(sorted(bureau_codes), VALUES_AT_ONCE):
        others = _these(table, holding) & table.c.bureau_code.in_(some) & (table.c.sponsor_id != holding.sponsor_id)
        held |= set(work.execute(select(table.c.age).where(others).distinct()).scalars())
    free = [age for age in ages_of(part) if age not in held and age != UNKNOWN_AGE]
    ranges: list[list[int]] = []
    for age in free:
        if ranges and ranges[-1][-1] == age - 1:
            ranges[-1].append(age)
        else:
            ranges.append([age])
    found = sorted(ranges, key=lambda ages: (-len(ages), ages[0]))
    return tuple(Years(ages[0], None if ages[-1] == OLDEST else ages[-1]) for ages in found)


def conflict_words(codes: Sequence[str], taken: frozenset[str], free: Sequence[Years]) -> str:
    """Return in words which bureaux and ages are free, and the `reserve` that would fit; nothing about who holds the rest.

    Args:
        codes: bureaux of the order.
        taken: those in which another sponsor holds an overlapping part.
        free: ages in years on polling day that are free in all of them, as `free_ages` returns them.
    """
    listed = ", ".join(sorted(taken)[:20]) + (", ..." if len(taken) > 20 else "")
    words = f"{len(codes) - len(taken)} of {len(codes)} bureaux are free; not free: {listed}."
    if free:
        parts = ", ".join(_years_words(years) for years in free)
        least, most = free[0].least, "null" if free[0].most is None else free[0].most
        words += f" In all of them these ages on polling day are free: {parts}; `reserve: {{age: {{min: {least}, max: {most}}}}}` fits."
    elif len(taken) < len(codes):
        words += " No age is free in all of them: order the free bureaux only."
    return words


def _years_words(years: Years) -> str:
    return f"{years.least} and over" if years.most is None else f"{years.least} to {years.most}"


def reserve_contacts(work: Connection, holding: Holding, contact_ids: Sequence[str]) -> frozenset[str]:
    """Reserve contacts and return those that another sponsor holds; the caller must not send to them.

    Args:
        work: the caller's transaction.
        holding: for which ballot, sponsor and plan, and until when.
        contact_ids: the contacts.
    """
    conflicts: set[str] = set()
    for some in batched(sorted(contact_ids), VALUES_AT_ONCE):
        rows = [{**holding.row(), "contact_id": contact_id} for contact_id in some]
        if insert_once(work, contact_reservations, rows) < len(rows):
            ours = _these(contact_reservations, holding) & contact_reservations.c.contact_id.in_(some)
            conflicts |= _of_others(work, contact_reservations, "contact_id", ours, holding)
            _prolong(work, contact_reservations, ours, holding)
    return frozenset(conflicts)


def held_contacts(work: Connection, holding: Holding, contact_ids: Sequence[str], now: datetime) -> frozenset[str]:
    """Return which of these contacts another sponsor holds for this ballot; time grows with them, not with all that is held.

    Args:
        work: an open connection to the operations database.
        holding: the ballot, and the sponsor that asks.
        contact_ids: the contacts.
        now: the present instant (aware); what ends by then is free.
    """
    table = contact_reservations
    held: set[str] = set()
    for some in batched(contact_ids, _LOOKED_UP):
        of_others = and_(
            _these(table, holding),
            table.c.contact_id.in_(some),
            table.c.sponsor_id != holding.sponsor_id,
            table.c.expires_at > to_micros(now),
        )
        held.update(work.execute(select(table.c.contact_id).where(of_others)).scalars())
    return frozenset(held)


def extend(work: Connection, holding: Holding) -> None:
    """Keep what a plan reserved until the holding's end, never shorter than before.

    So is what another plan of the same sponsor reserved first and this one holds too.
    """
    until = to_micros(holding.expires_at)
    held, key = bureau_holdings.c, bureau_reservations.c
    ours = (held.plan_id == holding.plan_id) & (held.held_until < until)
    work.execute(update(bureau_holdings).where(ours).values(held_until=until))
    _prolong(work, bureau_reservations, exists().where(held.plan_id == holding.plan_id, _covers(held, key)), holding)
    planned = select(messages.c.contact_id).where(messages.c.plan_id == holding.plan_id)
    of_plan = _these(contact_reservations, holding) & contact_reservations.c.contact_id.in_(planned)
    _prolong(work, contact_reservations, of_plan, holding)


def keep_contacts(work: Connection, holding: Holding, contact_ids: Sequence[str]) -> None:
    """Keep contacts that are about to be sent to: the elector stays with the sponsor until the holding's end.

    Args:
        work: the caller's transaction.
        holding: for which ballot, sponsor and plan, and until when.
        contact_ids: the contacts that are about to be sent to.
    """
    ours = _these(contact_reservations, holding) & contact_reservations.c.contact_id.in_(contact_ids)
    _prolong(work, contact_reservations, ours, holding)


def release(work: Connection, plan_id: str, now: datetime) -> None:
    """Free what a plan reserved and never sent to: contacts without a message that may have left, bureaux without any.

    What another plan of the same sponsor holds too is reserved under that plan from then on: it stays the sponsor's.

    Args:
        work: the caller's transaction.
        plan_id: the plan.
        now: the present instant (aware).
    """
    left = select(messages.c.contact_id).where(messages.c.plan_id == plan_id, messages.c.state.in_(MAY_HAVE_LEFT))
    bureaux = left.with_only_columns(messages.c.bureau_code).where(messages.c.bureau_code.is_not(None))
    contact, bureau, held = contact_reservations.c, bureau_reservations.c, bureau_holdings.c
    instant = to_micros(now)
    ended = (held.plan_id == plan_id) & held.bureau_code.not_in(bureaux) & (held.held_until > instant)
    work.execute(update(bureau_holdings).where(ended).values(held_until=instant))
    unsent_bureaux = (bureau.plan_id == plan_id) & bureau.bureau_code.not_in(bureaux)
    _go_over(work, bureau_reservations, unsent_bureaux, _other_holdings(plan_id, instant))
    work.execute(delete(bureau_reservations).where(unsent_bureaux))
    unsent = (contact.plan_id == plan_id) & contact.contact_id.not_in(left)
    heir = _other_plans(plan_id).scalar_subquery()
    work.execute(update(contact_reservations).where(unsent, heir.is_not(None)).values(plan_id=heir))
    work.execute(delete(contact_reservations).where(unsent))


def _go_over(work: Connection, table: Table, rows: ColumnElement[bool], others: Select[tuple[str, int]]) -> None:
    """Reserve bureaux under another plan that holds them too, for as long as that one does."""
    heir: ScalarSelect[str] = others.with_only_columns(func.min(bureau_holdings.c.plan_id)).scalar_subquery()
    until: ScalarSelect[int] = others.with_only_columns(func.max(bureau_holdings.c.held_until)).scalar_subquery()
    work.execute(update(table).where(rows, heir.is_not(None)).values(plan_id=heir, expires_at=until))


def _other_holdings(plan_id: str, instant: int) -> Select[tuple[str, int]]:
    """Return the living holdings of other plans that cover a reserved bureau part; by its key they are one sponsor's."""
    held = bureau_holdings.c
    living = (held.plan_id != plan_id) & (held.held_until > instant) & _covers(held, bureau_reservations.c)
    return select(held.plan_id, held.held_until).where(living).correlate(bureau_reservations)


def _other_plans(plan_id: str) -> Select[tuple[str]]:
    """Return another plan of the same sponsor and ballot that sent to a reserved contact, or is going to."""
    contact = contact_reservations.c
    going = plans.c.state.in_(("planned", "approved")) & (messages.c.state == State.PLANNED.value)
    return (
        select(func.min(plans.c.plan_id))
        .select_from(plans.join(messages, messages.c.plan_id == plans.c.plan_id))
        .where(
            plans.c.plan_id != plan_id,
            plans.c.election == contact.election,
            plans.c.round == contact.round,
            plans.c.sponsor_id == contact.sponsor_id,
            messages.c.contact_id == contact.contact_id,
            or_(messages.c.state.in_(MAY_HAVE_LEFT), going),
        )
        .correlate(contact_reservations)
    )


def _covers(held: _Columns, key: _Columns) -> ColumnElement[bool]:
    return and_(
        held.election == key.election,
        held.round == key.round,
        held.sponsor_id == key.sponsor_id,
        held.bureau_code == key.bureau_code,
        held.age_from <= key.age,
        held.age_to >= key.age,
    )


def _these(table: Table, holding: Holding) -> ColumnElement[bool]:
    return and_(table.c.election == holding.election, table.c.round == holding.round)


def _of_others(work: Connection, table: Table, column: str, these: ColumnElement[bool], holding: Holding) -> set[str]:
    others = select(table.c[column]).where(these, table.c.sponsor_id != holding.sponsor_id)
    return set(work.execute(others).scalars())


def _prolong(work: Connection, table: Table, these: ColumnElement[bool], holding: Holding) -> None:
    until = to_micros(holding.expires_at)
    ours = these & (table.c.sponsor_id == holding.sponsor_id) & (table.c.expires_at < until)
    work.execute(update(table).where(ours).values(expires_at=until))
