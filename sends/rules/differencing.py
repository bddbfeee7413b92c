"""Differencing: two audiences of one sponsor that differ by a few people would tell what those few are (R-68).

Every audience about which a sponsor was told a number, by a plan or a count, is kept as criteria and evaluated again
when the next one is asked. The floor of a single audience belongs to `order_rules`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import duckdb
from sqlalchemy import Connection, ScalarResult, select

from sends.orders.audience_criteria import Amount, Audience, BureauVote, Exclusion, Sex, Years
from sends.plans.audience import Selection, age_predicate, count_rows, create_contacts
from sends.rules.order_rules import FLOOR
from sends.rules.rulebook import OrderFinding, SendRules
from stores.operations.database import insert_once
from stores.operations.plan_tables import told_audiences
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


def asked_by(audience: Audience, bureau_map: str, reserve: Years | None, polling_on: date) -> tuple[AskedAudience, ...]:
    """Return what a plan tells numbers about: its audience, and the reserved part of it where it reserves one."""
    whole = AskedAudience(audience, bureau_map)
    return (whole,) if reserve is None else (whole, AskedAudience(audience, bureau_map, reserve, polling_on))


def differencing_findings(
    base: duckdb.DuckDBPyConnection,
    work: Connection,
    sponsor_id: str,
    asked: Iterable[AskedAudience],
    on: date,
    rules: SendRules,
) -> tuple[OrderFinding, ...]:
    """Return DIFFERENCING where an audience differs from an earlier one of the sponsor by somebody, but under the floor.

    Both are evaluated on the published base as of the same day, so that birthdays between two orders of the same
    criteria are no difference. Whole audiences are compared with whole ones, parts with parts.
    """
    earlier = _told_to(work, sponsor_id)
    for wanted in asked:
        others = [told for told in earlier if (told.reserve is None) == (wanted.reserve is None)]
        if _is_near_another(base, wanted, [told for told in others if told.to_json() != wanted.to_json()], on):
            return rules.found("DIFFERENCING", "audience")
    return ()


def remember(work: Connection, sponsor_id: str, asked: Iterable[AskedAudience], now: datetime) -> None:
    """Write down that a sponsor is told numbers about audiences; the same one again changes nothing."""
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
    return [_read(text) for text in found]


def _is_near_another(
    base: duckdb.DuckDBPyConnection, wanted: AskedAudience, others: Sequence[AskedAudience], on: date
) -> bool:
    """Return whether an audience differs from one of the others by somebody, but by fewer than the floor."""
    if not others:
        return False
    _create(base, "wanted", wanted, on)
    size = count_rows(base, "wanted")
    for told in others:
        _create(base, "told", told, on)
        if abs(count_rows(base, "told") - size) < FLOOR and 0 < _difference(base) < FLOOR:
            return True
    return False


def _create(base: duckdb.DuckDBPyConnection, table: str, asked: AskedAudience, on: date) -> None:
    create_contacts(base, table, Selection(asked.audience, asked.bureau_map, on))
    _keep_reserved(base, table, asked)


def _difference(base: duckdb.DuckDBPyConnection) -> int:
    """Return how many contacts are in one of the tables `wanted` and `told`, and not in both."""
    row = base.execute(
        "select (select count(*) from wanted anti join told using (contact_id))"
        " + (select count(*) from told anti join wanted using (contact_id))"
    ).fetchone()
    return int(row[0]) if row else 0


def _keep_reserved(base: duckdb.DuckDBPyConnection, table: str, asked: AskedAudience) -> None:
    if asked.reserve is None or asked.polling_on is None:
        return
    inside = age_predicate("c.birth_date", asked.reserve, asked.polling_on)
    base.execute(
        f"create or replace temp table {table} as select contact_id from {table} join contacts as c using (contact_id)"
        f" where {inside.sql}",
        dict(inside.parameters),
    )


def _sorted_lists(value: Any) -> Any:
    """Return a record in which lists of codes stand in order: their order selects nobody else."""
    if isinstance(value, Mapping):
        return {key: _sorted_lists(item) for key, item in value.items()}
    return sorted(set(value)) if isinstance(value, list | tuple) else value


def _read(text: str) -> AskedAudience:
    told = json.loads(text)
    reserve, polling_on = told["reserve"], told["polling_on"]
    return AskedAudience(
        audience=_audience(told["audience"]),
        bureau_map=told["bureau_map"],
        reserve=None if reserve is None else Years(**reserve),
        polling_on=None if polling_on is None else date.fromisoformat(polling_on),
    )


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
