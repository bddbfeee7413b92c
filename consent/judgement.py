"""Asking the published base what it judges of a use: the one door to its macros `judge_…`.

The evaluation itself is SQL that ships inside the base (`dbt_project/macros/judge_use.sql`); nothing is decided
here. Calendar, message, sponsor's papers and exclusivity belong to `sends`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any, NamedTuple

import duckdb
from sqlalchemy import Column, Connection, Engine, Select, bindparam, null, select

from stores.operations import person_tables
from stores.warehouse.excerpt import BASE
from stores.warehouse.questions import Questions
from terms.clock import naive_utc
from terms.environment import NumberRules
from terms.errors import FiliationError, Refused
from terms.reasons import Channel, Decision, Profile, Verdict

#: Contacts or rows per statement, to and from the operations database: SQLite allows 32,766 bound parameters.
_BATCH = 10_000

#: Tables of the base that the judgement reads by contact, the large ones.
READ_BY_CONTACT = ("acts", "act_standings", "findings")

#: Up to so many contacts one plan for all is faster than one for those without live facts and one for the others.
_FEW = 10

#: Of up to so many contacts it is held what is known of them, and nobody else's standings are judged.
_HELD = 10_000

_RELATION = re.compile(r"[a-z_][a-z0-9_]*")

#: Relation of the one row that tells the instants of a use to the macros of a look-up.
_INSTANTS = "judged_instants"
_INSTANT_COLUMNS = {"use_moment": "timestamp", "use_known_by": "timestamp"}

_FACT_COLUMNS = ("contact_id", "kind", "channel", "sponsor_id", "occurred_at", "known_at")
_LIVE_COLUMNS = {
    "contact_id": "uuid",
    "kind": "varchar",
    "channel": "varchar",
    "sponsor_id": "varchar",
    "occurred_at": "timestamp",
    "known_at": "timestamp",
    "delivery_id": "varchar",
    "line_number": "bigint",
}
_FORM_STOPS = select(
    person_tables.form_stops.c.partner_id,
    person_tables.form_stops.c.form_version,
    person_tables.form_stops.c.stopped_at,
)
_OPT_OUT_COLUMNS = ("contact_id", "kind", "channel", "sponsor_id", "effective_at", "known_at")

#: Contact, kind, channel, sponsor, instant and instant of knowledge.
_LiveFact = tuple[str, str, str | None, str | None, int, int]


def _of_all_and_of_some(
    query: Select[_LiveFact], contact_id: Column[str]
) -> tuple[Select[_LiveFact], Select[_LiveFact]]:
    return query, query.where(contact_id.in_(bindparam("contacts", expanding=True)))


#: Put together once: for few contacts, that takes longer than the answer.
_LIVE_QUERIES = (
    _of_all_and_of_some(
        select(*(person_tables.opt_outs.c[name] for name in _OPT_OUT_COLUMNS)), person_tables.opt_outs.c.contact_id
    ),
    _of_all_and_of_some(
        select(
            person_tables.contact_facts.c.contact_id,
            person_tables.contact_facts.c.kind,
            null(),
            null(),
            person_tables.contact_facts.c.occurred_at,
            person_tables.contact_facts.c.known_at,
        ),
        person_tables.contact_facts.c.contact_id,
    ),
)


@dataclass(frozen=True)
class Use:
    """One use of a contact, to be judged by the law of `moment` with what was known by `known_by` (both aware).

    Attributes:
        channel: how the message goes.
        sponsor_id: who pays; None = some sponsor.
        criteria_kinds: by what people are selected: address, age, sex, area_results, area_income; empty = unselected.
        eligible_on: day on which the person must be an elector; None = not asked.
        number_rules: which invented numbers count here.
        profile: which reading of the disputed law.
        moment: when the message would leave.
        known_by: latest knowledge that counts.
    """

    channel: Channel
    sponsor_id: str | None
    criteria_kinds: tuple[str, ...]
    eligible_on: date | None
    number_rules: NumberRules
    profile: Profile
    moment: datetime
    known_by: datetime


def use_for_some_sponsor(channel: Channel, profile: Profile, number_rules: NumberRules, at: datetime) -> Use:
    """Return the use that a look-up, a funnel and a preview judge: for some sponsor who selects by bureau, at one instant.

    It is the contract's wording of a number's verdict.
    """
    return Use(
        channel=channel,
        sponsor_id=None,
        criteria_kinds=("address",),
        eligible_on=None,
        number_rules=number_rules,
        profile=profile,
        moment=at,
        known_by=at,
    )


@dataclass(frozen=True)
class Judgement:
    """What one asked contact is worth for a use.

    `codes` are all reasons with an effect, sorted, empty when allowed; `worst_code` is the worst of the best act
    and the contact, None when allowed; the best act is None where there is none.
    """

    contact_id: str
    verdict: Verdict
    decision: Decision
    codes: tuple[str, ...]
    worst_code: str | None
    best_delivery_id: str | None
    best_line_number: int | None


@dataclass(frozen=True)
class ActJudgement:
    """What one act is worth alone, the contact's own codes aside."""

    contact_id: str
    delivery_id: str
    line_number: int
    verdict: Verdict
    decision: Decision
    codes: tuple[str, ...]


