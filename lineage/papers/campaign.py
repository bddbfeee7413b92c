"""The dossier of a campaign for an audit: order, criteria, bases, rules, approvals, volumes; no number and no contact.

It gives exact counts of people to an auditor; the report for the sponsor belongs to `sends.reporting.report`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection, Row, func, select

from consent.judgement.asking import judge
from consent.judgement.live_facts import load_live_facts
from lineage.lookups.trace import PlanTrace, trace_plan
from lineage.papers.background import Background, SentText, read_background, sent_texts
from lineage.papers.issuing import Draft, Issued, PaperKind, issue_papers
from lineage.papers.sources import UNKNOWN, reason_grid
from lineage.papers.words import BASES, CHANNELS, PLAN_STATES, PROFILES, STATES
from pages.french import count_french, euros_french, instant_french
from pages.paper import Block, Facts, Grid, Heading, Points, Quote, Section, Text
from sealing.seals.messages import SealedBatch, batches_of
from sends.ledger.states import State
from sends.plans.approval import context_of
from sends.plans.judging import use_of
from stores.all_stores import Stores
from stores.engine import without_pandas
from stores.operations import message_tables, plan_tables
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms.clock import from_micros
from terms.reasons import Channel, Profile

_ASKED, _LIVE = "campaign_asked", "campaign_live"


@dataclass(frozen=True)
class Basis:
    """What the use of a contact rests on: the partner of its best act, the text shown there, and the form's version."""

    partner_id: str | None
    notice_id: str | None
    form_version: str | None


@dataclass(frozen=True)
class Priced:
    """What a plan costs (cents), and when it was sent (None: no message has left yet)."""

    kind: str
    channel: Channel
    profile: Profile
    price_list: str
    unit_price_cents: int
    total_cents: int
    excluded: Mapping[str, int]
    approved_sha256: str | None
    first_handed_over_at: datetime | None
    last_handed_over_at: datetime | None
    last_delivered_at: datetime | None


@dataclass(frozen=True)
class CampaignTold:
    """Everything that the dossier is drafted from."""

    trace: PlanTrace
    priced: Priced
    text: SentText
    bases: Mapping[Basis, int]
    notices: Mapping[tuple[str, str], str]
    batches: tuple[SealedBatch, ...]
    background: Background


def campaign_dossier(stores: Stores, plan_id: str, out: Path) -> Issued:
    """Issue the dossier of a plan in its present state.

    Args:
        stores: the opened stores.
        plan_id: of the plan.
        out: file of the paper, `.html` or `.pdf`.

    Raises:
        UsageError: no such plan, or a file name that cannot be taken.
        Refused: no base is published.
    """
    return issue_papers(stores, [(campaign_draft(tell_campaign(stores, plan_id)), out)])[0]


def tell_campaign(stores: Stores, plan_id: str) -> CampaignTold:
    """Return what the dossier of a plan is drafted from.

    Its contacts are judged again by the law at the window's begin and by what was known at planning.
    """
    trace = trace_plan(stores, plan_id)
    with stores.engine.connect() as reading:
        priced, batches = _priced(reading, plan_id), tuple(batches_of(reading, plan_id))
        text = sent_texts(reading, stores.settings.config, [plan_id])[plan_id]
        contacts: list[str] = list(
            reading.execute(
                select(message_tables.messages.c.contact_id).where(message_tables.messages.c.plan_id == plan_id)
            ).scalars()
        )
    with without_pandas(), stores.warehouse.open_base() as base:
        background = read_background(base, read_manifest(base).version, stores.clock.now())
        bases = _bases(stores, base, trace, contacts)
        notices = _notices(base)
    return CampaignTold(trace, priced, text, bases, notices, batches, background)


def campaign_draft(told: CampaignTold) -> Draft:
    """Return what the dossier says."""
    plan = told.trace.plan
    return Draft(
        kind=PaperKind.CAMPAIGN,
        title="Dossier de campagne",
        about=f"{plan.campaign_id}, plan {plan.plan_id}",
        sections=(
            Section("order", "La commande", (_order_facts(told),)),
            Section("message", "Le message", tuple(_message(told))),
            Section("criteria", "Critères de choix", (Points(told.text.criteria), Text(_NO_PERSONAL_SCORE))),
            Section("bases", "Bases légales, par source", tuple(_basis_blocks(told))),
            Section("excluded", "Personnes écartées, et pourquoi", tuple(_excluded(told))),
            Section("rules", "Règles appliquées et décisions humaines", tuple(_rules(told))),
            Section("volumes", "Volumes", tuple(_volumes(told))),
            Section("proof", "Preuves", tuple(_proof(told))),
        ),
        closing="Ce dossier est destiné au contrôle. Il ne contient ni numéro ni identifiant de personne.",
        rests_on={"base": told.background.base_version, "plan": plan.plan_id},
    )


