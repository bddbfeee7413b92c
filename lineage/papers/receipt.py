"""The receipt of an erasure as a paper: what was removed, what stays and why, and the log entry that proves it.

The erasure itself, and its counts, belong to `lineage.erasure`; the paper names nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from lineage.erasure.erasure_receipt import ErasedCounts, ErasureReceipt
from lineage.papers.issuing import Draft, Issued, PaperKind, issue_papers
from pages.french import count_french, instant_french
from pages.paper import Facts, Grid, Points, Section, Text
from stores.all_stores import Stores

#: What is counted of an erasure, in the words of a citizen, in the order of the paper: taken out, then kept as a count.
TAKEN_OUT: Mapping[str, str] = {
    "opt_ins": "lignes d'accord ou de refus livrées par des partenaires",
    "withdrawals": "lignes de retrait livrées par des partenaires",
    "lines": "lignes de fichiers dont les octets ont été détruits",
    "deliveries": "fichiers dans lesquels ces lignes se trouvaient",
    "whole_files": "fichiers sans lignes lisibles, détruits en entier",
}
KEPT_AS_COUNT: Mapping[str, str] = {
    "sends": "messages envoyés",
    "acts": "demandes, refus et réponses",
    "look_ups": "consultations",
}


def erasure_papers(stores: Stores, receipts: Mapping[Path, ErasureReceipt]) -> list[Issued]:
    """Issue the receipts of erasures, each to its file, and return those that were not issued there before.

    A file is named after its erasure: one that exists was issued by an earlier run of the same erasure, and is left.

    Raises:
        UsageError: a file name that cannot be taken.
    """
    new = [(erasure_draft(receipt), out) for out, receipt in receipts.items() if not out.exists()]
    return issue_papers(stores, new)


def erasure_draft(receipt: ErasureReceipt) -> Draft:
    """Return what the receipt says."""
    return Draft(
        kind=PaperKind.ERASURE,
        title="Reçu d'effacement",
        about=f"Effacement {receipt.erasure_id}",
        sections=(
            Section("erasure", "Ce qui a été fait", (_facts(receipt), Text(_DONE))),
            Section("gone", "Ce qui a été effacé", (_counted(TAKEN_OUT, receipt.found), *_unopened(receipt.found))),
            Section("kept", "Ce qui reste, sans vous nommer", (_counted(KEPT_AS_COUNT, receipt.found), Points(_KEPT))),
            Section("proof", "Comment cela se prouve", (Points(_PROOF),)),
        ),
        closing="Ce reçu ne contient ni votre numéro ni votre nom : nous ne les avons plus. Conservez-le.",
        rests_on={"erasure": receipt.erasure_id},
    )


def _facts(receipt: ErasureReceipt) -> Facts:
    return Facts(
        (
            ("Dossier", receipt.case_id),
            ("Terminé le", f"{instant_french(receipt.finished_at)} (heure de Paris)"),
            ("Inscription au journal scellé", f"n° {receipt.proof.index} sur {receipt.proof.size}"),
        )
    )


def _counted(names: Mapping[str, str], found: ErasedCounts) -> Grid:
    counts = asdict(found)
    rows = tuple((words, count_french(counts[name])) for name, words in names.items())
    return Grid(("Quoi", "Nombre"), rows, ("Nombre",))


def _unopened(found: ErasedCounts) -> tuple[Text, ...]:
    if not found.unopened_files:
        return ()
    count = count_french(found.unopened_files, "fichier scellé", "fichiers scellés")
    return (
        Text(
            f"{count} que nos clés n'ouvrent pas n'ont pu être fouillés : nous ne savons pas si vous y figurez, et nous ne"
            " pouvons pas les lire."
        ),
    )


_DONE = (
    "Vos données ont été effacées de nos registres (RGPD, art. 17). Votre numéro est désormais refusé s'il nous est livré de"
    " nouveau, et aucun message ne vous sera envoyé."
)
_KEPT = (
    "Une empreinte chiffrée de votre numéro, à seule fin de ne plus jamais vous écrire (RGPD, art. 17, § 3, et 21).",
    "Les comptes des messages et demandes ci-dessus, sous un identifiant qui ne mène à personne : ils prouvent ce qui a été"
    " fait sans dire pour qui.",
    "Les fichiers livrés gardent toutes leurs autres lignes, qui se vérifient encore ; les vôtres n'y sont plus lisibles.",
)
_PROOF = (
    "L'effacement est inscrit dans un journal scellé, où rien ne peut être changé ni retiré sans que cela se voie.",
    "Ce reçu y est inscrit à son tour : toute modification de ce fichier se constate.",
    "Le journal ne garde de vous que des engagements dont la clé a été détruite : ils ne disent plus rien.",
)