@dataclass(frozen=True)
class UseAnswer:
    """What a contact (no act), or one of its acts alone, is worth by a channel and a reading of the law; codes sorted."""

    contact_id: str
    channel: Channel
    profile: Profile
    delivery_id: str | None
    line_number: int | None
    verdict: Verdict
    codes: tuple[str, ...]


@dataclass(frozen=True)
class SpokenRule:
    """A rule that spoke of a contact (no act) or of one of its acts, by the law of the use's moment.

    It holds from `holds_from` until `holds_until` (aware, the latter excluded); None = open.
    """

    contact_id: str
    delivery_id: str | None
    line_number: int | None
    code: str
    effect: Verdict
    rule_id: str
    sentence: str
    source: str
    holds_from: datetime | None
    holds_until: datetime | None


#: Contact, verdict, decision, codes, worst code, delivery and line of the best act, as the base answers.
_JudgedRow = tuple[str, str, str, list[str], str | None, str | None, int | None]


class BoundSql(NamedTuple):
    """SQL text and the values of its named parameters."""

    sql: str
    parameters: Mapping[str, object]


def judge(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str, use: Use) -> list[Judgement]:
    """Judge one use of every contact of a relation, in the order of their ids.

    Args:
        connection: an open base (read-only is enough).
        asked: name of a relation with `contact_id UUID`; a contact that the base does not know has given nothing.
        live_facts: name of a relation as `load_live_facts` makes it.
        use: what is asked.

    Raises:
        FiliationError: a relation's name is not a plain lower-case identifier.
    """
    rows: list[_JudgedRow] = []
    for sql, parameters in _questions(connection, asked, live_facts, use):
        rows += _answers(
            connection,
            "select contact_id::varchar, verdict, decision, codes, worst_code, best_delivery_id, best_line_number"
            f" from ({sql})",
            parameters,
        )
    return [
        Judgement(contact, Verdict(verdict), Decision(decision), tuple(codes), worst, delivery, line)
        for contact, verdict, decision, codes, worst, delivery, line in sorted(rows, key=itemgetter(0))
    ]


def lay_judged(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str, use: Use, relation: str) -> None:
    """Create the temporary table `relation` of what `judge` answers, for audiences that stay in the database.

    Columns: contact_id UUID, verdict, decision, codes VARCHAR[], worst_code, best_delivery_id, best_line_number.
    Arguments and errors as `judge`.
    """
    connection.execute(
        f"create or replace temp table {_checked(relation)} (contact_id uuid, verdict varchar, decision varchar,"
        " codes varchar[], worst_code varchar, best_delivery_id varchar, best_line_number bigint)"
    )
    for sql, parameters in _questions(connection, asked, live_facts, use):
        _answers(connection, f"insert into {relation} {sql}", parameters)


