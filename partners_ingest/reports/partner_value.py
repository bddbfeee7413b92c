"""What the published base says of a partner's rows: grades of evidence, how many end as sendable and why not, audits.

Counts and codes only. What came in is counted by `partners_ingest.rows.figures`, the page is made by `report`. The judgement itself belongs to
`consent.judgement`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
from sqlalchemy import Engine

from consent.judgement.live_facts import load_live_facts
from consent.judgement.queries import judgement_sql
from consent.judgement.uses import use_for_some_sponsor
from terms.environment import NumberRules
from terms.reasons import Channel, Profile, Verdict

_ASKED = "value_asked"
_LIVE = "value_live"
_ROWS = "value_rows"
_JUDGED = "value_judged"


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
    base.execute(
        f"create or replace temp table {_ROWS} as select * from opt_ins"
        " where partner_id = $partner and flag = 'given' and list_contains($ids::varchar[], delivery_id)",
        {"partner": partner_id, "ids": list(delivery_ids)},
    )
    base.execute(f"create or replace temp table {_ASKED} as select distinct contact_id from {_ROWS}")
    load_live_facts(base, engine, _LIVE, None)
    return BaseView(
        legal_name=_legal_name(base, partner_id),
        grades=_counted(base, f"select evidence_grade, count(*) from {_ROWS} group by 1 order by 1"),
        missing=_counted(
            base,
            "select element, count(*)"
            f" from (select unnest(list_concat(evidence_missing, bundle_missing)) as element from {_ROWS}) group by 1 order by 2 desc, 1",
        ),
        values=tuple(_value(base, profile, moment) for profile in Profile),
        audits=_audits(base, partner_id),
    )


def _counted(base: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(base.execute(query).fetchall())


def _value(base: duckdb.DuckDBPyConnection, profile: Profile, moment: Moment) -> ProfileValue:
    use = use_for_some_sponsor(Channel.SMS, profile, moment.number_rules, moment.at)
    sql, parameters = judgement_sql(_ASKED, _LIVE, use)
    base.execute(
        f"create or replace temp table {_JUDGED} as select r.delivery_id, r.line_number, j.verdict, j.codes"
        f" from {_ROWS} as r inner join ({sql}) as j on r.contact_id = j.contact_id",
        parameters,
    )
    sendable = _counted(
        base,
        f"select delivery_id, count(*) from {_JUDGED} where verdict = '{Verdict.SENDABLE.value}' group by 1 order by 1",
    )
    (given,) = base.execute(f"select count(*) from {_JUDGED}").fetchone() or (0,)
    return ProfileValue(profile, given, sum(sendable.values()), sendable, _reasons(base, profile, moment))


def _reasons(base: duckdb.DuckDBPyConnection, profile: Profile, moment: Moment) -> tuple[Reason, ...]:
    rows = base.execute(
        f"""
        with counted as (
            select code, count(*) as rows
            from (select unnest(codes) as code from {_JUDGED} where verdict <> '{Verdict.SENDABLE.value}')
            group by code
        ),
        told as (
            select code, any_value(sentence) as sentence from rules
            where profile = $profile and $at::timestamp >= applies_from and $at::timestamp < applies_until
                and known_until = 'infinity'
            group by code
        )
        select counted.code, coalesce(told.sentence, ''), counted.rows
        from counted left join told on counted.code = told.code order by counted.rows desc, counted.code
        """,
        {"profile": profile.value, "at": moment.at.astimezone(UTC).replace(tzinfo=None)},
    ).fetchall()
    return tuple(Reason(*row) for row in rows)


def _legal_name(base: duckdb.DuckDBPyConnection, partner_id: str) -> str | None:
    row = base.execute(
        "select legal_name from dossier_partners where partner_id = ? and known_until = 'infinity'", [partner_id]
    ).fetchone()
    return row[0] if row else None


def _audits(base: duckdb.DuckDBPyConnection, partner_id: str) -> tuple[Audit, ...]:
    """Return the newest audit of each form version, an audit of the partner as a whole counting for all of them."""
    rows = base.execute(
        """
        with forms as (
            select form_version, last_seen_at is null as is_live from dossier_form_versions
            where partner_id = $partner and known_until = 'infinity'
        ),
        audits as (
            select form_version, audited_on, auditor, finding from dossier_audits
            where partner_id = $partner and known_until = 'infinity'
        )
        select forms.form_version, forms.is_live, max(audits.audited_on), arg_max(audits.auditor, audits.audited_on),
            arg_max(audits.finding, audits.audited_on),
            if(forms.is_live, (max(audits.audited_on) + interval 12 month)::date, null)
        from forms left join audits on audits.form_version in (forms.form_version, '*')
        group by forms.form_version, forms.is_live order by forms.is_live desc, forms.form_version
        """,
        {"partner": partner_id},
    ).fetchall()
    return tuple(Audit(*row) for row in rows)