def _order_facts(told: CampaignTold) -> Facts:
    plan, priced, trace = told.trace.plan, told.priced, told.trace
    kind = "message choisi par critères" if priced.kind == "selected" else "première demande d'accord, sans choix"
    return Facts(
        (
            ("Pour le compte de", told.background.sponsor_name(plan.sponsor_id)),
            ("Scrutin", f"{plan.election}, tour {plan.round}"),
            ("Nature", kind),
            ("Moyen, lecture du droit", f"{CHANNELS[priced.channel]}, {PROFILES[priced.profile]}"),
            ("Opérateur d'envoi", plan.gateway),
            ("Fenêtre d'envoi", f"du {instant_french(plan.opens_at)} au {instant_french(plan.closes_at)}"),
            ("Prévu", f"{count_french(plan.contacts, 'message', 'messages')}, {_bureaux(trace)}"),
            ("Prix", f"{euros_french(priced.unit_price_cents)} le message, {euros_french(priced.total_cents)} en tout"),
            ("Tarif public", priced.price_list),
            ("Empreinte de la commande", plan.order_sha256),
            ("État du plan", PLAN_STATES[plan.state]),
        )
    )


def _bureaux(trace: PlanTrace) -> str:
    return count_french(len(trace.bureaux), "bureau de vote réservé", "bureaux de vote réservés")


def _message(told: CampaignTold) -> Iterator[Block]:
    yield Facts(
        (("Expéditeur affiché", told.text.sender or UNKNOWN), ("Empreinte du message", told.trace.plan.message_sha256))
    )
    yield Quote(told.text.text)
    if not told.text.is_proved:
        yield Text("Ce texte est celui de la commande ; la forme finale n'est plus connue que par son empreinte.")


def _basis_blocks(told: CampaignTold) -> Iterator[Block]:
    bases = sorted(told.bases.items(), key=lambda pair: -pair[1])
    rows = [_basis_row(told.background, basis, count) for basis, count in bases]
    columns = ("Source", "Base légale", "Collecte", "Texte n°", "Formulaire", "Personnes")
    yield Grid(columns, tuple(rows), ("Personnes",))
    yield Text("Chaque personne compte une fois, par l'accord qui la rend joignable.")
    shown = {(basis.partner_id, basis.notice_id) for basis in told.bases if basis.partner_id and basis.notice_id}
    for partner_id, notice_id in sorted(shown):
        text = told.notices.get((str(partner_id), str(notice_id)))
        if text is not None:
            yield Heading(f"Texte n° {notice_id}, {told.background.partner(str(partner_id)).legal_name}")
            yield Quote(text)


def _basis_row(background: Background, basis: Basis, count: int) -> tuple[str, ...]:
    partner = background.partner(basis.partner_id) if basis.partner_id else None
    legal = BASES[partner.legal_basis] if partner and partner.legal_basis else UNKNOWN
    name = partner.legal_name if partner else "aucun accord retrouvé"
    direct = "directe" if partner and partner.collected_directly else "par un partenaire"
    return name, legal, direct, basis.notice_id or UNKNOWN, basis.form_version or UNKNOWN, count_french(count)


def _excluded(told: CampaignTold) -> Iterator[Block]:
    excluded = told.priced.excluded
    if not excluded:
        yield Text("Personne n'a été écarté à la planification.")
        return
    yield Text("À la planification, chaque personne une fois, sous son motif le plus grave :")
    rows = sorted(excluded.items(), key=lambda pair: -pair[1])
    yield Grid(("Motif", "Personnes"), tuple((code, count_french(count)) for code, count in rows), ("Personnes",))
    yield Text("Ce que ces motifs disent à la personne :")
    yield from reason_grid(excluded, told.background)


def _rules(told: CampaignTold) -> Iterator[Block]:
    trace, plan = told.trace, told.trace.plan
    yield Facts(
        (
            ("Planifié par", f"{plan.planned_by}, le {instant_french(from_micros(plan.planned_at))}"),
            ("Approuvé par", _approval(trace)),
            ("Empreinte de ce qui fut approuvé", told.priced.approved_sha256 or UNKNOWN),
            ("Base de planification", plan.base_version),
            ("Empreinte des règles", plan.rule_set_sha256),
        )
    )
    findings = json.loads(plan.findings_json)
    if findings:
        rows = tuple((item["code"], item["decision"], item["rule"], item["message"]) for item in findings)
        yield Text("Ce que les règles ont dit de la commande (en anglais, langue de travail) :")
        yield Grid(("Code", "Effet", "Règle", "Constat"), rows)
    if trace.lifts:
        yield Text("Réserves levées par une personne, qui en répond :")
        yield Grid(("Code", "Par", "Pourquoi"), trace.lifts)
    if not findings and not trace.lifts:
        yield Text("Les règles n'ont rien relevé, et aucune réserve n'a dû être levée.")


