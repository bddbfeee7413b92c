"""Suppliers at an instant: proofs, audits and when the next is due, contract, sensitivity, acts that are held.

Everything is read from the published base, from the dated findings that judge a use. How the page looks
belongs to `pages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import duckdb

from pages.page import render_page
from pages.plots import Plot, Series, bars
from stores.sql_files import sql_of
from terms.clock import naive_utc


class AuditState(StrEnum):
    """The state of a form version in the audit calendar."""

    STOPPED = "stopped"
    RETIRED = "retired"
    AUDITED = "audited"
    OVERDUE = "overdue"
    NEVER = "never audited"


@dataclass(frozen=True)
class FormCalendar:
    """One form version: its last audit (its own or of the whole partner), the first day too late, the acts by it.

    `due_on` is None where no further audit is due: a retired or stopped form, or one that was never audited.
    """

    form_version: str
    state: AuditState
    last_audited_on: date | None
    due_on: date | None
    acts: int


@dataclass(frozen=True)
class AuditFinding:
    """What an audit found that was not compliant."""

    on: date
    form_version: str
    auditor: str
    finding: str


class _ActCounts(NamedTuple):
    """Acts of a partner, and how many of them are held or prove themselves."""

    acts: int
    complete_proofs: int
    held_for_audit: int
    held_for_contract: int


_NO_ACTS = _ActCounts(0, 0, 0, 0)


@dataclass(frozen=True)
class Supplier:
    """One partner: counts are of acts known at the instant; facts of the dossier are None where there is no dossier."""

    partner_id: str
    legal_name: str | None
    sensitivity: str | None
    collected_directly: bool | None
    contract_ends_on: date | None
    is_contract_over: bool
    acts: int
    complete_proofs: int
    held_for_audit: int
    held_for_contract: int
    contradicted_notices: int
    complete_bundles: int
    bundle_missing: Mapping[str, int]
    forms: tuple[FormCalendar, ...]
    audit_findings: tuple[AuditFinding, ...]

    @property
    def proof_share(self) -> float | None:
        """Return the share of acts whose proof is complete, or None without acts."""
        return self.complete_proofs / self.acts if self.acts else None

    @property
    def bundle_share(self) -> float | None:
        """Return the share of acts whose proof bundle lacks nothing, or None without acts."""
        return self.complete_bundles / self.acts if self.acts else None

    @property
    def next_due_on(self) -> date | None:
        """Return the day on which the next audit of one of its forms becomes too late, or None if none is due."""
        return min((form.due_on for form in self.forms if form.due_on is not None), default=None)

    @property
    def overdue_forms(self) -> int:
        """Return how many forms lack a valid audit now."""
        return sum(form.state in (AuditState.OVERDUE, AuditState.NEVER) for form in self.forms)

    def to_json(self) -> dict[str, object]:
        """Return the supplier as it is printed."""
        return {
            **asdict(self),
            "proof_share": self.proof_share,
            "bundle_share": self.bundle_share,
            "next_due_on": self.next_due_on,
        }


@dataclass(frozen=True)
class SuppliersPage:
    """What the page `suppliers.html` shows."""

    at: datetime
    suppliers: tuple[Supplier, ...]
    calendar: tuple[tuple[Supplier, FormCalendar], ...]
    proofs: object
    held: object


def read_suppliers(base: duckdb.DuckDBPyConnection, at: datetime) -> tuple[Supplier, ...]:
    """Return every partner that has a dossier or acts, in order of its id, by the facts and the knowledge of an instant.

    Args:
        base: the published base.
        at: the instant, aware.
    """
    bound = {"at": naive_utc(at)}
    forms: dict[str, list[FormCalendar]] = {}
    for partner, version, state, audited_on, due_on, acts in _rows(base, sql_of(__file__, "forms"), bound):
        forms.setdefault(partner, []).append(FormCalendar(version, AuditState(state), audited_on, due_on, acts))
    findings: dict[str, list[AuditFinding]] = {}
    for partner, *found in _rows(base, sql_of(__file__, "audit_findings"), bound):
        findings.setdefault(partner, []).append(AuditFinding(*found))
    acts = {partner: _ActCounts(*counts) for partner, *counts in _rows(base, sql_of(__file__, "acts"), bound)}
    contradictions = dict(_rows(base, sql_of(__file__, "contradictions"), bound))
    bundles: dict[str, dict[str | None, int]] = {}
    for partner, element, lacking in _rows(base, sql_of(__file__, "bundles"), bound):
        bundles.setdefault(partner, {})[element] = lacking
    return tuple(
        Supplier(
            partner_id=partner,
            legal_name=legal_name,
            sensitivity=sensitivity,
            collected_directly=collected_directly,
            contract_ends_on=contract_ends_on,
            is_contract_over=is_contract_over,
            acts=acts.get(partner, _NO_ACTS).acts,
            complete_proofs=acts.get(partner, _NO_ACTS).complete_proofs,
            held_for_audit=acts.get(partner, _NO_ACTS).held_for_audit,
            held_for_contract=acts.get(partner, _NO_ACTS).held_for_contract,
            contradicted_notices=contradictions.get(partner, 0),
            complete_bundles=bundles.get(partner, {}).get(None, 0),
            bundle_missing={name: count for name, count in bundles.get(partner, {}).items() if name is not None},
            forms=tuple(forms.get(partner, ())),
            audit_findings=tuple(findings.get(partner, ())),
        )
        for (
            partner,
            legal_name,
            sensitivity,
            collected_directly,
            contract_ends_on,
            is_contract_over,
        ) in _rows(base, sql_of(__file__, "partners"), bound)
    )


def suppliers_page(suppliers: Sequence[Supplier], at: datetime) -> str:
    """Return the page of all suppliers for a person: what is held and why, which audit is due when."""
    calendar = [(one, form) for one in suppliers for form in one.forms if form.state is not AuditState.RETIRED]
    # first what is late already, then what is due, by date; last what needs nothing
    calendar.sort(key=lambda pair: (_urgency(pair[1]), pair[1].due_on or date.max, pair[0].partner_id))
    page = SuppliersPage(at, tuple(suppliers), tuple(calendar), _proof_plot(suppliers), _held_plot(suppliers))
    return render_page("suppliers.html", page)


def _urgency(form: FormCalendar) -> int:
    return (AuditState.NEVER, AuditState.OVERDUE, AuditState.AUDITED, AuditState.STOPPED).index(form.state)


def _proof_plot(suppliers: Sequence[Supplier]) -> object:
    complete = [one.complete_proofs for one in suppliers]
    lacking = [one.acts - one.complete_proofs for one in suppliers]
    return _bars("Acts by completeness of proof", suppliers, [Series("complete", complete), Series("lacking", lacking)])


def _held_plot(suppliers: Sequence[Supplier]) -> object:
    series = [
        Series("audit overdue", [one.held_for_audit for one in suppliers]),
        Series("after the contract", [one.held_for_contract for one in suppliers]),
    ]
    return _bars("Acts that are held", suppliers, series)


def _bars(description: str, suppliers: Sequence[Supplier], series: Sequence[Series]) -> object:
    labels = [one.partner_id for one in suppliers]
    return bars(Plot(description, labels, series, "acts", height_px=60 + 36 * max(1, len(labels))))


def _rows(base: duckdb.DuckDBPyConnection, sql: str, bound: dict[str, datetime]) -> list[tuple[Any, ...]]:
    return base.execute(sql, bound).fetchall()