def judge_acts(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str, use: Use) -> list[ActJudgement]:
    """Judge each act of the asked contacts alone, in the order of contact, delivery and line.

    Arguments and errors as `judge`.
    """
    sql, parameters = _call("judge_acts", asked, _facts_in(connection, live_facts), use)
    rows = _answers(
        connection,
        "select contact_id::varchar, delivery_id, line_number, verdict, decision, codes"
        f" from ({sql}) order by contact_id, delivery_id, line_number",
        parameters,
    )
    return [
        ActJudgement(contact, delivery, line, Verdict(verdict), Decision(decision), tuple(codes))
        for contact, delivery, line, verdict, decision, codes in rows
    ]


def judge_for_some_sponsor(
    questions: Questions, asked: str, live_facts: str | None, number_rules: NumberRules, at: datetime
) -> list[UseAnswer]:
    """Judge every channel and profile of `use_for_some_sponsor`, of every contact of a relation and of each of its acts.

    One statement for contacts of whom the ledger holds nothing, and one for the others: a look-up is mostly planning,
    so what changes from one look-up to the next stands in relations, and the rest in the text.

    Args:
        questions: to an open base (read-only is enough; temporary tables are made in it).
        asked: name of a relation with `contact_id UUID`.
        live_facts: name of a relation as `lay_live_facts` or `load_live_facts` makes it; None = the ledger holds nothing.
        number_rules: which invented numbers count here.
        at: instant of the use and of what is known (aware).

    Raises:
        FiliationError: as `judge`.
        Refused: the base was built by software that could not be asked this yet.
    """
    use = use_for_some_sponsor(Channel.SMS, Profile.STRICT, number_rules, at)
    questions.lay(_INSTANTS, _INSTANT_COLUMNS, [(naive_utc(use.moment), naive_utc(use.known_by))])
    kinds = ", ".join(f"'{kind}'" for kind in use.criteria_kinds)
    called = f"'{_INSTANTS}', null::varchar, [{kinds}]::varchar[], null::date, '{number_rules.value}')"
    columns = "contact_id::varchar, channel, profile, delivery_id, line_number, verdict, codes"
    rows: list[tuple[str, str, str, str | None, int | None, str, list[str]]] = []
    with _told_of_an_older_base():
        for relation, facts in _parts(questions, _checked(asked), live_facts):
            macro = f"judge_all_quiet_uses('{relation}'" if facts is None else f"judge_all_uses('{relation}', '{facts}'"
            rows += questions.ask(f"select {columns} from {macro}, {called}")
    return [
        UseAnswer(contact, Channel(channel), Profile(profile), delivery, line, Verdict(verdict), tuple(codes))
        for contact, channel, profile, delivery, line, verdict, codes in rows
    ]