def _approval(trace: PlanTrace) -> str:
    if trace.approved_by is None or trace.approved_at is None:
        return "pas approuvé"
    return f"{trace.approved_by}, le {instant_french(trace.approved_at)}"


def _volumes(told: CampaignTold) -> Iterator[Block]:
    states = tuple((STATES[State(name)], count_french(count)) for name, count in told.trace.states.items() if count)
    yield Grid(("État", "Messages"), (*states, ("total", count_french(told.trace.plan.contacts))), ("Messages",))
    priced = told.priced
    instants = (
        ("Première remise à l'opérateur", priced.first_handed_over_at),
        ("Dernière remise à l'opérateur", priced.last_handed_over_at),
        ("Dernière réception par un téléphone", priced.last_delivered_at),
    )
    yield Facts(tuple((name, instant_french(at) if at else "aucune") for name, at in instants))


def _proof(told: CampaignTold) -> Iterator[Block]:
    yield Text(
        "Chaque message est scellé par lots dans le journal : la racine d'un lot engage l'état de tous ses messages."
        " `filiation trace send` remonte de l'un d'eux à son accord, et en donne la preuve."
    )
    rows = tuple((str(batch.batch), count_french(batch.messages), batch.root) for batch in told.batches)
    yield (
        Grid(("Lot", "Messages", "Racine (SHA-256)"), rows, ("Messages",))
        if rows
        else Text("Rien n'est scellé encore.")
    )
    if told.trace.bureaux:
        yield Text("Bureaux de vote réservés : " + ", ".join(told.trace.bureaux))


def _priced(reading: Connection, plan_id: str) -> Priced:
    plans, messages, approvals = plan_tables.plans, message_tables.messages, plan_tables.approvals
    row: Row[Any] = reading.execute(select(plans).where(plans.c.plan_id == plan_id)).one()
    delivered = func.max(messages.c.state_at).filter(messages.c.state == State.DELIVERED.value)
    left: Row[Any] = reading.execute(
        select(
            func.min(messages.c.handed_over_at).label("first"),
            func.max(messages.c.handed_over_at).label("last"),
            delivered.label("delivered"),
        ).where(messages.c.plan_id == plan_id)
    ).one()
    approved = select(approvals.c.approved_sha256).where(approvals.c.plan_id == plan_id)
    return Priced(
        kind=row.kind,
        channel=Channel(row.channel),
        profile=Profile(row.profile),
        price_list=row.price_list,
        unit_price_cents=row.unit_price_cents,
        total_cents=row.total_cents,
        excluded=json.loads(row.excluded_json),
        approved_sha256=reading.execute(approved).scalar(),
        first_handed_over_at=_instant(left.first),
        last_handed_over_at=_instant(left.last),
        last_delivered_at=_instant(left.delivered),
    )


def _bases(stores: Stores, base: duckdb.DuckDBPyConnection, trace: PlanTrace, contacts: list[str]) -> Counter[Basis]:
    """Count the plan's contacts by what their best act rests on."""
    plan = trace.plan
    use = use_of(stores, context_of(stores, plan), plan.opens_at, from_micros(plan.planned_at))
    base.execute(f"create or replace temp table {_ASKED} (contact_id uuid)")
    base.execute(f"insert into {_ASKED} select unnest($ids::uuid[])", {"ids": contacts})
    load_live_facts(base, stores.engine, _LIVE, contacts)
    rows = base.execute(sql_of(__file__, "rests_on"), {"asked": _ASKED}).fetchall()
    rests_on = {(delivery, line): Basis(*cells) for delivery, line, *cells in rows}
    found: Counter[Basis] = Counter()
    for answer in judge(base, _ASKED, _LIVE, use):
        best = (answer.best_delivery_id, answer.best_line_number)
        found[rests_on.get(best, Basis(None, None, None))] += 1
    return found


def _notices(base: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    rows = base.execute(sql_of(__file__, "notices")).fetchall()
    return {(partner_id, notice_id): text for partner_id, notice_id, text in rows}


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


_NO_PERSONAL_SCORE = (
    "Les résultats de vote et les revenus ne choisissent que des lieux entiers ; aucune personne n'a d'opinion, de score ni"
    " de profil dans la base. Exclure est aussi choisir : les exclusions figurent ci-dessus."
)
