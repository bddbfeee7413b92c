"""Which message of ours a DLR is about, where the protocol echoes no reference: by id, phone and mark.

An operator's SMSC tells the id that it gave in its answer. A sender that died before it could write that id down
leaves a message without one; then the phone says which message it is, if only one can be meant. What a DLR does to a
message belongs to `sends.ledger.states`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from sends.gateways.gateway import GatewayEvent, mark_of
from sends.ledger.states import State
from stores.operations.message_tables import messages
from stores.operations.plan_tables import plans
from terms.identifiers import ContactId

#: States of a message whose id from the gateway may not be written down yet.
_OPEN = (State.CLAIMED, State.UNKNOWN)


@dataclass(frozen=True)
class _Candidate:
    send_id: str
    state: State
    reference: str
    gateway_message_id: str | None


def match_reports(
    work: Connection, gateway: str, reports: Sequence[GatewayEvent], contacts: Mapping[str, ContactId]
) -> dict[str, str]:
    """Return the message of each DLR that belongs to one, by the DLR's `event_id`.

    Args:
        work: the caller's transaction.
        gateway: whose reports they are; messages of other gateways are not looked at.
        reports: DLRs without a reference.
        contacts: who a phone is, by the phone as the DLR tells it.
    """
    candidates = _candidates(work, gateway, set(contacts.values()))
    matched = {}
    for report in reports:
        contact_id = contacts.get(report.phone or "")
        send_id = _match(report, candidates.get(contact_id, ()) if contact_id is not None else ())
        if send_id is not None:
            matched[report.event_id] = send_id
    return matched


def _match(report: GatewayEvent, candidates: Sequence[_Candidate]) -> str | None:
    if report.gateway_message_id is not None:
        same_id = [one.send_id for one in candidates if one.gateway_message_id == report.gateway_message_id]
        if len(same_id) == 1:
            return same_id[0]
    waiting = [one.send_id for one in candidates if _may_be_meant(report, one)]
    return waiting[0] if len(waiting) == 1 else None


def _may_be_meant(report: GatewayEvent, one: _Candidate) -> bool:
    """Return whether a DLR may be about a message whose id from the gateway we do not have."""
    if one.state not in _OPEN or one.gateway_message_id is not None:
        return False
    return report.mark is None or mark_of(one.reference) == report.mark


def _candidates(
    work: Connection, gateway: str, contact_ids: Iterable[ContactId]
) -> Mapping[ContactId, Sequence[_Candidate]]:
    columns = [messages.c[name] for name in ("contact_id", "send_id", "state", "attempt", "gateway_message_id")]
    query = (
        select(*columns)
        .join(plans, plans.c.plan_id == messages.c.plan_id)
        .where(plans.c.gateway == gateway, messages.c.contact_id.in_(contact_ids))
    )
    found: dict[ContactId, list[_Candidate]] = defaultdict(list)
    for contact_id, send_id, state, attempt, message_id in work.execute(query).tuples():
        found[contact_id].append(_Candidate(send_id, State(state), f"{send_id}.{attempt}", message_id))
    return found
