"""A plan as a record, and writing it to the ledger with its messages.

`CampaignPlan` names the fields of the answer once: the command prints them, and those that have a column of the same name in
`plans` are stored there. How a plan comes about belongs to `sends.plans.planning`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import duckdb
from sqlalchemy import Connection

from sends.ledger.states import State
from sends.plans.texts import Shown, keep_texts
from sends.rules.bureau_changes import MapChange
from sends.rules.calendar import Place
from sends.rules.context import Context
from sends.rules.rulebook import OrderFinding, findings_json
from stores.operations import journal
from stores.operations.database import insert_new, insert_once
from stores.operations.message_tables import messages
from stores.operations.plan_tables import plans
from stores.sql_files import sql_of
from terms.canonical_json import canonical_json
from terms.clock import to_iso, to_micros

#: Rows between DuckDB and the operations database.
CHUNK = 10_000

#: Columns of `plans` that the journal keeps of a plan.
_JOURNALED = (
    "campaign_id",
    "order_sha256",
    "sponsor_id",
    "base_version",
    "rule_set_sha256",
    "message_sha256",
    "contacts",
)


@dataclass(frozen=True)
class CampaignPlan:
    """The answer of a plan: `contacts` + the sum of `excluded` = the audience.

    Attributes:
        plan_id: hash of the order, the base and the instant, 16 hex digits.
        campaign_id: as the order names it.
        contacts: how many get a message.
        excluded: contacts without a message, each once, under the first code against it.
        excluded_by_code: contacts without a message, once under each of their codes.
        bureaux: how many bureaux the plan reserves.
        parts_per_message: SMS parts of the longest text; 1 for a call.
        seconds_per_message: length of a call; None for an SMS.
        costly_characters: characters that make the text longer than its letters.
        unit_price_cents: cents per message.
        total_cents: cents for all contacts.
        price_list: the list that the price is taken from.
        starts_at: instant of the first message.
        ends_at: instant of the last message, when nothing interrupts.
        base_version: the published base that the audience was taken from.
        findings: what the rules said of the order.
    """

    plan_id: str
    campaign_id: str
    contacts: int
    excluded: Mapping[str, int]
    excluded_by_code: Mapping[str, int]
    bureaux: int
    parts_per_message: int
    seconds_per_message: float | None
    costly_characters: tuple[str, ...]
    unit_price_cents: int
    total_cents: int
    price_list: str
    starts_at: datetime
    ends_at: datetime
    base_version: str
    findings: tuple[OrderFinding, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the answer as the command prints it."""
        told = {item.name: _as_json(getattr(self, item.name)) for item in fields(self)}
        return told | {"findings": findings_json(self.findings)}

    def columns(self) -> dict[str, object]:
        """Return the fields that `plans` has a column for: instants in microseconds, counts by code and findings as JSON."""
        told, row = self.to_json(), dict[str, object]()
        for name in told:
            value = getattr(self, name)
            if name in plans.c:
                row[name] = to_micros(value) if isinstance(value, datetime) else value
            elif f"{name}_json" in plans.c:
                row[f"{name}_json"] = canonical_json(told[name])
        return row


@dataclass(frozen=True)
class Draft:
    """A plan before it is written.

    Attributes:
        answer: the plan, without findings.
        rule_set_sha256: hash of all rules that a use is judged by.
        bureau_codes: the bureaux that it is going to reserve, sorted.
        map_changes: what the base tells became of them.
        texts: what phones are shown, by source; under None where the text names no source.
        places: where the audience is for the calendar, the most frequent place first.
        judged_at: the instant that the audience was judged at.
    """

    answer: CampaignPlan
    rule_set_sha256: str
    bureau_codes: tuple[str, ...]
    map_changes: tuple[MapChange, ...]
    texts: Mapping[str | None, Shown]
    places: tuple[Place, ...]
    judged_at: datetime


def write_plan(
    work: Connection, context: Context, draft: Draft, answer: CampaignPlan, planned_by: str, now: datetime
) -> bool:
    """Write a plan and its texts in the caller's transaction, and enter it in the journal.

    Args:
        work: the caller's transaction.
        context: the order, with what it refers to.
        draft: what the plan rests on.
        answer: the plan with its findings.
        planned_by: who plans.
        now: the instant (aware) of planning.

    Returns:
        False where the campaign has a living plan already: a key of the database says so, and nothing was written.
    """
    row = answer.columns() | _columns_of_order(context)
    row |= {"rule_set_sha256": draft.rule_set_sha256, "state": "planned", "is_paused": 0}
    row |= {"planned_by": planned_by, "planned_at": to_micros(now)}
    if not insert_once(work, plans, [row]):
        return False
    keep_texts(work, draft.texts.values(), now)
    journal.append(work, now, journal.Entry.PLAN, answer.plan_id, {name: row[name] for name in _JOURNALED})
    return True


def write_messages(work: Connection, base: duckdb.DuckDBPyConnection, draft: Draft, now: datetime) -> None:
    """Write a message for each contact of `decided_audience` that gets one, in the caller's transaction.

    Args:
        work: the caller's transaction.
        base: the connection that holds `decided_audience`.
        draft: the plan.
        now: the instant (aware) of planning.
    """
    alike = {
        "plan_id": draft.answer.plan_id,
        "state": State.PLANNED.value,
        "state_at": to_micros(now),
        "attempt": 0,
        "planned_base_version": draft.answer.base_version,
        "codes_json": "[]",
    }
    for rows in _who_gets_a_message(base):
        insert_new(work, messages, [alike | _own_columns(draft, *row) for row in rows])


def _columns_of_order(context: Context) -> dict[str, object]:
    order = context.order
    return {
        "order_json": order.canonical,
        "order_sha256": order.sha256,
        "kind": order.kind.value,
        "election": order.election,
        "round": order.round,
        "sponsor_id": order.sponsor,
        "channel": order.channel.value,
        "profile": order.profile.value,
        "gateway": order.gateway,
        "message_sha256": context.message_sha256,
        "window_from": to_micros(order.window_from),
        "window_to": to_micros(order.window_to),
    }


def _who_gets_a_message(
    base: duckdb.DuckDBPyConnection,
) -> Iterator[Sequence[tuple[str, str | None, int, str | None]]]:
    cursor = base.execute(sql_of(__file__, "who_gets_a_message"))
    while rows := cursor.fetchmany(CHUNK):
        yield rows


def _own_columns(
    draft: Draft, contact_id: str, bureau_code: str | None, position: int, source: str | None
) -> dict[str, object]:
    return {
        "send_id": secrets.token_hex(16),  # by chance, so that it leads to nobody once the person is erased
        "contact_id": contact_id,
        "position": position,
        "bureau_code": bureau_code,
        "message_sha256": draft.texts[source].message_sha256,
    }


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
