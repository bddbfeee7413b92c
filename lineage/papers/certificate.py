"""The certificate of provenance of a number: where it comes from, what it may be used for today, every use of it.

A person asks for it with a reason; the look-up is logged before anything is read. The look-up itself belongs to
`lineage.lookups.lookup`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lineage.lookups.lookup import contact_of, look_up
from lineage.lookups.provenance import Provenance
from lineage.lookups.reactions import Reaction, reactions_of
from lineage.papers.background import Background, SentText, read_background, sent_texts
from lineage.papers.issuing import Draft, Issued, PaperKind, check_places, issue_papers
from lineage.papers.sources import (
    event_blocks,
    origin_blocks,
    reaction_blocks,
    reason_codes,
    reason_grid,
    send_blocks,
    territory_facts,
    verdict_grid,
)
from pages.french import count_french, instant_french, number_french
from pages.paper import Block, Facts, Section, Text
from stores.all_stores import Stores
from stores.engine import without_pandas
from terms.errors import UsageError


@dataclass(frozen=True)
class Told:
    """Everything that a paper about a number is drafted from."""

    provenance: Provenance
    background: Background
    texts: Mapping[str, SentText]
    reactions: Sequence[Reaction]


def certify_number(stores: Stores, number: str, *, reason: str, case: str | None, out: Path) -> Issued:
    """Issue the certificate of a number; the access is logged before anything is read.

    Args:
        stores: the opened stores.
        number: as people write it.
        reason: why; recorded.
        case: what it belongs to; recorded.
        out: file of the paper, `.html` or `.pdf`; its name may not hold the number.

    Raises:
        UsageError: no reason, no number, or a file name that cannot be taken.
        Refused: no base is published.
    """
    refuse_number_in_name(out, contact_of(stores, number)[0])
    check_places(stores, [out])
    (provenance,) = look_up(stores, [number], reason=reason, case=case)
    (told,) = tell_all(stores, [provenance])
    return issue_papers(stores, [(certificate(told), out)])[0]


def tell_all(stores: Stores, provenances: list[Provenance]) -> list[Told]:
    """Return what papers about these numbers are drafted from; no number is looked up here."""
    with without_pandas(), stores.warehouse.open_base() as base:
        background = read_background(base, provenances[0].as_of.base_version, provenances[0].as_of.at)
    plans = {send.plan_id for provenance in provenances for send in provenance.sends}
    with stores.engine.connect() as reading:
        texts = sent_texts(reading, stores.settings.config, plans)
    reactions = reactions_of(stores.engine, [provenance.contact_id for provenance in provenances])
    return [Told(provenance, background, texts, reactions.get(provenance.contact_id, [])) for provenance in provenances]


def refuse_number_in_name(out: Path, e164: str) -> None:
    """Refuse a file name that holds the number: names of files are listed, copied and logged.

    Raises:
        UsageError: it does.
    """
    if e164[-9:] in "".join(letter for letter in out.name if letter.isdigit()):
        raise UsageError("The name of the file holds the number.", "Name it after the request or the case.")


def certificate(told: Told) -> Draft:
    """Return what the certificate says."""
    provenance, background = told.provenance, told.background
    number = number_french(provenance.number)
    sections = (
        Section("summary", "En bref", (Text(_summary(provenance)), *_state(told))),
        Section("origin", "D'où vient ce numéro", origin_blocks(provenance, background)),
        Section(
            "events",
            "Ce qui s'est passé depuis",
            (*event_blocks(provenance.events, background), *reaction_blocks(told.reactions)),
        ),
        Section("territory", "Territoire de vote", (territory_facts(provenance.territory),)),
        Section("uses", "Messages envoyés", send_blocks(provenance.sends, told.texts, background)),
        Section("reasons", "Motifs, en clair", reason_grid(reason_codes(provenance), background) or (Text("Aucun."),)),
        Section("proof", "Sur quoi repose ce certificat", (_rests_on(provenance), Text(_PROOF))),
    )
    return Draft(
        kind=PaperKind.PROVENANCE,
        title="Certificat de provenance",
        about=f"Numéro {number}",
        sections=sections,
        closing=_CLOSING,
        rests_on={"base": provenance.as_of.base_version},
    )


def _summary(provenance: Provenance) -> str:
    if not provenance.is_known:
        return "Ce numéro n'est pas dans notre base : aucune ligne acceptée d'un partenaire ne le contient."
    given = sum(opt_in.flag == "given" for opt_in in provenance.opt_ins)
    partners = len({opt_in.partner_id for opt_in in provenance.opt_ins})
    return (
        f"Ce numéro nous est parvenu par {count_french(len(provenance.opt_ins), 'ligne', 'lignes')}"
        f" de {count_french(partners, 'partenaire', 'partenaires')}, dont {count_french(given, 'accord', 'accords')}."
        f" Nos registres montrent {count_french(len(provenance.sends), 'message', 'messages')} vers ce numéro."
    )


def _state(told: Told) -> tuple[Block, ...]:
    if not told.provenance.is_known:
        return ()
    asked = "Ce que vaut ce numéro aujourd'hui, pour un message choisi par bureau de vote :"
    return (Text(asked), verdict_grid(told.provenance.verdicts))


def _rests_on(provenance: Provenance) -> Facts:
    return Facts(
        (
            ("Base consultée", provenance.as_of.base_version),
            ("À l'instant du", instant_french(provenance.as_of.at)),
            ("Identifiant interne du numéro", provenance.contact_id),
        )
    )


_PROOF = (
    "Chaque fichier reçu est conservé octet pour octet ; son empreinte SHA-256 ci-dessus a été inscrite, le jour de sa"
    " réception, dans un journal scellé où rien ne peut être changé sans que cela se voie. Ce certificat y est inscrit"
    " à son tour : toute modification, même d'un seul caractère, se constate."
)
_CLOSING = (
    "Ce certificat dit ce qui est enregistré, non ce que la personne pensait. Il contient des données personnelles :"
    " il n'est remis qu'à la personne elle-même, à une autorité, ou pour la preuve d'un droit."
)
