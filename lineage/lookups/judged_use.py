"""One number judged for one use at two instants: the answer, each rule that applied, and the lines that it rests on.

The judgement itself is asked of `consent.judgement`; nothing is decided here. The provenance of a number belongs to
`lineage.lookups.lookup`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb
from sqlalchemy import Engine

from consent.judgement.answers import ActJudgement, Judgement, SpokenRule
from consent.judgement.asking import judge, judge_acts, spoken_rules
from consent.judgement.live_facts import load_live_facts
from consent.judgement.uses import Use
from lineage.lookups.access_log import Access, record_access
from lineage.lookups.file_names import file_names
from lineage.lookups.lookup import contact_of, subjects_of
from stores.all_stores import Stores
from stores.engine import without_pandas
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms.clock import aware_utc, naive_utc, to_iso
from terms.errors import UsageError

_ASKED, _LIVE = "judged_asked", "judged_live"

#: Codes that an event after the act gives it: the event's own line is evidence too.
_TAKEN_BACK = frozenset({"LATEST_WINS", "WITHDRAWN_AT_SOURCE"})

#: Codes that rest on what the day brought, in the ledger and in no partner's file.
_FROM_THE_LEDGER = frozenset({"SUPPRESSED", "DSAR_LATE", "NUMBER_DEAD"})


@dataclass(frozen=True)
class EvidenceLine:
    """One delivered record that an answer rests on; `says` is its signal, `at` its instant (None = it states none)."""

    delivery_id: str
    partner_id: str
    file_name: str
    line_number: int
    says: str
    at: datetime | None
    received_at: datetime

    def to_json(self) -> dict[str, object]:
        """Return the line as `filiation evidence` takes it, with what it says."""
        return {
            "delivery_id": self.delivery_id,
            "partner": self.partner_id,
            "file": self.file_name,
            "line": self.line_number,
            "says": self.says,
            "at": _iso(self.at),
            "known_at": to_iso(self.received_at),
        }


@dataclass(frozen=True)
class LedgerFact:
    """Something that a person or an operator did, as the ledger holds it."""

    kind: str
    occurred_at: datetime
    known_at: datetime

    def to_json(self) -> dict[str, object]:
        """Return the fact with its two instants."""
        return {"kind": self.kind, "at": to_iso(self.occurred_at), "known_at": to_iso(self.known_at)}


@dataclass(frozen=True)
class Proof:
    """The evidence of an act: its grade, A to D, and the elements of the bundle that it lacks."""

    grade: str
    missing: tuple[str, ...]

    def sentence(self) -> str:
        """Return the proof in a few words."""
        return f"proof {self.grade}" + (f", lacks {', '.join(self.missing)}" if self.missing else "")


@dataclass(frozen=True)
class Ground:
    """A rule that applied, and what it rests on: delivered lines, or facts of the ledger."""

    rule: SpokenRule
    evidence: tuple[EvidenceLine, ...]
    facts: tuple[LedgerFact, ...]

    def to_json(self) -> dict[str, object]:
        """Return the rule with source, effect, span and evidence."""
        return {
            "code": self.rule.code,
            "rule": self.rule.rule_id,
            "scope": "contact" if self.rule.delivery_id is None else "act",
            "effect": self.rule.effect.value,
            "sentence": self.rule.sentence,
            "source": self.rule.source,
            "holds_from": _iso(self.rule.holds_from),
            "holds_until": _iso(self.rule.holds_until),
            "evidence": [line.to_json() for line in self.evidence],
            "facts": [fact.to_json() for fact in self.facts],
        }


@dataclass(frozen=True)
class JudgedUse:
    """The whole answer: decision and verdict by the law of `use.moment` and the knowledge of `use.known_by`.

    `number` is None where a contact was asked for by a message, not by its number.
    """

    number: str | None = field(repr=False)
    base_version: str
    use: Use
    is_known: bool
    judgement: Judgement
    acts: tuple[ActJudgement, ...]
    proofs: Mapping[tuple[str, int], Proof]  # by delivery and line of the act
    grounds: tuple[Ground, ...]

    def proof_of(self, act: ActJudgement) -> Proof:
        """Return the evidence of an act."""
        return self.proofs[act.delivery_id, act.line_number]

    def to_json(self) -> dict[str, object]:
        """Return the answer of `filiation judge --json`."""
        return {
            "number": self.number,
            "contact_id": self.judgement.contact_id,
            "known": self.is_known,
            "base_version": self.base_version,
            "at": to_iso(self.use.moment),
            "known_at": to_iso(self.use.known_by),
            "channel": self.use.channel.value,
            "profile": self.use.profile.value,
            "sponsor": self.use.sponsor_id,
            "selected_by": list(self.use.criteria_kinds),
            "elector_on": self.use.eligible_on.isoformat() if self.use.eligible_on else None,
            "decision": self.judgement.decision.value,
            "verdict": self.judgement.verdict.value,
            "codes": list(self.judgement.codes),
            "worst_code": self.judgement.worst_code,
            "acts": [
                {
                    "delivery_id": act.delivery_id,
                    "line": act.line_number,
                    "decision": act.decision.value,
                    "verdict": act.verdict.value,
                    "codes": list(act.codes),
                    "evidence_grade": self.proof_of(act).grade,
                    "evidence_missing": list(self.proof_of(act).missing),
                    "is_best": (act.delivery_id, act.line_number)
                    == (self.judgement.best_delivery_id, self.judgement.best_line_number),
                }
                for act in self.acts
            ],
            "rules": [ground.to_json() for ground in self.grounds],
        }


def judge_number(stores: Stores, number: str, use: Use, *, reason: str) -> JudgedUse:
    """Judge one use of one number and give every rule that applied.

    The access log's row is committed before anything is read.

    Args:
        stores: the opened stores.
        number: as people write it.
        use: what is asked; its two instants may lie in the past.
        reason: why; recorded.

    Raises:
        UsageError: no reason, a text that is no phone number, a sponsor that the base does not know, or knowledge of
            the future.
        Refused: no base was published yet.
    """
    e164, contact_id = contact_of(stores, number)
    if use.known_by > stores.clock.now():
        raise UsageError("Nobody knows yet what will be known then.", "Give --known-at an instant that has passed.")
    access = Access("judge", stores.settings.actor, reason, None, subjects_of(stores, {contact_id: e164}))
    record_access(stores.engine, stores.clock, access)
    with without_pandas(), stores.warehouse.open_base_for_few() as base:
        _check_sponsor(base, use.sponsor_id)
        return replace(judge_contact(base, stores.engine, contact_id, use), number=e164)


def judge_contact(base: duckdb.DuckDBPyConnection, engine: Engine, contact_id: str, use: Use) -> JudgedUse:
    """Judge one use of one contact, for a caller who has logged the access.

    Args:
        base: the published base, open.
        engine: of the ledger, for the facts of the day.
        contact_id: whose use it is.
        use: what is asked.
    """
    _fill_question(base, engine, contact_id)
    lines = _lines(base, engine, use)
    return JudgedUse(
        number=None,
        base_version=read_manifest(base).version,
        use=use,
        is_known=bool(lines),
        judgement=judge(base, _ASKED, _LIVE, use)[0],
        acts=tuple(judge_acts(base, _ASKED, _LIVE, use)),
        proofs=_proofs(base),
        grounds=tuple(_ground(rule, lines, base, use) for rule in spoken_rules(base, _ASKED, _LIVE, use)),
    )


def _check_sponsor(base: duckdb.DuckDBPyConnection, sponsor_id: str | None) -> None:
    known = [name for (name,) in base.execute("select sponsor_id from sponsors order by 1").fetchall()]
    if sponsor_id is not None and sponsor_id not in known:
        raise UsageError(
            f"The base knows no sponsor {sponsor_id!r} (known: {', '.join(known) or 'none'}).",
            "Correct it, or add the sponsor to config/sponsors/ and run `filiation refresh`.",
        )


def _fill_question(base: duckdb.DuckDBPyConnection, engine: Engine, contact_id: str) -> None:
    base.execute(f"create or replace temp table {_ASKED} as select $id::uuid as contact_id", {"id": contact_id})
    load_live_facts(base, engine, _LIVE, [contact_id])


def _proofs(base: duckdb.DuckDBPyConnection) -> dict[tuple[str, int], Proof]:
    rows = base.execute(sql_of(__file__, "proofs"), {"asked": _ASKED}).fetchall()
    return {(delivery, line): Proof(grade, tuple(missing)) for delivery, line, grade, missing in rows}


def _lines(base: duckdb.DuckDBPyConnection, engine: Engine, use: Use) -> list[EvidenceLine]:
    """Return the delivered records about the contact that were known, the oldest first."""
    rows = base.execute(sql_of(__file__, "lines"), {"asked": _ASKED, "known_by": naive_utc(use.known_by)}).fetchall()
    with engine.connect() as ledger:
        names = file_names(ledger, {row[0] for row in rows})
    return [
        EvidenceLine(delivery, partner, names[delivery], line, says, at and aware_utc(at), aware_utc(known_at))
        for delivery, partner, line, says, at, known_at in rows
    ]


def _ground(rule: SpokenRule, lines: Sequence[EvidenceLine], base: duckdb.DuckDBPyConnection, use: Use) -> Ground:
    """Return what a rule rests on: the act's own line and what took it back, or every line of the contact."""
    if rule.code in _FROM_THE_LEDGER:
        return Ground(rule, (), _ledger_facts(base, use))
    if rule.delivery_id is None:
        return Ground(rule, tuple(lines), ())
    own = (rule.delivery_id, rule.line_number)
    mine = [
        line
        for line in lines
        if (line.delivery_id, line.line_number) == own
        or (rule.code in _TAKEN_BACK and line.at == rule.holds_from and line.says != "opt-in row")
    ]
    return Ground(rule, tuple(mine), ())


