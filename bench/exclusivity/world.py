"""A small world for proofs of exclusivity: the real reservations, with plans, messages and electors made by hand.

Two sponsors, three electors, two bureaux and an age split. Judgement, prices and gateways do not belong here; how the
world is walked through belongs to `bench.exclusivity.proofs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, func, insert, select, update

from bench.plan_rows import plan_row
from sends.ledger.states import MAY_HAVE_LEFT, State
from sends.orders.audience_criteria import Years
from sends.plans.exclusivity import (
    Holding,
    ages_of,
    drop_expired,
    extend,
    keep_contacts,
    release,
    reserve_bureaux,
    reserve_contacts,
)
from stores.operations.all_tables import metadata
from stores.operations.database import transaction
from stores.operations.message_tables import messages
from stores.operations.plan_tables import bureau_holdings, bureau_reservations, contact_reservations, plans
from terms.clock import to_micros

ELECTION, ROUND, MAP = "E", 1, "m1"
SPONSORS = ("s1", "s2")
PARTS: Mapping[str, Years | None] = {"whole": None, "younger": Years(18, 59), "elder": Years(60, None)}
TABLES = (plans, messages, bureau_reservations, contact_reservations, bureau_holdings)

#: Electors with their ages on polling day; -1 = unknown. They move between the bureaux.
AGES: Mapping[str, int] = {"c1": 30, "c2": 70, "c3": -1}
START = datetime(2027, 3, 1, 9, tzinfo=UTC)
POLLING = START + timedelta(days=40)
_RESERVED, _WINDOW = timedelta(hours=72), timedelta(days=9)


class Conflict(Exception):
    """Another sponsor holds a part: the plan is rolled back."""


@dataclass
class World:
    """A ledger, where each elector votes now, and the clock."""

    engine: Engine
    home: dict[str, str]
    now: datetime = START

    def plan(self, plan_id: str, sponsor: str, bureaux: tuple[str, ...], part: str) -> bool:
        """Reserve and write a plan as `sends.plans.planning` does, in one transaction; return False on a conflict.

        Args:
            plan_id: id of the new plan.
            sponsor: id of the sponsor that pays.
            bureaux: codes of the bureaux to reserve.
            part: which ages to reserve, a key of `PARTS`.
        """
        holding = Holding(ELECTION, ROUND, sponsor, plan_id, self.now + _RESERVED)
        try:
            with transaction(self.engine) as work:
                drop_expired(work, self.now)
                if reserve_bureaux(work, holding, MAP, bureaux, PARTS[part], self.now):
                    raise Conflict
                self._write(work, holding, bureaux, part)
        except Conflict:
            return False
        return True

    def _write(self, work: Connection, holding: Holding, bureaux: tuple[str, ...], part: str) -> None:
        table = contact_reservations.c
        held: Sequence[str] = (
            work.execute(select(table.contact_id).where(table.sponsor_id != holding.sponsor_id)).scalars().all()
        )
        inside = [c for c, age in AGES.items() if self.home[c] in bureaux and age in ages_of(PARTS[part])]
        contacts = [contact for contact in inside if contact not in held]
        work.execute(insert(plans).values(**_plan_row(holding, self.now)))
        rows = [
            _message_row(holding.plan_id, place, contact, self.home[contact])
            for place, contact in enumerate(contacts, 1)
        ]
        if rows:
            work.execute(insert(messages), rows)
        if reserve_contacts(work, holding, contacts):
            raise Conflict

    def approve(self, plan_id: str) -> None:
        """Extend a plan's reservation to its window's end, if it still has one."""
        with transaction(self.engine) as work:
            row = work.execute(select(plans).where(plans.c.plan_id == plan_id)).one()
            if row.state != "planned" or row.planned_at + to_micros_of(_RESERVED) <= to_micros(self.now):
                return
            until = START + timedelta(microseconds=row.window_to - to_micros(START))
            extend(work, Holding(ELECTION, ROUND, row.sponsor_id, plan_id, until))
            work.execute(update(plans).where(plans.c.plan_id == plan_id).values(state="approved"))

    def send(self, plan_id: str) -> None:
        """Hand over one message as the sender does: inside the window, the elector still the sponsor's."""
        with transaction(self.engine) as work:
            row = work.execute(select(plans).where(plans.c.plan_id == plan_id)).one()
            if row.state != "approved" or row.window_to <= to_micros(self.now):
                return
            of_plan = (messages.c.plan_id == plan_id) & (messages.c.state == State.PLANNED.value)
            found = work.execute(select(messages).where(of_plan).order_by(messages.c.position).limit(1)).first()
            if found is None:
                return
            key = contact_reservations.c
            ours = (key.contact_id == found.contact_id) & (key.sponsor_id == row.sponsor_id)
            is_ours = work.execute(select(func.count()).select_from(contact_reservations).where(ours)).scalar_one()
            state = State.ACCEPTED if is_ours else State.EXCLUDED
            changed = messages.c.send_id == found.send_id
            claim = {"attempt": 1, "run_id": "bench", "claimed_at": to_micros(self.now)}
            work.execute(update(messages).where(changed).values(state=state.value, **claim))
            if is_ours:
                holding = Holding(ELECTION, ROUND, row.sponsor_id, plan_id, POLLING)
                keep_contacts(work, holding, [found.contact_id])

    def release(self, plan_id: str) -> None:
        """Release a plan as `sends.plans.control` does."""
        with transaction(self.engine) as work:
            living = (plans.c.plan_id == plan_id) & plans.c.state.in_(("planned", "approved"))
            if not work.execute(update(plans).where(living).values(state="released")).rowcount:
                return
            waiting = (messages.c.plan_id == plan_id) & (messages.c.state == State.PLANNED.value)
            work.execute(update(messages).where(waiting).values(state=State.CANCELLED.value))
            release(work, plan_id, self.now)

    def expire(self) -> None:
        """Let 73 hours pass; nobody tells the ledger."""
        self.now += timedelta(hours=73)

    def move(self, contact: str) -> None:
        """Let an elector vote in the other bureau."""
        self.home[contact] = "B" if self.home[contact] == "A" else "A"

    def violations(self) -> list[str]:
        """Return what must never be: an elector or a bureau part with two sponsors, or a holding without its key."""
        with self.engine.connect() as work:
            return [*self._shared_electors(work), *self._shared_parts(work), *self._lost_parts(work)]

    def _shared_electors(self, work: Connection) -> list[str]:
        query = (
            select(messages.c.contact_id)
            .join(plans, plans.c.plan_id == messages.c.plan_id)
            .where(messages.c.state.in_(MAY_HAVE_LEFT))
            .group_by(messages.c.contact_id)
            .having(func.count(plans.c.sponsor_id.distinct()) > 1)
        )
        contacts: Sequence[str] = work.execute(query).scalars().all()
        return [f"elector {contact} heard two sponsors" for contact in contacts]

    def _shared_parts(self, work: Connection) -> list[str]:
        one, two = bureau_holdings.alias("one"), bureau_holdings.alias("two")
        query = select(one.c.bureau_code).where(
            one.c.bureau_code == two.c.bureau_code,
            one.c.sponsor_id < two.c.sponsor_id,
            one.c.age_from <= two.c.age_to,
            two.c.age_from <= one.c.age_to,
            one.c.held_from < two.c.held_until,
            two.c.held_from < one.c.held_until,
        )
        bureaux: Sequence[str] = work.execute(query).scalars().all()
        return [f"bureau {bureau} had two sponsors" for bureau in bureaux]

    def _lost_parts(self, work: Connection) -> list[str]:
        key, held = bureau_reservations.c, bureau_holdings.c
        kept = (
            select(func.count())
            .select_from(bureau_reservations)
            .where(
                key.bureau_code == held.bureau_code,
                key.sponsor_id == held.sponsor_id,
                key.age >= held.age_from,
                key.age <= held.age_to,
                key.expires_at >= held.held_until,
            )
            .scalar_subquery()
        )
        query = select(held.plan_id, held.bureau_code, held.age_from, held.age_to, kept).where(
            held.held_until > to_micros(self.now)
        )
        return [
            f"{plan_id} lost a part of {bureau}"
            for plan_id, bureau, least, most, number in work.execute(query).tuples()
            if number != (most - least + 1 if least >= 0 else len(ages_of(None)))
        ]


def to_micros_of(span: timedelta) -> int:
    """Return a span of time in microseconds."""
    return int(span / timedelta(microseconds=1))


def create_tables(engine: Engine) -> None:
    """Create the tables that the world needs in an empty database."""
    with transaction(engine) as work:
        metadata.create_all(work)


def _plan_row(holding: Holding, now: datetime) -> dict[str, object]:
    told = {"election": ELECTION, "round": ROUND, "sponsor_id": holding.sponsor_id}
    instants = {"planned_at": to_micros(now), "window_to": to_micros(now + _WINDOW)}
    return {**plan_row(holding.plan_id), **told, **instants}


def _message_row(plan_id: str, place: int, contact: str, bureau: str) -> dict[str, object]:
    return {
        "send_id": f"{plan_id}.{contact}",
        "plan_id": plan_id,
        "contact_id": contact,
        "position": place,
        "bureau_code": bureau,
        "state": State.PLANNED.value,
        "state_at": 0,
        "attempt": 0,
        "planned_base_version": "b",
        "codes_json": "[]",
        "message_sha256": "0" * 64,
    }
