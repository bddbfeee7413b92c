"""The transparency notice of a plan and its label (TTPA articles 11 and 12): made from the order, versioned and kept.

The 16 items are those of rules page §4.2, in French, the language of the ad. Whether it is complete enough to send is judged by
`sends.rules.controller_documents`; from when on it may be deleted, by `sends.rules.retention`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from consent.dossiers.controller import Controller, read_controller
from sends.ledger.messages import count_states
from sends.ledger.plan_rows import PlanRow, find_plan
from sends.orders.audience_criteria import Audience, CriterionKind
from sends.orders.order_file import parse_order
from sends.plans.status import count_handed_over
from sends.rules.context import Context, read_context
from sends.rules.controller_documents import (
    TRANSPARENCY_NOTICE_ITEMS,
    TransparencyNoticeFacts,
    transparency_notice_findings,
)
from sends.rules.order_rules import FLOOR
from sends.rules.retention import deletable_on
from sends.rules.rulebook import OrderFinding
from sends.rules.small_counts import told_count
from stores.all_stores import Stores
from stores.operations import journal
from stores.operations.database import transaction
from stores.operations.plan_tables import plans, transparency_notices
from terms.canonical_json import canonical_json
from terms.clock import from_micros, to_iso, to_micros
from terms.identifiers import digest
from terms.paris import day_in_paris, in_paris, midnight_in_paris

_LINK = re.compile(r"\bavis\s*:?\s*(https?://\S+)", re.IGNORECASE)
_ORIGIN = re.compile(r"\borigine\s*:?\s*(https?://\S+)", re.IGNORECASE)

_TITLES = (
    "Parraineur",
    "Entité qui contrôle en dernier ressort le parraineur",
    "Entité qui paie",
    "Période de diffusion",
    "Montants et avantages pour cette annonce",
    "Montants et avantages pour la campagne de publicité",
    "Origine des fonds",
    "Méthode de calcul",
    "Scrutin",
    "Informations officielles sur la participation au scrutin",
    "Répertoire européen",
    "Signaler cette annonce",
    "Suspension ou retrait antérieurs",
    "Ciblage ou diffusion d'annonces au moyen de données personnelles",
    "Détails du ciblage et de la diffusion",
    "Exercer ses droits sur ses données",
)

_KINDS = {
    CriterionKind.ADDRESS: "l'adresse (commune, bureau de vote ou IRIS)",
    CriterionKind.AGE: "l'âge",
    CriterionKind.SEX: "le sexe",
    CriterionKind.AREA_RESULTS: "les résultats électoraux de bureaux de vote entiers",
    CriterionKind.AREA_INCOME: "le revenu médian d'IRIS entiers",
}


@dataclass(frozen=True)
class Item:
    """One item of a transparency notice; no lines = nobody told it."""

    number: int
    title: str
    lines: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return it as it is kept."""
        return {"number": self.number, "title": self.title, "lines": list(self.lines)}


@dataclass(frozen=True)
class TransparencyNotice:
    """One version of a plan's transparency notice with its label, as it is kept.

    `version` counts from 1; `kept_until` is the first day (Paris) on which it may be deleted.
    """

    plan_id: str
    campaign_id: str
    sponsor: str
    election: str
    label: str
    items: tuple[Item, ...]
    version: int
    made_at: datetime
    kept_until: date

    @property
    def missing(self) -> tuple[int, ...]:
        """Return the items that nobody told."""
        return tuple(item.number for item in self.items if not item.lines)

    def content(self) -> dict[str, object]:
        """Return what makes a version: everything but its number and its days."""
        return {
            "plan_id": self.plan_id,
            "campaign_id": self.campaign_id,
            "language": "fr",
            "sponsor": self.sponsor,
            "election": self.election,
            "label": self.label,
            "items": [item.to_json() for item in self.items],
        }

    def to_json(self) -> dict[str, object]:
        """Return the transparency notice as the command prints it."""
        return self.content() | {
            "missing": list(self.missing),
            "version": self.version,
            "made_at": to_iso(self.made_at),
            "kept_until": self.kept_until.isoformat(),
        }

    def text(self) -> str:
        """Return the transparency notice as text."""
        lines = [self.label, ""]
        for item in self.items:
            lines.append(f"{item.number}. {item.title} : {' '.join(item.lines) or 'non renseigné'}")
        return "\n".join(lines)


def told_items(context: Context, controller: Controller) -> frozenset[int]:
    """Return the numbers of the items that are told: some by the sponsor, some by us as the controller."""
    untold: set[int] = set()
    if context.sponsor.identity is None:
        untold |= {1, 7}
    if controller.contacts is None:
        untold |= {12, 16}
    return TRANSPARENCY_NOTICE_ITEMS - untold


def untold_findings(stores: Stores, context: Context, moment: datetime) -> tuple[OrderFinding, ...]:
    """Return NOTICE_INCOMPLETE where people would get a message whose transparency notice lacks items (R-43).

    A local simulator reaches nobody: nothing is published to anybody, and a sponsor may be tried out with its name alone.

    Args:
        stores: the opened stores.
        context: the order, with its sponsor.
        moment: the instant (aware) of the first message.
    """
    if context.gateway.is_local_simulator:
        return ()
    items = told_items(context, read_controller(stores.settings.config))
    return transparency_notice_findings(TransparencyNoticeFacts(moment, items), moment, context.rules)