def _ledger_facts(base: duckdb.DuckDBPyConnection, use: Use) -> tuple[LedgerFact, ...]:
    rows = base.execute(
        sql_of(__file__, "ledger_facts"),
        {"live_facts": _LIVE, "moment": naive_utc(use.moment), "known_by": naive_utc(use.known_by)},
    ).fetchall()
    return tuple(LedgerFact(kind, aware_utc(at), aware_utc(known_at)) for kind, at, known_at in rows)


def describe_use(judged: JudgedUse) -> str:
    """Return the answer as text for a person: the decision, then each rule with its source and its evidence."""
    use, answer = judged.use, judged.judgement
    sponsor = f"for {use.sponsor_id}" if use.sponsor_id else "for some sponsor"
    how = f"selected by {', '.join(use.criteria_kinds)}" if use.criteria_kinds else "unselected"
    lines = [
        f"{judged.number}: {answer.decision.value} (verdict {answer.verdict.value})",
        f"  asked      {use.channel.value}, {use.profile.value}, {sponsor}, {how}",
        f"  by         the law of {to_iso(use.moment)}, what was known at {to_iso(use.known_by)},"
        f" base {judged.base_version}",
    ]
    if not judged.is_known:
        lines.append("  Unknown: no accepted row of a partner held this number by then.")
    lines += [
        f"  act        {act.delivery_id} line {act.line_number}: {act.decision.value} {', '.join(act.codes)}".rstrip()
        + f" ({judged.proof_of(act).sentence()})"
        for act in judged.acts
    ]
    for ground in judged.grounds:
        lines += _ground_lines(ground)
    if not judged.grounds:
        lines.append("  rule       none spoke")
    return "\n".join(lines)


def _ground_lines(ground: Ground) -> list[str]:
    rule = ground.rule
    whose = "contact" if rule.delivery_id is None else f"act {rule.delivery_id} line {rule.line_number}"
    lines = [f"  rule       {rule.code} ({rule.rule_id}): {rule.effect.value} of {whose}"]
    lines += textwrap.wrap(
        f"{rule.sentence} Source: {rule.source}.", 110, initial_indent=" " * 13, subsequent_indent=" " * 13
    )
    lines.append(f"             holds from {_iso(rule.holds_from) or 'ever'} to {_iso(rule.holds_until) or 'open'}")
    lines += [
        f"             evidence {line.delivery_id} line {line.line_number} ({line.partner_id}, {line.file_name}):"
        f" {line.says}, {_iso(line.at) or 'no instant'}"
        for line in ground.evidence
    ]
    return lines + [
        f"             ledger: {fact.kind} of {to_iso(fact.occurred_at)}, known {to_iso(fact.known_at)}"
        for fact in ground.facts
    ]


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else to_iso(instant)
