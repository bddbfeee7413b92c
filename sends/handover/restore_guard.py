"""What a ledger may do that came from a backup: nothing leaves while the gateway knows more than it does.

Making and putting back a backup belongs to `stores.backup`.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from sends.gateways.gateway import Gateway, Proof
from sends.ledger.plan_rows import PlanRow
from sends.ledger.states import REPORTED, State
from staff.acting import acting_person
from staff.acts import Act
from staff.decisions import enter, rely_on, sign_for
from staff.signed_records import Decision
from stores.all_stores import Stores
from stores.ledger_of_home import signed_lines, written_lines
from stores.operations import journal, log_tables
from stores.operations.database import transaction
from stores.operations.message_tables import messages, restorations
from stores.operations.plan_tables import plans
from terms.clock import to_micros
from terms.errors import Refused, UsageError
from terms.free_text import refuse_number

#: Subject of the journal's line in which a person answers for a restoration.
_ANSWERED = "answered"

_REMEDY = "Restore the newest backup. Without one, stop the plan and release it: who got what is not known here."


def check_ledger_knows(stores: Stores, plan: PlanRow, gateway: Gateway) -> None:
    """Refuse where gateway or transparency log know of what the ledger does not: it is older than they are.

    A DLR about a message that was never claimed here shows it at any time. Of a plan that came with a backup the gateway
    is asked about every message that would leave. Where it proves one, the plan is refused whatever a person answered;
    where it cannot tell, as long as no person answered.

    Args:
        stores: the opened stores.
        plan: the plan that would be sent.
        gateway: the plan's, open.

    Raises:
        Refused: the ledger is older than gateway or log, or a gateway cannot tell and nobody answered for it.
    """
    with stores.engine.connect() as work:
        _check_log(stores, work)
        _check_reports(work, plan)
        if not _came_with_a_backup(stores, work, plan.plan_id):
            return
        is_open = bool(_unanswered(stores, work))
        waiting = work.execute(
            select(messages.c.send_id, messages.c.attempt)
            .where(messages.c.plan_id == plan.plan_id, messages.c.state == State.PLANNED.value)
            .order_by(messages.c.position)
        ).tuples()
        references = [f"{send_id}.{attempt + 1}" for send_id, attempt in waiting]
    for reference in references:
        match gateway.received(reference).proof:
            case Proof.RECEIVED:
                raise Refused(
                    f"{plan.gateway} has messages of plan {plan.plan_id} that this ledger does not know: it is restored"
                    " from an older backup.",
                    _REMEDY,
                    code="LEDGER_OLDER",
                )
            case Proof.NONE if is_open:
                raise Refused(
                    f"This ledger is restored from a backup, and {plan.gateway} cannot tell what it got since.",
                    "A person who knows answers for it: `filiation restored --by NAME --why TEXT`.",
                    code="LEDGER_OLDER",
                )


def answer_for_restoration(stores: Stores, by: str | None, why: str) -> None:
    """Let a named person answer that nothing was sent, and no STOP was missed, since the backup.

    Args:
        stores: the opened stores.
        by: the person, where one account plays everybody; None = the actor of the settings.
        why: how the person knows; free text without a number.

    Raises:
        UsageError: no restoration waits for it, no name or reason, or a number in one.
        Refused: the person may not answer for it.
    """
    if not (by is None or by.strip()) or not why.strip():
        raise UsageError("Answering for a restoration needs a person and a reason.", "Give --by and --why.")
    refuse_number(by or "", "The person")
    refuse_number(why, "The reason")
    now, why = stores.clock.now(), why.strip()
    with stores.engine.connect() as reading:
        waiting = _unanswered(stores, reading)
    if not waiting:
        raise UsageError("No restoration waits for an answer.", "Nothing needs to be done.")
    person = acting_person(stores, by)
    signed = [sign_for(stores, _answer(restored_at, why), person) for restored_at in waiting]
    with transaction(stores.engine) as work:
        answer = {"cleared_by": person.name, "why": why}
        answered = restorations.c.restored_at.in_(waiting)
        work.execute(update(restorations).where(answered).values(cleared_at=to_micros(now), **answer))
        for decision in signed:
            enter(work, stores, decision)
        journal.append(work, now, journal.Entry.RESTORATION, _ANSWERED, answer)


def _came_with_a_backup(stores: Stores, work: Connection, plan_id: str) -> bool:
    """Return whether a backup was put back since the plan was made: by the journal's order, which no clock decides."""
    line, kind = log_tables.journal.c, journal.Entry
    put_back = select(func.max(line.sequence)).where(line.kind == kind.RESTORATION.value, line.subject != _ANSWERED)
    made = select(func.min(line.sequence)).where(line.kind == kind.PLAN.value, line.subject == plan_id)
    restored_at, planned_at = work.execute(put_back).scalar(), work.execute(made).scalar()
    if restored_at is None:
        return bool(_unanswered(stores, work))
    return planned_at is None or planned_at < restored_at


def _unanswered(stores: Stores, work: Connection) -> list[int]:
    """Return the restorations for which nobody answered who may, by their instant."""
    rows = work.execute(select(restorations.c.restored_at, restorations.c.why)).all()
    return [
        row.restored_at for row in rows if row.why is None or not _is_signed(stores, work, row.restored_at, row.why)
    ]


def _is_signed(stores: Stores, work: Connection, restored_at: int, why: str) -> bool:
    try:
        rely_on(work, stores, _answer(restored_at, why))
    except Refused:
        return False
    return True


def _answer(restored_at: int, why: str) -> Decision:
    return Decision(Act.RESTORED, str(restored_at), {"why": why})


def _check_reports(work: Connection, plan: PlanRow) -> None:
    """Look for a DLR about a message of this plan that nobody claimed here."""
    unclaimed = (
        select(func.count())
        .select_from(messages.join(plans, plans.c.plan_id == messages.c.plan_id))
        .where(messages.c.plan_id == plan.plan_id, messages.c.state.in_(REPORTED), messages.c.claimed_at.is_(None))
    )
    if work.execute(unclaimed).scalar_one():
        raise Refused(
            f"{plan.gateway} reports messages of plan {plan.plan_id} that this ledger never sent: it is older.",
            _REMEDY,
            code="LEDGER_OLDER",
        )


def _check_log(stores: Stores, work: Connection) -> None:
    """Compare the log's files, which stay where a database is put back alone, with what the database signed."""
    signed, written = signed_lines(work), written_lines(stores.home)
    if written > signed:
        raise Refused(
            f"The log was signed at {written} lines, the operations database knows of {signed}: it is older.",
            "Restore the newest backup of the database.",
            code="LEDGER_OLDER",
        )