def renew_transparency_notice(stores: Stores, plan_id: str) -> TransparencyNotice:
    """Make the transparency notice of a plan from what is known now; where it differs from the last version, keep it as the next.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
    """
    with transaction(stores.engine) as work:
        order = parse_order(find_plan(work, plan_id).order_json, f"the order of plan {plan_id}")
        context = read_context(stores.settings.config, order)
        return publish_transparency_notice(work, stores, plan_id, context, stores.clock.now())


def publish_transparency_notice(
    work: Connection, stores: Stores, plan_id: str, context: Context, now: datetime
) -> TransparencyNotice:
    """Do what `renew_transparency_notice` does in the caller's transaction; the first version is written with the plan.

    Args:
        work: the caller's transaction.
        stores: the opened stores.
        plan_id: a plan that is written already.
        context: its order, with what it refers to.
        now: the instant (aware) of making it.
    """
    plan = find_plan(work, plan_id)
    made = _make(work, plan, context, read_controller(stores.settings.config), now)
    content = canonical_json(made.content())
    table = transparency_notices
    last = work.execute(
        select(table).where(table.c.plan_id == plan_id).order_by(table.c.version.desc()).limit(1)
    ).first()
    if last is not None and last.sha256 == digest(content):
        return _kept(last.notice_json, last.version, last.made_at, last.kept_until)
    version = 1 if last is None else last.version + 1
    kept_until = midnight_in_paris(made.kept_until)
    row = {
        "plan_id": plan_id,
        "version": version,
        "notice_json": content,
        "notice_text": made.text(),
        "sha256": digest(content),
        "made_at": to_micros(now),
        "kept_until": to_micros(kept_until),
    }
    work.execute(insert(table).values(**row))
    told = {name: row[name] for name in ("version", "sha256", "kept_until")}
    journal.append(work, now, journal.Entry.PAPER, plan_id, {"paper": "transparency_notice", **told})
    return _kept(content, version, to_micros(now), to_micros(kept_until))


def kept_transparency_notices(work: Connection, plan_id: str) -> tuple[TransparencyNotice, ...]:
    """Return every version of a plan's transparency notice, the oldest first."""
    table = transparency_notices
    rows = work.execute(select(table).where(table.c.plan_id == plan_id).order_by(table.c.version))
    return tuple(_kept(row.notice_json, row.version, row.made_at, row.kept_until) for row in rows)


def label_of(context: Context) -> str:
    """Return the label of the ad (rules page §4.2): political, sponsor, election, targeting, link to the transparency notice."""
    link = _link(_LINK, context)
    targeting = "oui" if context.order.is_selection else "non"
    told = f"Pub. politique. Parraineur: {context.sponsor.legal_name}. Election: {context.election.label}."
    return f"{told} Ciblage: {targeting}." + (f" Avis: {link}" if link else "")


def _make(
    work: Connection, plan: PlanRow, context: Context, controller: Controller, now: datetime
) -> TransparencyNotice:
    answers = (
        *_sponsor_items(context),
        *_money_items(work, plan, context),
        *_ballot_items(work, plan, context, controller),
        *_targeting_items(work, plan, context, controller),
    )
    items = tuple(
        Item(number, title, tuple(lines)) for number, (title, lines) in enumerate(zip(_TITLES, answers, strict=True), 1)
    )
    return TransparencyNotice(
        plan_id=plan.plan_id,
        campaign_id=plan.campaign_id,
        sponsor=context.sponsor.legal_name,
        election=f"{context.election.label}, tour {plan.round}",
        label=label_of(context),
        items=items,
        version=0,
        made_at=now,
        kept_until=deletable_on(day_in_paris(plan.closes_at), context.rules),
    )


def _kept(content: str, version: int, made_at: int, kept_until: int) -> TransparencyNotice:
    told = json.loads(content)
    return TransparencyNotice(
        plan_id=told["plan_id"],
        campaign_id=told["campaign_id"],
        sponsor=told["sponsor"],
        election=told["election"],
        label=told["label"],
        items=tuple(Item(item["number"], item["title"], tuple(item["lines"])) for item in told["items"]),
        version=version,
        made_at=from_micros(made_at),
        kept_until=day_in_paris(from_micros(kept_until)),
    )


def _sponsor_items(context: Context) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]:
    """Return items 1 to 4."""
    sponsor, order = context.sponsor, context.order
    who: list[str] = []
    if sponsor.identity is not None:
        who = [
            f"{sponsor.legal_name}{f', candidat : {sponsor.candidate}' if sponsor.candidate else ''}.",
            f"Courriel : {sponsor.identity.email}. Adresse : {sponsor.identity.postal_address}.",
            f"Établi en {sponsor.established_in}. Immatriculation : {sponsor.identity.registration}.",
        ]
    payer = sponsor.payer
    return (
        who,
        [f"Contrôle exercé depuis {sponsor.controlled_from} ; pas d'autre entité déclarée."],
        [f"{payer.name} ({payer.kind.value}), établi en {payer.established_in}."],
        [f"Du {_instant(order.window_from)} au {_instant(order.window_to)} (heure de Paris)."],
    )


