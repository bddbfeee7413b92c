"""The second step of a send: the contacts of a claim are judged, together with those who come next.

A question about many contacts costs little more than one about a single one. So many are judged at once, and the answers are
kept for seconds; what may change them (an act of the person, another base, a form that was switched off) is asked again
before each claim or each message. What is decided from them belongs to `decision`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, ScalarResult, Table, bindparam, func, or_, select

from sends.handover.base_slice import BaseSlice, ask_about
from sends.handover.claiming import ClaimedBatch
from sends.handover.decision import Action, HandOverDecision, Looked, decide
from sends.handover.plan_to_send import PlanToSend
from sends.ledger.changes import Judged
from sends.ledger.claims import Claim, next_contacts
from sends.plans.audience import DEPARTEMENT
from sends.plans.judging import create_judged, rule_set_of, use_of
from sends.rules.calendar import Place
from stores.all_stores import Stores
from stores.operations.erasure_tables import suppression_marks
from stores.operations.person_tables import contact_facts, form_stops, opt_outs
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
class _BaseAnswer:
    """What the base says of a contact: its place and its judgement."""

    place: Place
    decision: Decision
    codes: tuple[str, ...]


class Prefetch:
    """Judgements, places, acts and numbers of the next contacts of a run.

    Args:
        stores: the opened stores.
        latest: a connection whose every statement sees the latest commit.
        ours: the plan that is sent.
        lifted: HOLDs of the plan that a person lifted.
    """

    def __init__(self, stores: Stores, latest: Connection, ours: PlanToSend, lifted: frozenset[str]) -> None:
        self._stores, self._latest = stores, latest
        self._plan, self._context, self._lifted = ours.plan, ours.context, lifted
        self._timing = ours.context.timing
        self._slice = BaseSlice(stores, latest)
        self._excerpt = self._slice.follow()
        self._seen: tuple[str, int] | None = None
        self._looked_at = 0.0
        self._answers: dict[str, _BaseAnswer] = {}
        self._changing: frozenset[str] = frozenset()
        self._acts: dict[str, _Acts] = {}
        self._future_opt_outs: frozenset[str] = frozenset()
        self._claimed: dict[str, Looked] = {}
        self.judged = Judged("", "")

    @property
    def base_version(self) -> str:
        """Return the version of the base that was asked last."""
        return self._slice.version

    def close(self) -> None:
        """Let the base go."""
        self._slice.close()

    def judge(self, batch: ClaimedBatch) -> Mapping[str, HandOverDecision]:
        """Return a decision about each contact of a claim; those behind it are judged too, unless all are known.

        Raises:
            Refused: the rules are not those of the plan any more.
        """
        ids = _contacts_of(batch.claims)
        self._excerpt = self._slice.follow()  # the same for the whole claim, whatever is published meanwhile
        seen = (self._slice.version, self._latest.execute(_FORM_STOPS).scalar_one())
        is_fresh = seen == self._seen and time.monotonic() - self._looked_at < _FRESH_SECONDS
        if not is_fresh or any(contact_id not in self._answers for contact_id in ids):
            self._judge_many(batch.claims)
            self._seen = seen
        self._claimed = {contact_id: self._looked(contact_id, batch) for contact_id in ids}
        return {contact_id: self._decide(contact_id) for contact_id in ids}

    def decide_again(self, contact_id: str) -> HandOverDecision:
        """Return the decision right before hand-over: also by what the person did, and what time changed, since it was judged.

        A person who is being erased gets nothing.
        """
        number = self.number(contact_id)
        mark = "" if number is None else self._stores.keys.suppression.hex(number)
        row = self._latest.execute(_ACTS_OF_ONE, {"contact": contact_id, "mark": mark}).one()
        if row.marks:
            return _ERASED
        acts = _Acts(row.opt_outs, row.facts)
        is_old = time.monotonic() - self._looked_at > _COUNTS_FOR.total_seconds()
        if is_old or contact_id in self._changing or acts != self._acts.get(contact_id, _NO_ACTS):
            self._look_again(contact_id, acts)
        return self._decide(contact_id)

    def number(self, contact_id: str) -> str | None:
        """Return the number of a contact, from the reading of a delivery with an act of it; None = gone."""
        return self._slice.number(contact_id)

    def _decide(self, contact_id: str) -> HandOverDecision:
        """Return the decision about a claimed contact, by the calendar of this instant."""
        moment = self._stores.clock.now()
        return decide(self._claimed[contact_id], moment, self._plan.closes_at, self._timing, self._lifted)

    def _judge_many(self, claims: Sequence[Claim]) -> None:
        self.judged = Judged(self._slice.version, rule_set_of(self._excerpt, self._context))
        if self.judged.rule_set_sha256 != self._plan.rule_set_sha256:
            raise Refused(
                f"The rules changed since plan {self._plan.plan_id}.", "Release it, plan again and approve that."
            )
        ids = self._with_next(claims)
        self._looked_at = time.monotonic()
        self._acts = _acts_of(self._latest, ids)  # counted before they are read: what comes in between is seen again
        self._future_opt_outs = _opt_outs_of_later(self._latest, ids, to_micros(self._stores.clock.now()))
        now = self._stores.clock.now()
        later = self._ask(ids, now + _COUNTS_FOR)
        self._answers = self._ask(ids, now)
        self._changing = frozenset(
            contact_id for contact_id, told in self._answers.items() if later[contact_id] != told
        )

    def _with_next(self, claims: Sequence[Claim]) -> Sequence[str]:
        """Return the contacts to look up with a claim, all within the slice that is taken out of the base."""
        most = max(len(claims), min(_MOST, int(self._context.rate_per_second * _SECONDS)))
        ids = [*_contacts_of(claims), *self._behind(claims, most)]
        if not self._slice.holds(ids):
            self._slice.take_out(self._excerpt, [*_contacts_of(claims), *self._behind(claims, _SLICE)])
        return ids

    def _behind(self, claims: Sequence[Claim], most: int) -> Sequence[str]:
        size = most - len(claims)
        if size <= 0:
            return ()
        return next_contacts(self._latest, self._plan.plan_id, after=claims[-1].position, size=size)

    def _looked(self, contact_id: str, batch: ClaimedBatch) -> Looked:
        answer = self._answers[contact_id]
        return Looked(
            place=answer.place,
            decision=answer.decision,
            codes=answer.codes,
            is_opted_out=contact_id in self._future_opt_outs,
            is_ours=contact_id in batch.reserved,
            is_invited=contact_id in batch.invited,
        )

    def _look_again(self, contact_id: str, acts: _Acts) -> None:
        """Judge one contact again by what the ledger holds now; a STOP of this moment wins whatever its clock says."""
        before = self._claimed[contact_id]
        is_new = acts.opt_outs > self._acts.get(contact_id, _NO_ACTS).opt_outs
        answer = self._ask([contact_id], self._stores.clock.now())[contact_id]
        self._claimed[contact_id] = replace(
            before,
            place=answer.place,
            decision=answer.decision,
            codes=answer.codes,
            is_opted_out=before.is_opted_out or is_new,
        )
        self._acts[contact_id] = acts

    def _ask(self, ids: Sequence[str], moment: datetime) -> dict[str, _BaseAnswer]:
        """Ask the claim's base about an instant, with the acts that are committed by now."""
        excerpt, now = self._excerpt, self._stores.clock.now()
        ask_about(excerpt, ids)
        create_judged(excerpt, self._stores, "asked", use_of(self._stores, self._context, moment, now), ids)
        rows = excerpt.execute(
            "select j.contact_id::varchar, j.decision, j.codes, coalesce(c.zones, []),"
            f" (c.commune_code is not null or c.postcode is not null), {DEPARTEMENT}"
            " from judged as j left join contacts_of_slice as c using (contact_id)"
        ).fetchall()
        return {
            contact_id: _BaseAnswer(
                Place(frozenset(zones or ["metropole"]), bool(is_known), None, departement),
                Decision(decision),
                tuple(codes),
            )
            for contact_id, decision, codes, zones, is_known, departement in rows
        }


