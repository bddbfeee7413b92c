"""The paragraphs of an answer to an access request: purpose, basis, recipients, durations, rights, and rows as delivered.

Their order, and whose data they show, is decided in `lineage.papers.access`. Sources: GDPR 12 to 22, 77; R-01, R-05,
R-11, R-16, R-18, R-19, R-20, R-22, R-24, R-25, R-44 of the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from consent.dossiers.controller import Controller
from lineage.lookups.origins import Identity
from lineage.lookups.provenance import Provenance
from lineage.papers.background import Background
from lineage.papers.sources import UNKNOWN
from lineage.papers.words import BASES
from pages.french import count_french, day_french
from pages.paper import Block, Facts, Grid, Heading, Text
from sends.ledger.states import MAY_HAVE_LEFT, State

PURPOSE = (
    "Finalité : vous adresser, par SMS ou par appel selon ce que vous avez accepté, des messages politiques de candidats et"
    " de partis, et pouvoir prouver que nous en avions le droit. Nous n'en faisons aucun autre usage."
)

SELECTION = (
    "Les messages ciblés sont choisis par des critères de lieu (commune, bureau de vote, quartier), d'âge ou de sexe, et"
    " seulement si le texte que vous avez accepté annonçait ce ciblage. Les critères de chaque message figurent ci-dessus.",
    "Ni votre nom, ni votre lieu de naissance, ni le partenaire d'où vient votre numéro ne sont jamais des critères.",
    "Avant chaque envoi, le logiciel vérifie vos accords, refus et oppositions : il peut seulement vous écarter d'un envoi."
    " Aucune décision produisant des effets juridiques pour vous n'est prise de façon automatisée (RGPD, art. 22).",
)

DURATIONS = (
    "Votre numéro et vos accords : trois ans après votre dernier geste (accord, réponse, clic), puis effacement. Nos propres"
    " envois ne prolongent pas ce délai.",
    "Les avis de transparence et les comptes des campagnes, sans votre numéro : sept ans (règlement (UE) 2024/900).",
    "Si vous vous opposez ou demandez l'effacement : une empreinte chiffrée de votre numéro est gardée à seule fin de ne plus"
    " jamais vous écrire, même si un partenaire nous livre de nouveau votre numéro.",
)

CLOSING = (
    "Cette réponse contient vos données personnelles : elle n'est remise qu'à vous. Elle répond à l'article 15 du RGPD ;"
    " la première copie est gratuite."
)

#: Names of a row's values as a partner delivered them.
_VALUES = (
    ("Numéro, tel que livré", "phone_raw"),
    ("Prénom", "given_name"),
    ("Nom", "family_name"),
    ("Civilité ou sexe", "sex_raw"),
    ("Date de naissance", "birth_date"),
    ("Adresse électronique", "email"),
    ("Adresse postale", "street"),
    ("Code postal", "postcode"),
    ("Ville", "city"),
    ("Adresse IP", "ip"),
    ("Navigateur", "user_agent"),
    ("Page du formulaire", "page_url"),
    ("Motif de retrait", "withdrawal_reason"),
    ("N° chez le partenaire", "source_record_id"),
    ("N° d'accord chez le partenaire", "source_consent_id"),
)


def responsible(controller: Controller) -> tuple[Block, ...]:
    """Return who answers for the data, and how to reach them."""
    contacts = controller.required_contacts()
    return (
        Text(
            f"{controller.legal_name} est responsable du traitement de vos données. Le candidat ou le parti pour lequel un"
            " message vous est envoyé l'est aussi, pour ce message ; ils sont nommés ci-dessous."
        ),
        Facts(
            (
                ("Responsable", f"{controller.legal_name}, {contacts.registration}"),
                ("Adresse", contacts.address),
                ("Pour exercer vos droits", contacts.rights_contact),
                ("Délégué à la protection des données", contacts.dpo_contact),
                ("Transferts", contacts.transfers),
            )
        ),
    )


def basis_facts(provenance: Provenance, background: Background) -> tuple[Block, ...]:
    """Return the legal basis by partner, as its dossier says."""
    partners = sorted({opt_in.partner_id for opt_in in provenance.opt_ins})
    rows = []
    for partner_id in partners:
        partner = background.partner(partner_id)
        rows.append((partner.legal_name, BASES[partner.legal_basis] if partner.legal_basis else UNKNOWN))
    return (Grid(("Source", "Base légale"), tuple(rows)),) if rows else ()


def identity_blocks(rows: Sequence[Identity], provenance: Provenance) -> tuple[Block, ...]:
    """Return each delivered row with every value that it holds."""
    files = {(opt_in.delivery_id, opt_in.line_number): opt_in.file_name for opt_in in provenance.opt_ins}
    found: list[Block] = []
    for row in rows:
        file = files.get((row.delivery_id, row.line_number), f"livraison {row.delivery_id}")
        told = [(name, _shown(getattr(row, field))) for name, field in _VALUES if getattr(row, field) not in (None, "")]
        found += [Heading(f"{file}, ligne {row.line_number}"), Facts(tuple(told) or (("Valeurs", "aucune"),))]
    return tuple(found)


def recipients(provenance: Provenance, background: Background) -> tuple[Block, ...]:
    """Return the actual recipients (CJEU C-154/21): each sponsor by name, and who carried the messages."""
    left = [send for send in provenance.sends if State(send.state) in MAY_HAVE_LEFT]
    if not left:
        return (Text("Aucun message n'a été remis pour votre numéro : il n'a été communiqué à personne."),)
    sponsors = Counter(background.sponsor_name(send.sponsor_id) for send in left)
    carriers = Counter(send.gateway for send in left)
    rows = [
        (name, "candidat ou parti, pour son compte", count_french(count)) for name, count in sorted(sponsors.items())
    ]
    rows += [
        (name, "opérateur d'envoi, qui reçoit votre numéro", count_french(count))
        for name, count in sorted(carriers.items())
    ]
    return (
        Grid(("Destinataire", "Rôle", "Messages"), tuple(rows), ("Messages",)),
        Text("Nous envoyons pour le compte des candidats et partis : ils ne reçoivent pas votre numéro."),
    )


def rights(controller: Controller) -> tuple[str, ...]:
    """Return what the person may ask, and of whom."""
    contact = controller.required_contacts().rights_contact
    return (
        "Vous opposer, à tout moment et sans motif, à recevoir des messages et à tout ciblage (RGPD, art. 21) : répondez STOP"
        f" à un message, ou écrivez à {contact}. Cela vaut aussitôt pour tous les candidats et partis.",
        "Retirer votre accord à tout moment, aussi simplement que vous l'avez donné (art. 7, § 3).",
        "Faire rectifier une donnée (art. 16), la faire effacer (art. 17), en faire limiter l'usage (art. 18) ou la recevoir"
        " dans un format lisible par machine (art. 20).",
        "Saisir la Commission nationale de l'informatique et des libertés (art. 77) : CNIL, 3 place de Fontenoy, TSA 80715,"
        " 75334 Paris Cedex 07, www.cnil.fr.",
    )


def _shown(value: object) -> str:
    return day_french(value) if isinstance(value, date) else str(value)
