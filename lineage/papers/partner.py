"""The dossier of a partner for an audit: who it is, its forms with texts and audits, its deliveries, its consents.

It holds counts and files only, no row of a person. The partner's own report on its files belongs to
`partners_ingest.reports.report`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from lineage.papers.background import Background, Form, Partner, read_background
from lineage.papers.issuing import Draft, Issued, PaperKind, issue_papers
from lineage.papers.sources import UNKNOWN
from lineage.papers.words import ACTS, BASES, BOXES, FINDINGS, PURPOSES, ROLES, channel_word, yes_no
from outlook.suppliers import Supplier, read_suppliers
from pages.french import count_french, day_french, instant_french, percent_french
from pages.paper import Block, Facts, Grid, Heading, Quote, Section, Text
from partners_ingest.intake.overview import DeliverySummary, list_deliveries
from stores.all_stores import Stores
from stores.engine import without_pandas
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms.clock import naive_utc
from terms.errors import UsageError

_OUTCOMES: Mapping[str, str] = {
    "accepted": "accepté",
    "held": "en attente",
    "refused": "refusé",
    "duplicate": "déjà reçu",
}


@dataclass(frozen=True)
class Notice:
    """A text that people were shown, and what is declared of it."""

    notice_id: str
    text: str
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class PartnerTold:
    """Everything that the dossier is drafted from; `reasons` counts quarantined records by reason."""

    partner: Partner
    supplier: Supplier
    notices: tuple[Notice, ...]
    deliveries: tuple[DeliverySummary, ...]
    reasons: Mapping[str, int]
    background: Background
    at: datetime


def partner_dossier(stores: Stores, partner_id: str, out: Path) -> Issued:
    """Issue the dossier of a partner in its present state.

    Args:
        stores: the opened stores.
        partner_id: of the partner.
        out: file of the paper, `.html` or `.pdf`.

    Raises:
        UsageError: the base knows no such partner, or a file name that cannot be taken.
        Refused: no base is published.
    """
    return issue_papers(stores, [(partner_draft(tell_partner(stores, partner_id)), out)])[0]


def tell_partner(stores: Stores, partner_id: str) -> PartnerTold:
    """Return what the dossier of a partner is drafted from."""
    at = stores.clock.now()
    with without_pandas(), stores.warehouse.open_base() as base:
        background = read_background(base, read_manifest(base).version, at)
        suppliers = {one.partner_id: one for one in read_suppliers(base, at)}
        if partner_id not in suppliers:
            known = ", ".join(suppliers) or "none"
            raise UsageError(f"The base knows no partner {partner_id!r} (known: {known}).", "Correct it.")
        notices, reasons = _notices(base, partner_id, at), _reasons(base, partner_id)
    deliveries = tuple(row for row in list_deliveries(stores.engine) if row.partner_id == partner_id)
    partner = background.partner(partner_id)
    return PartnerTold(partner, suppliers[partner_id], notices, deliveries, reasons, background, at)


def partner_draft(told: PartnerTold) -> Draft:
    """Return what the dossier says."""
    return Draft(
        kind=PaperKind.PARTNER,
        title="Dossier d'un partenaire",
        about=f"{told.partner.legal_name} ({told.partner.partner_id})",
        sections=(
            Section("partner", "Le partenaire", (_facts(told),)),
            Section("forms", "Ses formulaires et leurs contrôles", tuple(_forms(told))),
            Section("notices", "Les textes présentés", tuple(_texts(told))),
            Section("deliveries", "Les fichiers reçus", tuple(_deliveries(told))),
            Section("worth", "Ce que valent ses accords", tuple(_worth(told))),
        ),
        closing="Ce dossier est destiné au contrôle. Il ne contient aucune ligne d'une personne.",
        rests_on={"base": told.background.base_version, "partner": told.partner.partner_id},
    )


def _facts(told: PartnerTold) -> Facts:
    partner, supplier = told.partner, told.supplier
    direct = UNKNOWN if partner.collected_directly is None else yes_no(partner.collected_directly)
    chain = " → ".join(f"{name} ({ROLES.get(role, role)})" for name, role in partner.chain)
    return Facts(
        (
            ("Nom", partner.legal_name),
            ("Base légale déclarée", BASES[partner.legal_basis] if partner.legal_basis else UNKNOWN),
            ("Collecte directe par nous", direct),
            ("Chaîne de transmission", chain or UNKNOWN),
            ("Contrat", _contract(partner.contract, supplier.is_contract_over)),
            (
                "Sensibilité de la source",
                {"none": "aucune"}.get(partner.sensitivity or "", partner.sensitivity or UNKNOWN),
            ),
            ("Prochain contrôle dû avant le", day_french(supplier.next_due_on) if supplier.next_due_on else UNKNOWN),
            ("Formulaires sans contrôle valable", count_french(supplier.overdue_forms)),
        )
    )


def _contract(contract: tuple[date | None, date | None], is_over: bool) -> str:
    signed_on, ends_on = contract
    if not signed_on or not ends_on:
        return UNKNOWN
    return f"du {day_french(signed_on)} au {day_french(ends_on)}{' (terminé)' if is_over else ''}"


def _forms(told: PartnerTold) -> Iterator[Block]:
    acts = {form.form_version: form.acts for form in told.supplier.forms}
    for version, form in told.partner.forms.items():
        yield Heading(f"Formulaire {version}")
        yield Facts((*_form_facts(form), ("Accords par ce formulaire", count_french(acts.get(version, 0)))))
    if not told.partner.forms:
        yield Text("Aucun formulaire n'est au dossier.")


def _form_facts(form: Form) -> tuple[tuple[str, str], ...]:
    until = f"au {instant_french(form.last_seen_at)}" if form.last_seen_at else "à ce jour"
    audits = "; ".join(f"{day_french(on)}, {by} : {FINDINGS[finding]}" for on, by, finding in form.audits)
    return (
        ("Page", form.url),
        ("En ligne", f"du {instant_french(form.first_seen_at)} {until}"),
        ("Forme de la question", f"{BOXES[form.box]}, {ACTS[form.act]}"),
        ("Refuser aussi simple qu'accepter", yes_no(form.is_refusal_as_easy)),
        ("Accord exigé pour participer", yes_no(form.is_bundled)),
        ("Contrôles", audits or "aucun"),
        *((("Écarté", instant_french(form.stopped_at)),) if form.stopped_at else ()),
    )


def _texts(told: PartnerTold) -> Iterator[Block]:
    if told.supplier.contradicted_notices:
        count = count_french(told.supplier.contradicted_notices, "texte contredit", "textes contredisent")
        yield Text(f"Attention : {count} ce qui en est déclaré.")
    for notice in told.notices:
        yield Heading(f"Texte n° {notice.notice_id}")
        yield Quote(notice.text)
        yield Facts(
            (
                ("Finalités déclarées", ", ".join(PURPOSES.get(name, name) for name in notice.purposes) or "aucune"),
                ("Moyens", ", ".join(map(channel_word, notice.channels)) or "aucun"),
                ("Destinataires nommés", ", ".join(notice.recipients) or "aucun"),
            )
        )
    if not told.notices:
        yield Text("Aucun texte n'est au dossier.")


def _deliveries(told: PartnerTold) -> Iterator[Block]:
    rows = tuple(
        (
            row.file_name,
            instant_french(row.received_at),
            _OUTCOMES[row.outcome] + (f" ({row.reason})" if row.reason else ""),
            _count(row.accepted_rows),
            _count(row.quarantined_rows),
            row.sha256[:16],
        )
        for row in told.deliveries
    )
    columns = ("Fichier", "Reçu le", "Sort", "Acceptées", "Écartées", "SHA-256 (début)")
    yield Grid(columns, rows, ("Acceptées", "Écartées")) if rows else Text("Aucun fichier n'a été reçu.")
    if told.reasons:
        yield Text("Lignes écartées, par motif :")
        counted = tuple((code, count_french(count)) for code, count in told.reasons.items())
        yield Grid(("Motif", "Lignes"), counted, ("Lignes",))


def _worth(told: PartnerTold) -> Iterator[Block]:
    supplier, share = told.supplier, told.supplier.proof_share
    yield Facts(
        (
            ("Accords connus", count_french(supplier.acts)),
            ("Dont la preuve est complète", UNKNOWN if share is None else percent_french(share)),
            ("Retenus faute de contrôle", count_french(supplier.held_for_audit)),
            ("Retenus après la fin du contrat", count_french(supplier.held_for_contract)),
        )
    )
    findings = tuple(
        (day_french(found.on), found.form_version, found.auditor, FINDINGS[found.finding])
        for found in supplier.audit_findings
    )
    if findings:
        yield Text("Ce que les contrôles ont relevé :")
        yield Grid(("Le", "Formulaire", "Par", "Constat"), findings)


def _notices(base: duckdb.DuckDBPyConnection, partner_id: str, at: datetime) -> tuple[Notice, ...]:
    bound = {"at": naive_utc(at), "partner": partner_id}
    named: dict[str, list[str]] = {}
    for notice_id, name in base.execute(sql_of(__file__, "recipients"), bound).fetchall():
        named.setdefault(notice_id, []).append(name)
    rows = base.execute(
        sql_of(__file__, "notices"),
        bound,
    ).fetchall()
    return tuple(
        Notice(notice_id, text, tuple(purposes or ()), tuple(channels or ()), tuple(named.get(notice_id, ())))
        for notice_id, text, purposes, channels in rows
    )


def _reasons(base: duckdb.DuckDBPyConnection, partner_id: str) -> dict[str, int]:
    rows = base.execute(
        sql_of(__file__, "reasons"),
        {"partner": partner_id},
    ).fetchall()
    return dict(rows)


def _count(number: int | None) -> str:
    return "–" if number is None else count_french(number)