def _parts(questions: Questions, asked: str, live_facts: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield what `_by_facts` does; of few contacts all with the facts of some, for planning twice takes longer."""
    if live_facts is None:
        yield asked, None
    elif questions.ask(f"select 1 from {asked} limit 1 offset {_FEW}"):
        yield from _by_facts(questions.connection, asked, _checked(live_facts))
    else:
        yield asked, _checked(live_facts)


def _by_facts(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str) -> Iterator[tuple[str, str | None]]:
    """Yield relations of the asked contacts, those without live facts (with None) and the others (with the relation)."""
    if connection.execute(f"select 1 from {live_facts} limit 1").fetchone() is None:
        yield asked, None
        return
    for name, join, facts in (("asked_quiet", "anti", None), ("asked_touched", "semi", live_facts)):
        made = connection.execute(
            f"create or replace temp table {name} as select contact_id from {asked} {join} join {live_facts} using (contact_id)"
        ).fetchone()
        if made != (0,):
            yield name, facts


def _questions(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str, use: Use) -> Iterator[BoundSql]:
    """Yield the queries that judge the asked contacts together: by all that the base knows and nothing else, acts have few
    standings; where the day or an older knowledge speaks, each finding is read.
    """
    if not knows_everything(connection, use.known_by):
        yield _call("judge_use", asked, _facts_in(connection, live_facts), use)
        return
    many = connection.execute(f"select 1 from {_checked(asked)} limit 1 offset {_HELD}").fetchone()
    as_known = "judge_few_as_known" if many is None else "judge_as_known"
    for relation, facts in _by_facts(connection, asked, _checked(live_facts)):
        yield _call("judge_use", relation, facts, use) if facts else _as_known(f"{as_known}('{relation}', ", use)


def _as_known(called: str, use: Use) -> BoundSql:
    """Return the query of a macro that judges by all that the base knows."""
    parameters = {name: value for name, value in _parameters(use).items() if name != "use_known_by"}
    return BoundSql(
        f"select * from {called}$use_channel::varchar, $use_sponsor_id::varchar, $use_criteria_kinds::varchar[],"
        " $use_eligible_on::date, $use_number_rules::varchar, $use_profile::varchar, $use_moment::timestamp)",
        parameters,
    )


def spoken_rules(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str, use: Use) -> list[SpokenRule]:
    """Return every rule that spoke of the asked contacts and their acts, in the order of contact, act and code.

    Arguments and errors as `judge`.
    """
    sql, parameters = _call("judge_rules", asked, _facts_in(connection, live_facts), use)
    rows = _answers(
        connection,
        "select contact_id::varchar, delivery_id, line_number, code, effect, rule_id, sentence, source,"
        " nullif(applies_from, '-infinity'), nullif(applies_until, 'infinity')"
        f" from ({sql}) order by contact_id, delivery_id nulls first, line_number, code, applies_from",
        parameters,
    )
    return [
        SpokenRule(contact, delivery, line, code, Verdict(effect), rule, sentence, source, _aware(since), _aware(until))
        for contact, delivery, line, code, effect, rule, sentence, source, since, until in rows
    ]


def judgement_sql(asked: str, live_facts: str | None, use: Use) -> BoundSql:
    """Return the query that reads each finding, whatever was known when; None = the day brought nothing.

    Columns: contact_id UUID, verdict, decision, codes VARCHAR[], worst_code, best_delivery_id, best_line_number.

    Raises:
        FiliationError: as `judge`.
    """
    return _call("judge_use", asked, live_facts, use)


def situations_sql(use: Use, asked: str = "situations") -> BoundSql:
    """Return the query of what situations of the base are worth for a use, to be joined with `verdict_spans`: all of them,
    or those of a relation with `situation_id`, where only few are in question.

    Columns: situation_id, is_elector, verdict, decision, code_bits (`codes_of` reads them: whoever groups answers does so
    first), worst_code; of a row of `verdict_spans` the second is `is_elector(adult_on, $use_eligible_on::date)`. It answers
    for contacts without live facts, by all that the base knows (`knows_everything`).
    """
    return _as_known(f"judge_situations('{_checked(asked)}', ", use)


def knows_everything(connection: duckdb.DuckDBPyConnection, known_by: datetime) -> bool:
    """Return whether all that the base holds was known by then: only then do its spans answer as the judgement does."""
    row = connection.execute(
        "select count(*) from knowledge where complete_from > $known_by", {"known_by": naive_utc(known_by)}
    ).fetchone()
    return row == (0,)


def counts_everyone(connection: duckdb.DuckDBPyConnection, use: Use) -> bool:
    """Return whether the mart `situation_counts` can answer for a use: it holds what stood when the newest file arrived, and
    what changes later.
    """
    row = connection.execute(
        "select coalesce(min(changed_at) <= $moment, false) from situation_counts", {"moment": naive_utc(use.moment)}
    ).fetchone()
    return row == (True,) and knows_everything(connection, use.known_by)


def lay_situations_of_everyone(connection: duckdb.DuckDBPyConnection, use: Use, relation: str) -> None:
    """Create the temporary table `relation`: how many contacts of the whole base are in which situation at the use's moment.

    Columns: situation_id, is_elector, sex, contacts; for a use of which `counts_everyone` is true, to be joined with
    `situations_sql`.

    Raises:
        FiliationError: as `judge`.
    """
    parameters = _parameters(use)
    connection.execute(
        f"create or replace temp table {_checked(relation)} as"
        " select situation_id, is_elector(adult_on, $use_eligible_on::date) as is_elector, sex,"
        " sum(contacts)::bigint as contacts"
        " from situation_counts where changed_at <= $use_moment::timestamp group by all having sum(contacts) <> 0",
        {name: parameters[name] for name in ("use_moment", "use_eligible_on")},
    )


def fill_excerpt(excerpt: duckdb.DuckDBPyConnection, asked: str) -> tuple[str, ...]:
    """Let an excerpt of the base hold the acts and findings of the contacts of a relation, and nobody else's.

    A base has its contacts in the order of their ids and a plan in none, so a question about a thousand of them reads
    nearly all of it. Of anybody else the excerpt knows no act: whoever asks about others fills it anew.

    Args:
        excerpt: as `stores.warehouse.excerpt.open_excerpt` opens it, with `READ_BY_CONTACT` as its own tables.
        asked: name of a relation with `contact_id UUID`.

    Returns:
        the deliveries that hold an act of these contacts, sorted.

    Raises:
        FiliationError: as `judge`.
    """
    name = _checked(asked)
    for table in READ_BY_CONTACT:
        excerpt.execute(
            f"create or replace table {table} as select * from {BASE}.main.{table} semi join {name} using (contact_id)"
        )
    rows = excerpt.execute("select distinct delivery_id from acts order by 1").fetchall()
    return tuple(row[0] for row in rows)


def load_live_facts(
    connection: duckdb.DuckDBPyConnection, engine: Engine, relation: str, contact_ids: Sequence[str] | None
) -> None:
    """Create the temporary table `relation` from the day's opt-outs and facts, replacing it if it exists.

    Columns: contact_id UUID, kind, channel, sponsor_id, occurred_at TIMESTAMP (UTC), known_at TIMESTAMP, and the act that
    the fact is about (delivery_id, line_number; null = the contact). A form version that was switched off since the base
    was built is a fact about each act by it.

    Args:
        connection: where the judgement is asked.
        engine: the operations database.
        relation: name of the table.
        contact_ids: whose facts, looked up by index; None = everybody's.

    Raises:
        FiliationError: as `judge`.
    """
    name = _checked(relation)
    with engine.connect() as ledger:
        stops = _form_stops(ledger)
        Questions(connection).lay(name, _LIVE_COLUMNS, [])
        for rows in _live_rows(ledger, contact_ids):
            _add_facts(connection, name, rows)
    _add_form_stops(connection, stops, name, contact_ids)


def lay_live_facts(questions: Questions, ledger: Connection, relation: str, contact_ids: Sequence[str]) -> str | None:
    """Lay the relation of `load_live_facts` for few contacts, unless the ledger holds nothing of them: then return None.

    Args:
        questions: to the base where the judgement is asked.
        ledger: the operations database, open for reading.
        relation: name of the table.
        contact_ids: whose facts.

    Raises:
        FiliationError: as `judge`.
    """
    name, stops = _checked(relation), _form_stops(ledger)
    rows = [row for part in _live_rows(ledger, contact_ids) for row in part]
    if not (rows or stops):
        return None
    questions.lay(name, _LIVE_COLUMNS, [])
    _add_facts(questions.connection, name, rows)
    _add_form_stops(questions.connection, stops, name, contact_ids)
    return name if questions.ask(f"select 1 from {name} limit 1") else None


def _add_facts(connection: duckdb.DuckDBPyConnection, relation: str, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    columns = dict(zip(_FACT_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    connection.execute(
        f"insert into {relation} select unnest($contact_id::uuid[]), unnest($kind::varchar[]),"
        " unnest($channel::varchar[]), unnest($sponsor_id::varchar[]),"
        " make_timestamp(unnest($occurred_at::bigint[])), make_timestamp(unnest($known_at::bigint[])), null, null",
        columns,
    )


def _form_stops(ledger: Connection) -> list[tuple[str, str, int]]:
    return [(row.partner_id, row.form_version, row.stopped_at) for row in ledger.execute(_FORM_STOPS)]


def _add_form_stops(
    connection: duckdb.DuckDBPyConnection,
    stops: Sequence[tuple[str, str, int]],
    relation: str,
    contact_ids: Sequence[str] | None,
) -> None:
    """Add the acts by form versions that were switched off since the base was built; the base knows the earlier ones."""
    if not stops:
        return
    partners, forms, instants = map(list, zip(*stops, strict=True))
    connection.execute(
        f"""
        insert into {relation}
        select o.contact_id, 'form_stop', null, null, stops.at, stops.at, o.delivery_id, o.line_number
        from opt_ins as o
        inner join (
            select unnest($partners::varchar[]) as partner_id, unnest($forms::varchar[]) as form_version,
                make_timestamp(unnest($instants::bigint[])) as at
        ) as stops on o.partner_id = stops.partner_id and o.form_version = stops.form_version
        where o.flag = 'given'
            and ($contact_ids::uuid[] is null or o.contact_id in (select unnest($contact_ids::uuid[])))
            and not exists (
                select 1 from dossier_form_versions as known
                where known.partner_id = stops.partner_id and known.form_version = stops.form_version
                    and known.stopped_at <= stops.at
            )
        """,
        {
            "partners": partners,
            "forms": forms,
            "instants": instants,
            "contact_ids": None if contact_ids is None else list(contact_ids),
        },
    )


def _live_rows(ledger: Connection, contact_ids: Sequence[str] | None) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the day's opt-outs and facts in parts."""
    for everybody, of_some in _LIVE_QUERIES:
        if contact_ids is None:
            yield from ledger.execute(everybody).partitions(_BATCH)
            continue
        for start in range(0, len(contact_ids), _BATCH):
            yield ledger.execute(of_some, {"contacts": contact_ids[start : start + _BATCH]}).all()


def _answers(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """Return the rows of a question to a macro of the base, which an older base may lack."""
    with _told_of_an_older_base():
        return connection.execute(sql, dict(parameters)).fetchall()


@contextmanager
def _told_of_an_older_base() -> Iterator[None]:
    try:
        yield
    except duckdb.CatalogException:
        raise Refused("The base was built by an older version of this software.", "Run `filiation refresh`.") from None


def _facts_in(connection: duckdb.DuckDBPyConnection, live_facts: str) -> str | None:
    """Return the relation's name, or None where it holds nothing: then a macro that is planned faster gives the same."""
    found = connection.execute(f"select 1 from {_checked(live_facts)} limit 1").fetchone()
    return None if found is None else live_facts


def _call(macro: str, asked: str, live_facts: str | None, use: Use) -> BoundSql:
    name = f"{macro}_by_night('{_checked(asked)}'"
    if live_facts is not None:
        name = f"{macro}('{_checked(asked)}', '{_checked(live_facts)}'"
    sql = (
        f"select * from {name}, $use_channel::varchar,"
        " $use_sponsor_id::varchar, $use_criteria_kinds::varchar[], $use_eligible_on::date,"
        " $use_number_rules::varchar, $use_profile::varchar, $use_moment::timestamp, $use_known_by::timestamp)"
    )
    return BoundSql(sql, _parameters(use))


def _parameters(use: Use) -> dict[str, object]:
    return {
        "use_channel": use.channel.value,
        "use_sponsor_id": use.sponsor_id,
        "use_criteria_kinds": list(use.criteria_kinds),
        "use_eligible_on": use.eligible_on,
        "use_number_rules": use.number_rules.value,
        "use_profile": use.profile.value,
        "use_moment": naive_utc(use.moment),
        "use_known_by": naive_utc(use.known_by),
    }


def _aware(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.replace(tzinfo=UTC)


def _checked(relation: str) -> str:
    """Return the name: it stands in SQL text, where no parameter may, so nothing but an identifier passes."""
    if not _RELATION.fullmatch(relation):
        raise FiliationError(f"{relation!r} is not the name of a relation.", "Use lower-case letters, digits and _.")
    return relation
