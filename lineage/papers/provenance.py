"""The certificate of provenance of a number: where it comes from, what it is worth today, every time it was used.

Who may ask for one is decided by a person with a reason; the look-up is logged before anything is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lineage.lookups.lookup import LookupStores, contact_of, look_up
from lineage.lookups.provenance import Descent
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
    """All that a paper on a number is drafted from."""

    descent: Descent
    background: Background
    texts: Mapping[str, SentText]
    reactions: Sequence[Reaction]


def certify_number(opened: Stores, number: str, *, reason: str, case: str | None, out: Path) -> Issued:
    """Issue the certificate of a number; the access is logged before anything is read.

    Raises:
        UsageError: no reason, no number, or a file name that cannot be taken.
        Refused: no base is published.
    """
    stores = LookupStores.of(opened)
    refuse_number_in_name(out, contact_of(stores, number)[0])
    check_places(opened, [out])
    (descent,) = look_up(stores, [number], reason=reason, case=case)
    (told,) = tell_all(opened, [descent])
    return issue_papers(opened, [(certificate(told), out)])[0]


def tell_all(stores: Stores, descents: list[Descent]) -> list[Told]:
    """Return what papers on these numbers are drafted from; nobody is looked up here."""
    with without_pandas(), stores.warehouse.open_base() as base:
        background = read_background(base, descents[0].as_of.base_version, descents[0].as_of.at)
    plans = {send.plan_id for descent in descents for send in descent.sends}
    with stores.engine.connect() as reading:
        texts = sent_texts(reading, stores.settings.config, plans)
    reactions = reactions_of(stores.engine, [descent.contact_id for descent in descents])
    return [Told(descent, background, texts, reactions.get(descent.contact_id, [])) for descent in descents]


def refuse_number_in_name(out: Path, e164: str) -> None:
    """Refuse a file name that holds the number: names of files are listed, copied and logged.

    Raises:
        UsageError: it does.
    """
    if e164[-9:] in "".join(letter for letter in out.name if letter.isdigit()):
        raise UsageError("The name of the file holds the number.", "Name it after the request or the case.")


def certificate(told: Told) -> Draft:
    """Return what the certificate says."""
    descent, background = told.descent, told.background
    number = number_french(descent.number)
    sections = (
        Section("summary", "En bref", (Text(_summary(descent)), *_state(told))),
        Section("origin", "D'où vient ce numéro", origin_blocks(descent, background)),
        Section(
            "events",
            "Ce qui s'est passé depuis",
            (*event_blocks(descent.events, background), *reaction_blocks(told.reactions)),
        ),
        Section("territory", "Territoire de vote", (territory_facts(descent.territory),)),
        Section("uses", "Messages envoyés", send_blocks(descent.sends, told.texts, background)),
        Section("reasons", "Motifs, en clair", reason_grid(reason_codes(descent), background) or (Text("Aucun."),)),
        Section("proof", "Sur quoi repose ce certificat", (_rests_on(descent), Text(_PROOF))),
    )
    return Draft(
        kind=PaperKind.PROVENANCE,
        title="Certificat de provenance",
        about=f"Numéro {number}",
        sections=sections,
        closing=_CLOSING,
        rests_on={"base": descent.as_of.base_version},
    )


def _summary(descent: Descent) -> str:
    if not descent.is_known:
        return "Ce numéro n'est pas dans notre base : aucune ligne acceptée d'un partenaire ne le contient."
    given = sum(opt_in.flag == "given" for opt_in in descent.opt_ins)
    partners = len({opt_in.partner_id for opt_in in descent.opt_ins})
    return (
        f"Ce numéro nous est parvenu par {count_french(len(descent.opt_ins), 'ligne', 'lignes')}"
        f" de {count_french(partners, 'partenaire', 'partenaires')}, dont {count_french(given, 'accord', 'accords')}."
        f" Nos registres montrent {count_french(len(descent.sends), 'message', 'messages')} vers ce numéro."
    )


def _state(told: Told) -> tuple[Block, ...]:
    if not told.descent.is_known:
        return ()
    asked = "Ce que vaut ce numéro aujourd'hui, pour un message choisi par bureau de vote :"
    return (Text(asked), verdict_grid(told.descent.verdicts))


def _rests_on(descent: Descent) -> Facts:
    return Facts(
        (
            ("Base consultée", descent.as_of.base_version),
            ("À l'instant du", instant_french(descent.as_of.at)),
            ("Identifiant interne du numéro", descent.contact_id),
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
