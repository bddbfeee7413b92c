"""The contacts that a run comes to next, judged and looked up together: a question about many costs little more than one.

What one base holds of a slice of the plan is taken out of it once; what was judged of many at once is kept for seconds;
what may change it (an act of the person, another base, a form that was switched off) is asked again before each claim or
each message. What is decided from it belongs to `handover`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb
from sqlalchemy import Connection, ScalarResult, Table, bindparam, func, or_, select

from consent.judgement.asking import narrow
from sends.handover.decision import HandOverDecision, Looked, decide
from sends.ledger.messages import Claim, Judged, PlanRow, next_contacts
from sends.plans.audience import DEPARTEMENT
from sends.plans.judging import create_judged, use_of
from sends.plans.planning import rule_set_of
from sends.rules.calendar import Place
from sends.rules.context import Context
from sends.send_stores import SendStores
from stores.lake import reading_name
from stores.operations.delivery_tables import deliveries
from stores.operations.person_tables import contact_facts, form_stops, opt_outs
from stores.warehouse.warehouse import read_manifest
from terms.clock import to_micros
from terms.errors import Refused
from terms.reasons import Decision

#: Contacts looked up at once: as many as leave in so many seconds, and never more than the most.
_SECONDS, _MOST = 2.0, 1_000

#: Contacts that are taken out of a base, and whose numbers are read from the vault, at once: each time reads it whole.
_SLICE = 50_000

#: A claim is looked up anew when what is known of it is older than this, in seconds.
_FRESH_SECONDS = 5.0

#: What was judged of a contact counts no longer than this: who is judged otherwise at its end is asked at the instant.
_COUNTS_FOR = timedelta(seconds=10)


class PublishedBase:
    """The base as published now: opened again when another was published in the meantime."""

    def __init__(self, stores: SendStores) -> None:
        self._stores = stores
        self._stamp: tuple[int, int] | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self.version = ""

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a read-only connection to it."""
        stat = self._stores.warehouse.base_path.stat()
        stamp = (stat.st_ino, stat.st_mtime_ns)
        if self._connection is None or stamp != self._stamp:
            self.close()
            self._connection = self._stores.warehouse.open_base()
            self._stamp, self.version = stamp, read_manifest(self._connection).version
        return self._connection

    def close(self) -> None:
        """Let the base go."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass(frozen=True)
class Standing:
    """What stood in the ledger when a claim was committed: contacts reserved by us, and those invited by others."""

    ours: frozenset[str]
    invited: frozenset[str]


@dataclass(frozen=True)
class _Acts:
    """How many rows of a contact the ledger holds; both tables only grow.

    Counting one contact's rows sees every commit. A highest sequence would not: on PostgreSQL a row that was
    numbered earlier may be committed later.
    """

    opt_outs: int
    facts: int


_NO_ACTS = _Acts(0, 0)


@dataclass(frozen=True)
class _Told:
    """What the base told of a contact: its place and its judgement."""

    place: Place
    decision: Decision
    codes: tuple[str, ...]


@dataclass(frozen=True)
class _Slice:
    """The contacts that are taken out of a base, and their numbers."""

    base_version: str
    contact_ids: frozenset[str]
    numbers: Mapping[str, str] = field(repr=False)


class JudgedAhead:
    """Judgements, places, acts and numbers of the next contacts of a run.

    Args:
        stores: the opened stores.
        latest: a connection whose every statement sees the latest commit.
        plan: the plan that is sent.
        context: its order, with what it refers to.
        lifted: HOLDs of the plan that a person lifted.
    """

    def __init__(
        self, stores: SendStores, latest: Connection, plan: PlanRow, context: Context, lifted: frozenset[str]
    ) -> None:
        self._stores, self._latest = stores, latest
        self._plan, self._context, self._lifted = plan, context, lifted
        self._timing = context.timing
        self._base = PublishedBase(stores)
        self._connection = self._base.connection()
        self._seen: tuple[str, int] | None = None
        self._looked_at = 0.0
        self._told: dict[str, _Told] = {}
        self._moving: frozenset[str] = frozenset()
        self._acts: dict[str, _Acts] = {}
        self._ahead_of_us: frozenset[str] = frozenset()
        self._slice = _Slice("", frozenset(), {})
        self._claimed: dict[str, Looked] = {}
        self.judged = Judged("", "")

    @property
    def base_version(self) -> str:
        """Return the version of the base that was asked last."""
        return self._base.version

    def close(self) -> None:
        """Let the base go."""
        self._base.close()

    def take(self, claims: Sequence[Claim], standing: Standing) -> None:
        """Look the contacts of a claim up, with those behind it, unless they are known from a moment ago.

        Raises:
            Refused: the rules are not those of the plan any more.
        """
        ids = [claim.contact_id for claim in claims]
        self._connection = self._base.connection()  # the same for the whole claim, whatever is published meanwhile
        seen = (self._base.version, self._latest.execute(_FORM_STOPS).scalar_one())
        is_fresh = seen == self._seen and time.monotonic() - self._looked_at < _FRESH_SECONDS
        if not is_fresh or any(contact_id not in self._told for contact_id in ids):
            self._look_ahead(claims)
            self._seen = seen
        self._claimed = {contact_id: self._looked(contact_id, standing) for contact_id in ids}

    def decide(self, contact_id: str) -> HandOverDecision:
        """Return the decision about a claimed contact, by the calendar of this instant."""
        moment = self._stores.clock.now()
        return decide(self._claimed[contact_id], moment, self._plan.closes_at, self._timing, self._lifted)

    def decide_again(self, contact_id: str) -> HandOverDecision:
        """Return the decision right before hand-over: also by what the person did, and what time changed, since it was judged."""
        row = self._latest.execute(_ACTS_OF_ONE, {"contact": contact_id}).one()
        acts = _Acts(row.opt_outs, row.facts)
        is_old = time.monotonic() - self._looked_at > _COUNTS_FOR.total_seconds()
        if is_old or contact_id in self._moving or acts != self._acts.get(contact_id, _NO_ACTS):
            self._look_again(contact_id, acts)
        return self.decide(contact_id)

    def number(self, contact_id: str) -> str | None:
        """Return the number of a contact, from the reading of a delivery with an act of it; None = gone."""
        return self._slice.numbers.get(contact_id)

    def _look_ahead(self, claims: Sequence[Claim]) -> None:
        base = self._connection
        self.judged = Judged(self._base.version, rule_set_of(base, self._context))
        if self.judged.rule_set_sha256 != self._plan.rule_set_sha256:
            raise Refused(
                f"The rules changed since plan {self._plan.plan_id}.", "Release it, plan again and approve that."
            )
        ids = self._next(claims)
        self._looked_at = time.monotonic()
        self._acts = _acts_of(self._latest, ids)  # counted before they are read: what comes in between is seen again
        self._ahead_of_us = _opt_outs_ahead(self._latest, ids, to_micros(self._stores.clock.now()))
        now = self._stores.clock.now()
        later = self._ask(ids, now + _COUNTS_FOR)
        self._told = self._ask(ids, now)
        self._moving = frozenset(contact_id for contact_id, told in self._told.items() if later[contact_id] != told)

    def _next(self, claims: Sequence[Claim]) -> Sequence[str]:
        """Return the contacts to look up with a claim, all within the slice that is taken out of the base."""
        most = max(len(claims), min(_MOST, int(self._context.rate_per_second * _SECONDS)))
        ids = [*self._claimed_ids(claims), *self._behind(claims, most)]
        if self._slice.base_version != self._base.version or not self._slice.contact_ids.issuperset(ids):
            self._take_out([*self._claimed_ids(claims), *self._behind(claims, _SLICE)])
        return ids

    def _claimed_ids(self, claims: Sequence[Claim]) -> list[str]:
        return [claim.contact_id for claim in claims]

    def _behind(self, claims: Sequence[Claim], most: int) -> Sequence[str]:
        size = most - len(claims)
        if size <= 0:
            return ()
        return next_contacts(self._latest, self._plan.plan_id, after=claims[-1].position, size=size)

    def _take_out(self, ids: Sequence[str]) -> None:
        """Take what the base holds of a slice of the plan, and the vault's numbers: a base never changes."""
        base = self._connection
        base.execute(_ASKED, {"ids": list(ids)})
        base.execute("create or replace temp table placed as select * from contacts semi join asked using (contact_id)")
        names = self._readings(narrow(base, "asked"))
        numbers = self._stores.vault.numbers(names, ids) if names else {}
        self._slice = _Slice(self._base.version, frozenset(ids), numbers)

    def _looked(self, contact_id: str, standing: Standing) -> Looked:
        told = self._told[contact_id]
        return Looked(
            place=told.place,
            decision=told.decision,
            codes=told.codes,
            is_opted_out=contact_id in self._ahead_of_us,
            is_ours=contact_id in standing.ours,
            is_invited=contact_id in standing.invited,
        )

    def _look_again(self, contact_id: str, acts: _Acts) -> None:
        """Judge one contact again by what stands in the ledger now; a STOP of this moment wins whatever its clock says."""
        before = self._claimed[contact_id]
        is_new = acts.opt_outs > self._acts.get(contact_id, _NO_ACTS).opt_outs
        told = self._ask([contact_id], self._stores.clock.now())[contact_id]
        self._claimed[contact_id] = Looked(
            place=told.place,
            decision=told.decision,
            codes=told.codes,
            is_opted_out=before.is_opted_out or is_new,
            is_ours=before.is_ours,
            is_invited=before.is_invited,
        )
        self._acts[contact_id] = acts

    def _ask(self, ids: Sequence[str], moment: datetime) -> dict[str, _Told]:
        """Ask the claim's base about an instant, with the acts that are committed by now."""
        base, now = self._connection, self._stores.clock.now()
        base.execute(_ASKED, {"ids": list(ids)})
        create_judged(base, self._stores, "asked", use_of(self._stores, self._context, moment, now), ids)
        rows = base.execute(
            "select j.contact_id::varchar, j.decision, j.codes, coalesce(c.zones, []),"
            f" (c.commune_code is not null or c.postcode is not null), {DEPARTEMENT}"
            " from judged as j left join placed as c using (contact_id)"
        ).fetchall()
        return {
            contact_id: _Told(
                Place(frozenset(zones or ["metropole"]), bool(is_known), None, departement),
                Decision(decision),
                tuple(codes),
            )
            for contact_id, decision, codes, zones, is_known, departement in rows
        }

    def _readings(self, delivery_ids: Sequence[str]) -> list[str]:
        query = select(deliveries.c.delivery_id, deliveries.c.reading)
        rows = self._latest.execute(query.where(deliveries.c.delivery_id.in_(delivery_ids)))
        return [reading_name(row.delivery_id, row.reading) for row in rows]