#: Form versions that were switched off by command; they only become more.
_FORM_STOPS = select(func.count()).select_from(form_stops)

_MARKS = suppression_marks.c

#: Asked right before each hand-over: one statement, built once.
_ACTS_OF_ONE = select(
    *(
        select(func.count()).select_from(table).where(theirs).scalar_subquery().label(name)
        for name, table, theirs in (
            ("opt_outs", opt_outs, opt_outs.c.contact_id == bindparam("contact")),
            ("facts", contact_facts, contact_facts.c.contact_id == bindparam("contact")),
            ("marks", suppression_marks, (_MARKS.mark == bindparam("mark")) & _MARKS.acts_from.is_(None)),
        )
    )
)

#: What is decided of a person whose mark is closed: an erasure or a purge of them is running, or has ended.
_ERASED = HandOverDecision(Action.EXCLUDE, ("SUPPRESSED",))


def _contacts_of(claims: Sequence[Claim]) -> list[str]:
    return [claim.contact_id for claim in claims]


def _acts_of(work: Connection, contact_ids: Sequence[str]) -> dict[str, _Acts]:
    """Return the counts of the contacts that have rows at all."""
    stops, facts = (_rows_of(work, table, contact_ids) for table in (opt_outs, contact_facts))
    return {one: _Acts(stops.get(one, 0), facts.get(one, 0)) for one in stops.keys() | facts.keys()}


def _rows_of(work: Connection, table: Table, contact_ids: Sequence[str]) -> Mapping[str, int]:
    theirs = table.c.contact_id.in_(contact_ids)
    query = select(table.c.contact_id, func.count().label("rows")).where(theirs).group_by(table.c.contact_id)
    return {row.contact_id: row.rows for row in work.execute(query)}


def _opt_outs_of_later(work: Connection, contact_ids: Sequence[str], instant: int) -> frozenset[str]:
    """Return contacts with an opt-out that is committed here but lies in the future of this process's clock.

    Another machine's clock, or another process's moved one, must never let a message pass a STOP.
    """
    later = opt_outs.c.contact_id.in_(contact_ids) & or_(
        opt_outs.c.known_at > instant, opt_outs.c.effective_at > instant
    )
    found: ScalarResult[str] = work.execute(select(opt_outs.c.contact_id).where(later)).scalars()
    return frozenset(found)
