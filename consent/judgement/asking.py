"""Asking the published base what it judges of a use: contacts, their acts, and the rules that spoke.

Nothing is decided here: the evaluation is SQL that ships inside the base. Calendar, message, sponsor's papers and
exclusivity belong to `sends`; counts over spans, to `situations`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter

import duckdb

from consent.judgement.answers import ActJudgement, Judgement, SpokenRule, UseAnswer
from consent.judgement.queries import (
    BoundSql,
    ask_base,
    facts_in,
    macro_call,
    macro_call_as_known,
    refusing_older_bases,
)
from consent.judgement.situations import knows_everything
from consent.judgement.uses import Use, use_for_some_sponsor
from stores.sql_files import checked_name
from stores.warehouse.excerpt import BASE
from stores.warehouse.questions import Questions
from terms.clock import aware_utc, naive_utc
from terms.environment import NumberRules
from terms.reasons import Channel, Decision, Profile, Verdict

#: Tables of the base that the judgement reads by contact, the large ones.
READ_BY_CONTACT = ("acts", "act_standings", "findings")

#: Up to so many contacts one plan for all is faster than one for those without live facts and one for the others.
_FEW = 10

#: Up to so many contacts are judged by a macro that keeps what is known of them in memory, and judges no other standings.
_HELD = 10_000

#: Relation of the one row that tells the instants of a use to the macros of a look-up.
_INSTANTS = "judged_instants"

_INSTANT_COLUMNS = {"use_moment": "timestamp", "use_known_by": "timestamp"}

#: Contact, verdict, decision, codes, worst code, delivery and line of the best act, as the base answers.
_JudgedRow = tuple[str, str, str, list[str], str | None, str | None, int | None]


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
        rows += ask_base(
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

    Args:
        connection: an open base (read-only is enough).
        asked: name of a relation with `contact_id UUID`.
        live_facts: name of a relation as `live_facts.load_live_facts` makes it.
        use: what is asked.
        relation: name of the table.

    Raises:
        FiliationError: as `judge`.
    """
    connection.execute(
        f"create or replace temp table {checked_name(relation)} (contact_id uuid, verdict varchar, decision varchar,"
        " codes varchar[], worst_code varchar, best_delivery_id varchar, best_line_number bigint)"
    )
    for sql, parameters in _questions(connection, asked, live_facts, use):
        ask_base(connection, f"insert into {relation} {sql}", parameters)


def judge_acts(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str, use: Use) -> list[ActJudgement]:
    """Judge each act of the asked contacts alone, in the order of contact, delivery and line.

    Args:
        connection: an open base (read-only is enough).
        asked: name of a relation with `contact_id UUID`.
        live_facts: name of a relation as `live_facts.load_live_facts` makes it.
        use: what is asked.

    Raises:
        FiliationError: as `judge`.
    """
    sql, parameters = macro_call("judge_acts", asked, facts_in(connection, live_facts), use)
    rows = ask_base(
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

    Contacts without live facts are asked about in one statement, the others in a second one. Planning takes most of the
    time of a look-up: what changes from one look-up to the next is passed in relations, so that the text stays the same.

    Args:
        questions: to an open base (read-only is enough; temporary tables are made in it).
        asked: name of a relation with `contact_id UUID`.
        live_facts: name of a relation as `lay_live_facts` or `load_live_facts` makes it; None = there are no live facts.
        number_rules: which invented numbers count here.
        at: instant of the use and of what is known (aware).

    Raises:
        FiliationError: as `judge`.
        Refused: the base was built by software that could not be asked this yet.
    """
    use = use_for_some_sponsor(Channel.SMS, Profile.STRICT, number_rules, at)
    questions.fill(_INSTANTS, _INSTANT_COLUMNS, [(naive_utc(use.moment), naive_utc(use.known_by))])
    kinds = ", ".join(f"'{kind}'" for kind in use.criteria_kinds)
    called = f"'{_INSTANTS}', null::varchar, [{kinds}]::varchar[], null::date, '{number_rules.value}')"
    columns = "contact_id::varchar, channel, profile, delivery_id, line_number, verdict, codes"
    rows: list[tuple[str, str, str, str | None, int | None, str, list[str]]] = []
    with refusing_older_bases():
        for relation, facts in _parts(questions, checked_name(asked), live_facts):
            macro = f"judge_all_quiet_uses('{relation}'" if facts is None else f"judge_all_uses('{relation}', '{facts}'"
            rows += questions.ask(f"select {columns} from {macro}, {called}")
    return [
        UseAnswer(contact, Channel(channel), Profile(profile), delivery, line, Verdict(verdict), tuple(codes))
        for contact, channel, profile, delivery, line, verdict, codes in rows
    ]


def spoken_rules(connection: duckdb.DuckDBPyConnection, asked: str, live_facts: str, use: Use) -> list[SpokenRule]:
    """Return every rule that spoke of the asked contacts and their acts, in the order of contact, act and code.

    Args:
        connection: an open base (read-only is enough).
        asked: name of a relation with `contact_id UUID`.
        live_facts: name of a relation as `live_facts.load_live_facts` makes it.
        use: what is asked.

    Raises:
        FiliationError: as `judge`.
    """
    sql, parameters = macro_call("judge_rules", asked, facts_in(connection, live_facts), use)
    rows = ask_base(
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


def fill_excerpt(excerpt: duckdb.DuckDBPyConnection, asked: str) -> tuple[str, ...]:
    """Let an excerpt of the base hold the acts and findings of the contacts of a relation, and nobody else's.

    The base is sorted by contact, a plan is not: a question about a thousand contacts of a plan would read nearly all of
    the base. The excerpt knows no act of other contacts: whoever asks about others fills it anew.

    Args:
        excerpt: as `stores.warehouse.excerpt.open_excerpt` opens it, with `READ_BY_CONTACT` as its own tables.
        asked: name of a relation with `contact_id UUID`.

    Returns:
        the deliveries that hold an act of these contacts, sorted.

    Raises:
        FiliationError: as `judge`.
    """
    name = checked_name(asked)
    for table in READ_BY_CONTACT:
        excerpt.execute(
            f"create or replace table {table} as select * from {BASE}.main.{table} semi join {name} using (contact_id)"
        )
    rows = excerpt.execute("select distinct delivery_id from acts order by 1").fetchall()
    return tuple(row[0] for row in rows)


def _parts(questions: Questions, asked: str, live_facts: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield what `_by_facts` does; few contacts stay together, with the facts of some: planning twice takes longer."""
    if live_facts is None:
        yield asked, None
    elif questions.ask(f"select 1 from {asked} limit 1 offset {_FEW}"):
        yield from _by_facts(questions.connection, asked, checked_name(live_facts))
    else:
        yield asked, checked_name(live_facts)


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
    """Yield the queries that together judge the asked contacts.

    Contacts without live facts are judged by the standings of their acts, which are few; contacts with live facts, and all
    contacts where an older knowledge counts, by each of their findings.
    """
    if not knows_everything(connection, use.known_by):
        yield macro_call("judge_use", asked, facts_in(connection, live_facts), use)
        return
    many = connection.execute(f"select 1 from {checked_name(asked)} limit 1 offset {_HELD}").fetchone()
    as_known = "judge_few_as_known" if many is None else "judge_as_known"
    for relation, facts in _by_facts(connection, asked, checked_name(live_facts)):
        yield (
            macro_call("judge_use", relation, facts, use)
            if facts
            else macro_call_as_known(f"{as_known}('{relation}', ", use)
        )


def _aware(instant: datetime | None) -> datetime | None:
    return None if instant is None else aware_utc(instant)