_ASKED = "create or replace temp table asked as select unnest($ids::uuid[]) as contact_id"

#: Form versions that were switched off by command; they only become more.
_FORM_STOPS = select(func.count()).select_from(form_stops)

#: Asked right before each hand-over: one statement, built once.
_ACTS_OF_ONE = select(
    *(
        select(func.count())
        .select_from(table)
        .where(table.c.contact_id == bindparam("contact"))
        .scalar_subquery()
        .label(name)
        for name, table in (("opt_outs", opt_outs), ("facts", contact_facts))
    )
)


def _acts_of(work: Connection, contact_ids: Sequence[str]) -> dict[str, _Acts]:
    """Return the counts of the contacts that have rows at all."""
    stops, facts = (_rows_of(work, table, contact_ids) for table in (opt_outs, contact_facts))
    return {one: _Acts(stops.get(one, 0), facts.get(one, 0)) for one in stops.keys() | facts.keys()}


def _rows_of(work: Connection, table: Table, contact_ids: Sequence[str]) -> Mapping[str, int]:
    theirs = table.c.contact_id.in_(contact_ids)
    query = select(table.c.contact_id, func.count().label("rows")).where(theirs).group_by(table.c.contact_id)
    return {row.contact_id: row.rows for row in work.execute(query)}


def _opt_outs_ahead(work: Connection, contact_ids: Sequence[str], instant: int) -> frozenset[str]:
    """Return contacts with an opt-out that stands here but lies in the future of this process's clock.

    Another machine's clock, or another process's moved one, must never let a message pass a STOP.
    """
    ahead = opt_outs.c.contact_id.in_(contact_ids) & or_(
        opt_outs.c.known_at > instant, opt_outs.c.effective_at > instant
    )
    found: ScalarResult[str] = work.execute(select(opt_outs.c.contact_id).where(ahead)).scalars()
    return frozenset(found)
