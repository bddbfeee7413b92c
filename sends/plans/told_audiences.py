"""Audiences about which a sponsor was told a number: kept as criteria, and compared with the one that is asked about now.

Two audiences that differ by a few people would tell what those few are (R-68); how few is a rule of
`sends.rules.order_rules`. Both are evaluated on the published base.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import duckdb
from sqlalchemy import Connection, ScalarResult, select

from sends.orders.audience_criteria import Amount, Audience, BureauVote, Exclusion, Sex, Years
from sends.plans.audience import Selection, create_contacts
from sends.plans.temporary_tables import ASKED_CONTACTS, TOLD_CONTACTS, TemporaryTable
from sends.rules.context import Context
from sends.rules.order_rules import FLOOR, differencing_findings
from sends.rules.rulebook import OrderFinding, SendRules
from stores.operations.database import insert_once
from stores.operations.plan_tables import told_audiences
from stores.sql_files import sql_of
from terms.canonical_json import canonical_json
from terms.clock import to_micros
from terms.identifiers import digest


@dataclass(frozen=True)
class AskedAudience:
    """Criteria on a map of bureaux; where a plan reserves a part only, that part by years on polling day."""

    audience: Audience
    bureau_map: str
    reserve: Years | None = None
    polling_on: date | None = None

    def to_json(self) -> str:
        """Return it as canonical JSON: what is the same has the same text."""
        polling_on = None if self.polling_on is None else self.polling_on.isoformat()
        told = {"audience": asdict(self.audience), "bureau_map": self.bureau_map, "polling_on": polling_on}
        return canonical_json(
            _sorted_lists({**told, "reserve": None if self.reserve is None else asdict(self.reserve)})
        )

    @classmethod
    def of_json(cls, text: str) -> AskedAudience:
        """Return the audience of a text that `to_json` made."""
        told = json.loads(text)
        reserve, polling_on = told["reserve"], told["polling_on"]
        return cls(
            audience=_audience(told["audience"]),
            bureau_map=told["bureau_map"],
            reserve=None if reserve is None else Years(**reserve),
            polling_on=None if polling_on is None else date.fromisoformat(polling_on),
        )


def audiences_of(context: Context) -> tuple[AskedAudience, ...]:
    """Return the audiences about which a plan tells numbers: the order's, and the reserved part where it reserves one."""
    order, election = context.order, context.election
    whole = AskedAudience(order.audience, election.bureau_map)
    if order.reserve is None:
        return (whole,)
    polling_on = election.rounds[order.round].polling_on
    return (whole, AskedAudience(order.audience, election.bureau_map, order.reserve, polling_on))


def check_differencing(
    base: duckdb.DuckDBPyConnection,
    work: Connection,
    sponsor_id: str,
    asked: Iterable[AskedAudience],
    on: date,
    rules: SendRules,
) -> tuple[OrderFinding, ...]:
    """Return DIFFERENCING where an audience is too near to an earlier one of the sponsor.

    Both are evaluated as of the same day, so that birthdays between two orders of the same criteria are no difference.
    Whole audiences are compared with whole ones, reserved parts with reserved parts.

    Args:
        base: a connection to the published base.
        work: an open connection to the operations database, which holds the earlier audiences.
        sponsor_id: the sponsor that asks.
        asked: the audiences about which it asks.
        on: the day on which ages count.
        rules: effects and sentences.
    """
    earlier = _told_to(work, sponsor_id)
    differences = (
        number for wanted in asked for number in _differences(base, wanted, _comparable(wanted, earlier), on)
    )
    return differencing_findings(differences, rules)


def remember(work: Connection, sponsor_id: str, asked: Iterable[AskedAudience], now: datetime) -> None:
    """Keep that a sponsor is told numbers about audiences; the same audience again changes nothing.

    Args:
        work: the caller's transaction.
        sponsor_id: the sponsor that is told.
        asked: the audiences.
        now: the instant (aware) of telling.
    """
    rows = [
        {"sponsor_id": sponsor_id, "audience_sha256": digest(text), "audience_json": text, "told_at": to_micros(now)}
        for text in (one.to_json() for one in asked)
    ]
    insert_once(work, told_audiences, rows)


def _told_to(work: Connection, sponsor_id: str) -> list[AskedAudience]:
    query = (
        select(told_audiences.c.audience_json)
        .where(told_audiences.c.sponsor_id == sponsor_id)
        .order_by(told_audiences.c.told_at.desc())
    )
    found: ScalarResult[str] = work.execute(query).scalars()
    return [AskedAudience.of_json(text) for text in found]


def _comparable(wanted: AskedAudience, earlier: Iterable[AskedAudience]) -> list[AskedAudience]:
    return [
        told
        for told in earlier
        if (told.reserve is None) == (wanted.reserve is None) and told.to_json() != wanted.to_json()
    ]


def _differences(
    base: duckdb.DuckDBPyConnection, wanted: AskedAudience, others: Sequence[AskedAudience], on: date
) -> Iterator[int]:
    """Yield by how many contacts an audience differs from each of the others, where that may be fewer than the floor."""
    if not others:
        return
    _create(base, ASKED_CONTACTS, wanted, on)
    size = ASKED_CONTACTS.count(base)
    for told in others:
        _create(base, TOLD_CONTACTS, told, on)
        if abs(TOLD_CONTACTS.count(base) - size) < FLOOR:  # else they differ by at least as many
            yield _difference(base)


def _create(base: duckdb.DuckDBPyConnection, table: TemporaryTable, asked: AskedAudience, on: date) -> None:
    selection = Selection(asked.audience, asked.bureau_map, on, reserve=asked.reserve, polling_on=asked.polling_on)
    create_contacts(base, table, selection)


def _difference(base: duckdb.DuckDBPyConnection) -> int:
    """Return how many contacts are in one of `asked_contacts` and `told_contacts`, and not in both."""
    row = base.execute(sql_of(__file__, "difference")).fetchone()
    return int(row[0]) if row else 0


def _sorted_lists(value: Any) -> Any:
    """Return a record whose lists of codes are sorted: their order makes no other audience."""
    if isinstance(value, Mapping):
        return {key: _sorted_lists(item) for key, item in value.items()}
    return sorted(set(value)) if isinstance(value, list | tuple) else value


def _audience(told: Mapping[str, Any]) -> Audience:
    vote, excluded = told["bureau_vote"], told["exclude"]
    return Audience(
        communes=_codes(told["communes"]),
        departements=_codes(told["departements"]),
        bureaux=_codes(told["bureaux"]),
        iris=_codes(told["iris"]),
        sex=None if told["sex"] is None else Sex(told["sex"]),
        age=None if told["age"] is None else Years(**told["age"]),
        bureau_vote=None if vote is None else BureauVote(**{**vote, "share": Amount(**vote["share"])}),
        iris_income=None if told["iris_income"] is None else Amount(**told["iris_income"]),
        exclude=None if excluded is None else Exclusion(tuple(excluded["bureaux"]), _sex(excluded["sex"])),
    )


def _codes(codes: list[str] | None) -> tuple[str, ...] | None:
    return None if codes is None else tuple(codes)


def _sex(text: str | None) -> Sex | None:
    return None if text is None else Sex(text)