def _money_items(
    work: Connection, plan: PlanRow, context: Context
) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]:
    """Return items 5 to 8; amounts are those of the plans that were not released."""
    of_campaign = (plans.c.sponsor_id == plan.sponsor_id) & (plans.c.election == plan.election)
    living = of_campaign & (plans.c.state != "released")
    price = select(plans.c.total_cents, plans.c.unit_price_cents, plans.c.price_list)
    row = work.execute(price.where(plans.c.plan_id == plan.plan_id)).one()
    # PostgreSQL answers the sum of 64-bit numbers as a decimal
    total = int(work.execute(select(func.coalesce(func.sum(plans.c.total_cents), 0)).where(living)).scalar_one())
    identity = context.sponsor.identity
    return (
        [f"{_euros(row.total_cents)} au plus, aucun autre avantage."],
        [f"{_euros(total)} pour les messages commandés par ce parraineur pour ce scrutin."],
        [] if identity is None else [identity.funds],
        [
            f"{_euros(row.unit_price_cents)} par message remis, liste de prix publique du {row.price_list},"
            " la même pour tous les parraineurs."
        ],
    )


def _ballot_items(
    work: Connection, plan: PlanRow, context: Context, controller: Controller
) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str], Sequence[str]]:
    """Return items 9 to 13."""
    stopped = select(plans.c.plan_id).where(plans.c.campaign_id == plan.campaign_id, plans.c.state == "stopped")
    ended: Sequence[str] = work.execute(stopped.order_by(plans.c.plan_id)).scalars().all()
    on = context.election.rounds[plan.round].polling_on
    contacts = controller.contacts
    return (
        [f"{context.election.label}, tour {plan.round}, vote du {on:%d/%m/%Y}."],
        ["https://www.elections.interieur.gouv.fr"],
        ["L'annonce n'est pas encore versée au répertoire européen (article 13)."],
        [] if contacts is None else [f"Écrire à {contacts.rights_contact} ; réponse sous 48 heures au dernier mois."],
        [f"Diffusion arrêtée : {', '.join(ended)}." if ended else "Aucun."],
    )


def _targeting_items(
    work: Connection, plan: PlanRow, context: Context, controller: Controller
) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Return items 14 to 16."""
    order, contacts = context.order, controller.contacts
    if not order.is_selection:
        how = ["Message non ciblé : les destinataires ne sont choisis par aucun critère."]
    else:
        kinds = "; ".join(_KINDS[kind] for kind in order.judged_kinds())
        how = [
            f"Choix selon {kinds}. {_groups(order.audience)}",
            "But : joindre les électeurs de territoires entiers ; aucun profil ni score de personne, aucun outil d'IA.",
            "Données : numéro, adresse, date de naissance et sexe, données par la personne avec son accord.",
        ]
    views = told_count(count_handed_over(count_states(work, plan.plan_id)))
    how.append(f"Messages remis : {f'moins de {FLOOR}' if views is None else views}. Interactions : non mesurées.")
    day = f"{context.controller_documents.targeting_policy_on:%d/%m/%Y}"
    how.append(f"Politique interne de ciblage du {day}, sur demande.")
    rights = []
    if contacts is not None:
        rights = [
            f"Responsable : {controller.legal_name}, {contacts.address}. Déléguée : {contacts.dpo_contact}.",
            f"Retirer son accord : STOP au {context.gateway.stop_short_code}. Autres droits : {contacts.rights_contact}.",
        ]
        if origin := _link(_ORIGIN, context):
            rights.append(f"Origine des données et information (RGPD 14) : {origin}")
    return ([f"{'Oui' if order.is_selection else 'Non'}."], how, rights)


def _groups(audience: Audience) -> str:
    """Return the groups of recipients, without counts."""
    told = []
    for name, codes in (
        ("communes", audience.communes),
        ("départements", audience.departements),
        ("bureaux de vote", audience.bureaux),
        ("IRIS", audience.iris),
    ):
        if codes:
            told.append(f"{name} : {', '.join(sorted(codes)[:20])}{' ...' if len(codes) > 20 else ''}")
    if audience.age is not None:
        told.append(f"de {audience.age.least or 18} à {audience.age.most or 'tout âge'} ans")
    if audience.sex is not None:
        told.append("femmes" if audience.sex.value == "F" else "hommes")
    return f"Groupes : {'; '.join(told)}." if told else "Groupes : tous les inscrits du territoire."


def _link(pattern: re.Pattern[str], context: Context) -> str | None:
    found = pattern.search(context.final_text)
    return found.group(1) if found else None


def _instant(instant: datetime) -> str:
    return f"{in_paris(instant):%d/%m/%Y %H:%M}"


def _euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d} €"
