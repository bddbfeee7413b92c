"""The answer to a person's access request (GDPR 15): all data held, its origin, every use, and the request's deadline.

One person or a thousand: each answer is drafted from its own person's records alone. That an answer was sent is
recorded by `consent.acts.requests`; whoever asks for answers names a reason, and a case for more than twenty. Its
paragraphs are in `lineage.papers.access_words`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from consent.acts.access_requests import REQUIRED_LISTS
from consent.acts.act_entry import ActDesk
from consent.acts.person_acts import ActKind
from consent.acts.request_clock import due_on, request_late_at
from consent.acts.requests import Answer, answer_request
from consent.dossiers.controller import Controller, read_controller
from lineage.lookups.access_log import Access, record_access
from lineage.lookups.lookup import describe_contacts, origin_sources
from lineage.lookups.origins import Identity, read_identities
from lineage.lookups.provenance import Provenance
from lineage.papers.access_words import (
    CLOSING,
    DURATIONS,
    PURPOSE,
    SELECTION,
    basis_facts,
    identity_blocks,
    recipients,
    responsible,
    rights,
)
from lineage.papers.background import Background
from lineage.papers.certificate import Told, tell_all
from lineage.papers.issuing import Draft, Issued, PaperKind, check_places, issue_papers
from lineage.papers.sources import (
    UNKNOWN,
    event_blocks,
    origin_blocks,
    reaction_blocks,
    reason_codes,
    reason_grid,
    send_blocks,
    territory_facts,
    verdict_grid,
)
from lineage.papers.words import REQUESTS
from pages.french import day_french, instant_french, number_french
from pages.paper import Block, Facts, Form, Grid, Points, Section, Text
from partners_ingest.rows.asked_numbers import number_reader
from stores.all_stores import Stores
from stores.engine import without_pandas
from stores.operations import person_tables
from stores.operations.database import VALUES_AT_ONCE
from stores.warehouse.warehouse import ServedBase
from terms.batches import batched
from terms.clock import from_micros
from terms.errors import UsageError

#: Papers that are issued, and answers that are recorded, before the next are: what a killed run has to repeat
#: (to another folder: papers that went out stand).
_CHUNK = 100


@dataclass(frozen=True)
class Asked:
    """One act of a person that has a deadline: an access request, or another request that the answer mentions."""

    request_id: str
    contact_id: str
    kind: str
    received_at: datetime
    source: str
    relayed_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True)
class Batch:
    """A batch of answers as somebody asks for it: why, for which case, where the papers go, in which form.

    `answer`: the words in which each answer is recorded as sent now; None = it is only written.
    """

    reason: str
    case: str | None
    folder: Path
    form: Form
    answer: str | None


def open_access_requests(stores: Stores) -> list[str]:
    """Return the ids of access requests without an answer, the most urgent first."""
    table, answers = person_tables.requests, person_tables.request_answers
    query = (
        select(table.c.request_id)
        .outerjoin(answers, answers.c.request_id == table.c.request_id)
        .where(table.c.kind == ActKind.ACCESS.value, answers.c.request_id.is_(None))
        .order_by(table.c.late_at, table.c.request_id)
    )
    with stores.engine.connect() as reading:
        found: list[str] = list(reading.execute(query).scalars())
    return found


def answer_access(stores: Stores, request_ids: Sequence[str], batch: Batch) -> list[Issued]:
    """Issue the answer to each access request, one paper per person; the access is logged before anything is read.

    A person with several of these requests gets one paper, named after the newest, which answers them all. Source: GDPR
    15.

    Args:
        stores: the opened stores.
        request_ids: of access requests.
        batch: reason, case, folder and form.

    Returns:
        The papers issued.

    Raises:
        UsageError: no reason or case, an unknown request or one of another kind, a missing folder, or an existing file.
        Refused: no base is published, or an answer to be recorded is recorded already.
    """
    with stores.engine.connect() as reading:
        asked = _newest_per_person(_requests(reading, request_ids))
        others = _acts_of(reading, [one.contact_id for one in asked])
    check_places(stores, [_file(batch, one.request_id) for one in asked])
    subjects = [one.contact_id for one in asked]
    access = Access("paper access", stores.settings.actor, batch.reason, batch.case, subjects)
    record_access(stores.engine, stores.clock, access)
    controller, answers = read_controller(stores.settings.config), _tell(stores, asked)
    issued: list[Issued] = []
    for part in batched(zip(asked, answers, strict=True), _CHUNK):
        papers = [
            (_draft(one, told, others[one.contact_id], controller), _file(batch, one.request_id)) for one, told in part
        ]
        issued += issue_papers(stores, papers)
        if batch.answer is not None:
            _record_answers(stores, [one.request_id for one, _ in part], batch.answer)
    return issued


@dataclass(frozen=True)
class _Held:
    """All that an answer is drafted from: the provenance with its background, and the rows as delivered."""

    told: Told
    identities: tuple[Identity, ...]


def _tell(stores: Stores, asked: Sequence[Asked]) -> list[_Held]:
    ids = [one.contact_id for one in asked]
    with without_pandas(), stores.warehouse.open_base() as opened_base:
        base = ServedBase.of(opened_base)
        with stores.engine.connect() as ledger:
            identities = read_identities(origin_sources(stores, base, ledger), ids)
        numbers = {contact_id: _number(identities.get(contact_id, [])) for contact_id in ids}
        provenances = describe_contacts(stores, base, numbers)
    return [
        _Held(told, tuple(identities.get(told.provenance.contact_id, []))) for told in tell_all(stores, provenances)
    ]


def _number(rows: Sequence[Identity]) -> str:
    return next((row.e164 for row in rows if row.e164), "")


def _draft(asked: Asked, held: _Held, others: Sequence[Asked], controller: Controller) -> Draft:
    provenance, background = held.told.provenance, held.told.background
    return Draft(
        kind=PaperKind.ACCESS,
        title="Réponse à votre demande d'accès",
        about=f"Numéro {number_french(provenance.number)}" if provenance.number else f"Demande {asked.request_id}",
        sections=tuple(_sections(asked, held, others, controller)),
        closing=CLOSING,
        rests_on={"base": background.base_version, "request": asked.request_id},
    )


def _sections(asked: Asked, held: _Held, others: Sequence[Asked], controller: Controller) -> Iterator[Section]:
    told, provenance, background = held.told, held.told.provenance, held.told.background
    yield Section("request", "Votre demande", (_request_facts(asked), Text(_clock(asked, provenance.as_of.at))))
    yield Section("controller", "Qui est responsable", responsible(controller))
    yield Section("purpose", "Pourquoi nous avons vos données", (Text(PURPOSE), *basis_facts(provenance, background)))
    yield Section("data", "Les données que nous détenons", tuple(_data(held)))
    yield Section("origin", "D'où elles viennent", origin_blocks(provenance, background))
    yield Section("recipients", "À qui elles ont servi", recipients(provenance, background))
    yield Section("uses", "Chaque message, un par un", send_blocks(provenance.sends, told.texts, background))
    yield Section(
        "events",
        "Vos accords, refus, réponses et demandes",
        (*event_blocks(provenance.events, background), *reaction_blocks(told.reactions), *_acts(others)),
    )
    yield Section("selection", "Comment vous êtes choisi", (Points(SELECTION), *_worth(provenance, background)))
    yield Section("duration", "Combien de temps nous les gardons", (Points(DURATIONS),))
    yield Section("rights", "Vos droits", (Points(rights(controller)),))


def _request_facts(asked: Asked) -> Facts:
    return Facts(
        (
            ("Demande n°", asked.request_id),
            ("Reçue le", instant_french(asked.received_at)),
            ("Par", asked.source),
            *((("Transmise par", asked.relayed_by),) if asked.relayed_by else ()),
            ("Réponse due au plus tard le", day_french(due_on(asked.received_at))),
            *((("Déjà répondu le", instant_french(asked.answered_at)),) if asked.answered_at else ()),
        )
    )


def _clock(asked: Asked, now: datetime) -> str:
    if now < request_late_at(asked.received_at):
        return "Cette réponse est établie dans le délai d'un mois (RGPD, art. 12, § 3)."
    return (
        "Cette réponse est établie après le délai d'un mois (RGPD, art. 12, § 3) : nous vous prions de nous en excuser."
        " Depuis la fin de ce délai, aucun message ne vous est envoyé tant qu'il n'est pas répondu."
    )


def _data(held: _Held) -> Iterator[Block]:
    provenance = held.told.provenance
    if not held.identities and not provenance.is_known:
        yield Text("Nous ne détenons aucune donnée d'un partenaire sur ce numéro.")
        return
    yield Text("Ce que les fichiers des partenaires disent de vous, tel qu'ils l'ont livré :")
    yield from identity_blocks(held.identities, provenance)
    yield Text("Ce que nous en avons tiré :")
    found = provenance.attributes
    yield Facts(
        (
            ("Sexe retenu", (found and found.sex) or UNKNOWN),
            ("Date de naissance retenue", day_french(found.birth_date) if found and found.birth_date else UNKNOWN),
            ("Code postal retenu", (found and found.postcode) or UNKNOWN),
            ("Identifiant interne", provenance.contact_id),
        )
    )
    yield territory_facts(provenance.territory)
    yield Text(
        "Le résultat d'un bureau de vote et le revenu d'un quartier sont des chiffres publics du lieu : ils ne sont jamais"
        " inscrits sur votre fiche. Nous n'avons ni opinion, ni score, ni profil politique à votre sujet."
    )


def _worth(provenance: Provenance, background: Background) -> Iterator[Block]:
    if provenance.is_known:
        yield Text("Ce que vaut votre numéro aujourd'hui, pour un message choisi par bureau de vote :")
        yield verdict_grid(provenance.verdicts)
        yield from reason_grid(reason_codes(provenance), background)


def _acts(others: Sequence[Asked]) -> Iterator[Block]:
    if others:
        yield Text("Vos demandes auprès de nous :")
        yield Grid(
            ("Demande", "Reçue le", "Par", "Répondu le"),
            tuple(
                (
                    REQUESTS[one.kind],
                    instant_french(one.received_at),
                    one.source,
                    instant_french(one.answered_at) if one.answered_at else "en cours",
                )
                for one in others
            ),
        )


def _newest_per_person(asked: Sequence[Asked]) -> list[Asked]:
    newest: dict[str, Asked] = {}
    for one in asked:
        held = newest.get(one.contact_id)
        if held is None or (one.received_at, one.request_id) > (held.received_at, held.request_id):
            newest[one.contact_id] = one
    return list(newest.values())


def _requests(reading: Connection, request_ids: Sequence[str]) -> list[Asked]:
    """Return the access requests of these ids, in their order."""
    table = person_tables.requests
    found: dict[str, Asked] = {}
    for some in batched(request_ids, VALUES_AT_ONCE):
        found |= {one.request_id: one for one in _read(reading, table.c.request_id, some)}
    for request_id in request_ids:
        if request_id not in found or found[request_id].kind != ActKind.ACCESS.value:
            raise UsageError(f"There is no access request {request_id}.", "See `filiation requests --all`.")
    return [found[request_id] for request_id in request_ids]


def _acts_of(reading: Connection, contact_ids: Sequence[str]) -> dict[str, list[Asked]]:
    table = person_tables.requests
    found: dict[str, list[Asked]] = {contact_id: [] for contact_id in contact_ids}
    for some in batched(contact_ids, VALUES_AT_ONCE):
        for one in _read(reading, table.c.contact_id, some):
            found[one.contact_id].append(one)
    return found


def _read(reading: Connection, column: object, values: Sequence[str]) -> Iterator[Asked]:
    table, answers = person_tables.requests, person_tables.request_answers
    names = ("request_id", "contact_id", "kind", "source", "relayed_by")
    query = (
        select(*(table.c[name] for name in names), table.c.received_at, answers.c.answered_at)
        .outerjoin(answers, answers.c.request_id == table.c.request_id)
        .where(table.c[column.name].in_(values), table.c.contact_id.is_not(None))  # type: ignore[attr-defined]
        .order_by(table.c.received_at, table.c.request_id)
    )
    for row in reading.execute(query):
        answered_at = None if row.answered_at is None else from_micros(row.answered_at)
        told = {name: getattr(row, name) for name in names}
        yield Asked(**told, received_at=from_micros(row.received_at), answered_at=answered_at)


def _file(batch: Batch, request_id: str) -> Path:
    return batch.folder / f"acces-{request_id}.{batch.form.value}"


def _record_answers(stores: Stores, request_ids: Sequence[str], words: str) -> None:
    desk = ActDesk(stores, number_reader(stores.number_rules))
    for request_id in request_ids:
        answer_request(desk, request_id, Answer(stores.clock.now(), words, REQUIRED_LISTS))
