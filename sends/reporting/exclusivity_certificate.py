"""The certificate of exclusivity for a sponsor: which bureau parts a plan held, from when to when, and that nobody else did.

It is read from what the plans held (kept for good) and from the messages; it tells nothing of other sponsors, not even
whether there are any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from sends.ledger.plan_rows import PlanRow, find_plan
from sends.ledger.states import MAY_HAVE_LEFT
from sends.plans.approval import context_of
from sends.plans.exclusivity import OLDEST, UNKNOWN_AGE
from sends.rules.context import Context
from sends.rules.small_counts import told_count
from stores.all_stores import Stores
from stores.operations.message_tables import messages
from stores.operations.plan_tables import bureau_holdings, plans
from terms.clock import from_micros, to_iso
from terms.errors import FiliationError
from terms.identifiers import digest


@dataclass(frozen=True)
class HeldBureau:
    """One bureau, or the part of it, that a plan held: ages in years on polling day, None = the whole bureau."""

    bureau_code: str
    ages: str | None
    held_from: datetime
    held_until: datetime

    def to_json(self) -> dict[str, object]:
        """Return it as the command prints it."""
        return {
            "bureau_code": self.bureau_code,
            "ages": self.ages,
            "from": to_iso(self.held_from),
            "until": to_iso(self.held_until),
        }


@dataclass(frozen=True)
class ExclusivityCertificate:
    """What a plan's sponsor had for itself; `electors` None = a small group, not told.

    `number` is a hash of what is certified: the same holdings give the same number.
    """

    plan: PlanRow
    context: Context
    made_at: datetime
    bureau_map: str | None
    held: Sequence[HeldBureau]
    electors: int | None

    @property
    def number(self) -> str:
        """Return the certificate's number: what it says, hashed."""
        lines = [f"{one.bureau_code} {one.ages} {one.held_from} {one.held_until}" for one in self.held]
        return digest(self.plan.plan_id, *lines)[:16]

    @property
    def held_from(self) -> datetime | None:
        """Return since when the first part was held."""
        return min((one.held_from for one in self.held), default=None)

    @property
    def held_until(self) -> datetime | None:
        """Return until when the last part was or will be held."""
        return max((one.held_until for one in self.held), default=None)

    def to_json(self) -> dict[str, object]:
        """Return the certificate as the command prints it."""
        return {
            "certificate": self.number,
            "plan_id": self.plan.plan_id,
            "campaign_id": self.plan.campaign_id,
            "sponsor": self.context.sponsor.legal_name,
            "election": self.plan.election,
            "round": self.plan.round,
            "bureau_map": self.bureau_map,
            "made_at": to_iso(self.made_at),
            "held_from": None if self.held_from is None else to_iso(self.held_from),
            "held_until": None if self.held_until is None else to_iso(self.held_until),
            "bureaux": [one.to_json() for one in self.held],
            "electors": self.electors,
            "held_by_nobody_else": True,
        }


class NotExclusive(FiliationError):
    """What was to be certified is not so: a defect of ours, to be looked at before anything else is sent."""

    exit_code = 3


def certify(stores: Stores, plan_id: str) -> ExclusivityCertificate:
    """Check against all that was ever held and sent for the ballot, and return the certificate of a plan.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
        NotExclusive: another sponsor held an overlapping part at the same time, or was sent to the same electors.
    """
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
        _check_parts(work, plan)
        _check_electors(work, plan)
        held = bureau_holdings.c
        rows = work.execute(select(bureau_holdings).where(held.plan_id == plan_id).order_by(held.bureau_code)).all()
        left = and_(messages.c.plan_id == plan_id, messages.c.state.in_(MAY_HAVE_LEFT))
        electors = work.execute(select(func.count()).select_from(messages).where(left)).scalar_one()
    return ExclusivityCertificate(
        plan=plan,
        context=context_of(stores, plan),
        made_at=stores.clock.now(),
        bureau_map=_only(row.bureau_map for row in rows),
        held=[
            HeldBureau(
                row.bureau_code,
                ages_words(row.age_from, row.age_to),
                from_micros(row.held_from),
                from_micros(row.held_until),
            )
            for row in rows
        ],
        electors=told_count(electors),
    )


def ages_words(age_from: int, age_to: int) -> str | None:
    """Return a part of a bureau in words, None for the whole bureau."""
    if age_from == UNKNOWN_AGE:
        return None
    return f"{age_from} and over" if age_to == OLDEST else f"{age_from} to {age_to}"


def _check_parts(work: Connection, plan: PlanRow) -> None:
    """Refuse where another sponsor held an overlapping part of a bureau of this plan at the same time."""
    ours, other = bureau_holdings.alias("ours"), bureau_holdings.alias("other")
    overlaps = and_(
        ours.c.plan_id == plan.plan_id,
        other.c.election == ours.c.election,
        other.c.round == ours.c.round,
        other.c.bureau_code == ours.c.bureau_code,
        other.c.sponsor_id != ours.c.sponsor_id,
        other.c.age_from <= ours.c.age_to,
        other.c.age_to >= ours.c.age_from,
        other.c.held_from < ours.c.held_until,
        other.c.held_until > ours.c.held_from,
    )
    found = work.execute(select(func.count()).select_from(ours.join(other, overlaps))).scalar_one()
    if found:
        raise NotExclusive(
            f"{found} bureau parts of plan {plan.plan_id} were not its own.", "Send nothing; report this."
        )


def _check_electors(work: Connection, plan: PlanRow) -> None:
    """Refuse where an elector who may have got a message of this plan may have got another sponsor's for the round."""
    ours, other = messages.alias("ours"), messages.alias("other")
    both = and_(
        ours.c.plan_id == plan.plan_id,
        ours.c.state.in_(MAY_HAVE_LEFT),
        other.c.contact_id == ours.c.contact_id,
        other.c.state.in_(MAY_HAVE_LEFT),
    )
    theirs = and_(
        plans.c.plan_id == other.c.plan_id,
        plans.c.election == plan.election,
        plans.c.round == plan.round,
        plans.c.sponsor_id != plan.sponsor_id,
    )
    query = select(func.count()).select_from(ours.join(other, both).join(plans, theirs))
    if found := work.execute(query).scalar_one():
        raise NotExclusive(
            f"{found} electors of plan {plan.plan_id} heard another sponsor too.", "Send nothing; report this."
        )


def _only(maps: Iterable[str]) -> str | None:
    """Return the map of the bureaux; a plan reserves on one."""
    return next(iter(maps), None)
