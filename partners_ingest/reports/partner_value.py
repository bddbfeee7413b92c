"""What the published base says of a partner's rows: grades of evidence, how many end as sendable and why not, audits.

Counts and codes only. What came in is counted by `partners_ingest.rows.figures`, the page is made by `report`. The judgement itself belongs to
`consent.judgement`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
from sqlalchemy import Engine

from consent.judgement.live_facts import load_live_facts
from consent.judgement.queries import judgement_sql
from consent.judgement.uses import use_for_some_sponsor
from stores.sql_files import sql_of
from terms.clock import naive_utc
from terms.environment import NumberRules
from terms.reasons import Channel, Profile

_ASKED = "value_asked"
_LIVE = "value_live"
_ANSWERS = "value_answers"


@dataclass(frozen=True)
class Reason:
    """A code that keeps rows from being sendable: its sentence and the number of rows, which overlap."""

    code: str
    sentence: str
    rows: int


@dataclass(frozen=True)
class ProfileValue:
    """How many agreements end as sendable by SMS in one profile (for some sponsor, selected by address), and why not."""

    profile: Profile
    given: int
    sendable: int
    sendable_by_delivery: Mapping[str, int]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Audit:
    """The newest audit of a form version (`*` = the partner as a whole); None where there is none.

    `due_on` is the first day on which it is too old, None where none is due (a form that is retired and was audited).
    """

    form_version: str
    is_live: bool
    audited_on: date | None
    auditor: str | None
    finding: str | None
    due_on: date | None


@dataclass(frozen=True)
class BaseView:
    """What a base says of some deliveries of one partner."""

    legal_name: str | None
    grades: Mapping[str, int]
    missing: Mapping[str, int]
    values: tuple[ProfileValue, ...]
    audits: tuple[Audit, ...]


@dataclass(frozen=True)
class Moment:
    """When a base is asked (aware), and which invented numbers count then."""

    at: datetime
    number_rules: NumberRules


def view_base(
    base: duckdb.DuckDBPyConnection, engine: Engine, partner_id: str, delivery_ids: Sequence[str], moment: Moment
) -> BaseView:
    """Ask an open base about deliveries of a partner; those that it does not hold yet add nothing.

    Args:
        base: an open base; temporary tables are created in it.
        engine: of the operations database, for live facts.
        partner_id: whose deliveries.
        delivery_ids: the deliveries.
        moment: at which rows are judged.
    """
    base.execute(sql_of(__file__, "value_rows"), {"partner": partner_id, "ids": list(delivery_ids)})
    base.execute(sql_of(__file__, "value_asked"))
    load_live_facts(base, engine, _LIVE, None)
    return BaseView(
        legal_name=_legal_name(base, partner_id),
        grades=_counted(base, sql_of(__file__, "grades")),
        missing=_counted(base, sql_of(__file__, "missing")),
        values=tuple(_value(base, profile, moment) for profile in Profile),
        audits=_audits(base, partner_id),
    )


def _counted(base: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(base.execute(query).fetchall())


def _value(base: duckdb.DuckDBPyConnection, profile: Profile, moment: Moment) -> ProfileValue:
    use = use_for_some_sponsor(Channel.SMS, profile, moment.number_rules, moment.at)
    sql, parameters = judgement_sql(_ASKED, _LIVE, use)
    base.execute(f"create or replace temp table {_ANSWERS} as {sql}", dict(parameters))
    base.execute(sql_of(__file__, "value_judged"))
    sendable = _counted(base, sql_of(__file__, "sendable"))
    (given,) = base.execute("select count(*) from value_judged").fetchone() or (0,)
    return ProfileValue(profile, given, sum(sendable.values()), sendable, _reasons(base, profile, moment))


def _reasons(base: duckdb.DuckDBPyConnection, profile: Profile, moment: Moment) -> tuple[Reason, ...]:
    rows = base.execute(
        sql_of(__file__, "reasons"),
        {"profile": profile.value, "at": naive_utc(moment.at)},
    ).fetchall()
    return tuple(Reason(*row) for row in rows)


def _legal_name(base: duckdb.DuckDBPyConnection, partner_id: str) -> str | None:
    row = base.execute(
        "select legal_name from dossier_partners where partner_id = ? and known_until = 'infinity'", [partner_id]
    ).fetchone()
    return row[0] if row else None


def _audits(base: duckdb.DuckDBPyConnection, partner_id: str) -> tuple[Audit, ...]:
    """Return the newest audit of each form version, an audit of the partner as a whole counting for all of them."""
    rows = base.execute(sql_of(__file__, "audits"), {"partner": partner_id}).fetchall()
    return tuple(Audit(*row) for row in rows)
