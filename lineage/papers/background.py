"""What papers say beside a person's own rows: partners and their forms, sentences of rules, sponsors, texts sent.

It is read from the published base, the ledger and the configuration; nothing here reads a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection, select

from lineage.papers.words import criteria_words
from sends.gateways.settings import read_gateway
from sends.orders.order import Order
from sends.orders.order_file import parse_order
from sends.rules.message import final_text
from stores.operations import plan_tables
from stores.sql_files import sql_of
from terms.clock import aware_utc, naive_utc
from terms.errors import UsageError
from terms.identifiers import digest


@dataclass(frozen=True)
class Form:
    """A version of a partner's form: where and when it was online, how it asked, and its audits (day, by whom, result)."""

    url: str
    first_seen_at: datetime
    last_seen_at: datetime | None
    stopped_at: datetime | None
    box: str
    act: str
    is_refusal_as_easy: bool
    is_bundled: bool
    audits: tuple[tuple[date, str, str], ...]


@dataclass(frozen=True)
class Partner:
    """What a partner's dossier says, as known now; of a partner without dossier only the id is known."""

    partner_id: str
    legal_name: str
    legal_basis: str | None
    sensitivity: str | None
    collected_directly: bool | None
    contract: tuple[date | None, date | None]
    chain: tuple[tuple[str, str], ...]  # name, role, in order
    forms: Mapping[str, Form]


@dataclass(frozen=True)
class RuleWords:
    """A code's rule, and what it says to the person."""

    rule_id: str
    source: str
    to_person: str


@dataclass(frozen=True)
class Sponsor:
    """Who pays, by name."""

    legal_name: str
    candidate: str | None


@dataclass(frozen=True)
class Background:
    """All of it, from one base."""

    base_version: str
    partners: Mapping[str, Partner]
    rules: Mapping[str, RuleWords]
    sponsors: Mapping[str, Sponsor]

    def partner(self, partner_id: str) -> Partner:
        """Return a partner; without a dossier, its id serves as its name."""
        nothing = Partner(partner_id, partner_id, None, None, None, (None, None), (), {})
        return self.partners.get(partner_id, nothing)

    def sponsor_name(self, sponsor_id: str) -> str:
        """Return the name of the sponsor, with its candidate."""
        found = self.sponsors.get(sponsor_id)
        if found is None:
            return sponsor_id
        return f"{found.legal_name} ({found.candidate})" if found.candidate else found.legal_name


@dataclass(frozen=True)
class SentText:
    """What the messages of a plan say, the sender shown, and the criteria by which contacts were chosen.

    `is_proved`: the text has the hash that every message carries; otherwise it is the order's own.
    """

    sender: str | None
    text: str
    criteria: tuple[str, ...]
    is_proved: bool


def read_background(base: duckdb.DuckDBPyConnection, base_version: str, at: datetime) -> Background:
    """Return what the base holds of partners, rules and sponsors.

    Args:
        base: the published base, open.
        base_version: of it.
        at: instant (aware) at which it must be known and valid.
    """
    bound = {"at": naive_utc(at)}
    return Background(
        base_version=base_version,
        partners=_partners(base, bound),
        rules=_rules(base, bound),
        sponsors={row[0]: Sponsor(row[1], row[2]) for row in base.execute("from sponsors").fetchall()},
    )


def sent_texts(reading: Connection, config: Path, plan_ids: Iterable[str]) -> dict[str, SentText]:
    """Return what the messages of each plan say, from the order that the plan kept.

    Args:
        reading: the ledger.
        config: the configuration folder, for gateways.
        plan_ids: of the plans.
    """
    table = plan_tables.plans
    wanted = sorted(set(plan_ids))
    query = select(table.c.plan_id, table.c.order_json, table.c.message_sha256).where(table.c.plan_id.in_(wanted))
    return {
        row.plan_id: _sent_text(config, parse_order(row.order_json, row.plan_id), row.message_sha256)
        for row in reading.execute(query)
    }


def _sent_text(config: Path, order: Order, message_sha256: str) -> SentText:
    sender, written = order.message.sender, order.message.text or ""
    texts = [written]
    try:
        texts.insert(0, final_text(written, read_gateway(config / "gateways", order.gateway)))
    except UsageError:  # the gateway's file is gone since: the order's own text is what is left
        pass
    for text in texts:
        if digest(sender or "", text) == message_sha256:
            return SentText(sender, text, criteria_words(order), is_proved=True)
    return SentText(sender, written, criteria_words(order), is_proved=False)


def _partners(base: duckdb.DuckDBPyConnection, bound: Mapping[str, Any]) -> dict[str, Partner]:
    chains: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for partner_id, name, role in base.execute(sql_of(__file__, "chains"), bound).fetchall():
        chains[partner_id].append((name, role))
    forms = _forms(base, bound)
    rows = base.execute(
        sql_of(__file__, "partners"),
        bound,
    ).fetchall()
    return {
        partner_id: Partner(
            partner_id=partner_id,
            legal_name=legal_name,
            legal_basis=legal_basis,
            sensitivity=sensitivity,
            collected_directly=direct,
            contract=(signed_on, ends_on),
            chain=tuple(chains[partner_id]),
            forms=forms.get(partner_id, {}),
        )
        for partner_id, legal_name, legal_basis, sensitivity, direct, signed_on, ends_on in rows
    }


def _forms(base: duckdb.DuckDBPyConnection, bound: Mapping[str, Any]) -> dict[str, dict[str, Form]]:
    audits: dict[tuple[str, str], list[tuple[date, str, str]]] = defaultdict(list)
    for partner_id, version, *audit in base.execute(
        sql_of(__file__, "audits"),
        bound,
    ).fetchall():
        audits[partner_id, version].append((audit[0], audit[1], audit[2]))
    found: dict[str, dict[str, Form]] = defaultdict(dict)
    for partner_id, version, url, first, last, stopped, *asked in base.execute(
        sql_of(__file__, "forms"),
        bound,
    ).fetchall():
        box, act, is_refusal_as_easy, is_bundled = asked
        found[partner_id][version] = Form(
            url=url,
            first_seen_at=aware_utc(first),
            last_seen_at=aware_utc(last) if last else None,
            stopped_at=aware_utc(stopped) if stopped else None,
            box=box,
            act=act,
            is_refusal_as_easy=is_refusal_as_easy,
            is_bundled=is_bundled,
            audits=tuple(sorted({*audits[partner_id, version], *audits[partner_id, "*"]})),
        )
    return found


def _rules(base: duckdb.DuckDBPyConnection, bound: Mapping[str, Any]) -> dict[str, RuleWords]:
    rows = base.execute(
        sql_of(__file__, "rules"),
        bound,
    ).fetchall()
    return {code: RuleWords(rule_id, source, to_person) for code, rule_id, source, to_person in rows}
