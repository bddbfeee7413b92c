"""The check of a partner before anything is taken in: its dossier, and what would become of one of its files.

Faults and remarks come from `consent`, the file's fate from `rehearsal`; here they are put together. Printing belongs to
the command.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from configuration.documents import DocumentInvalid
from consent.dossiers.dossier_remarks import Remark, find_remarks
from consent.dossiers.dossiers import Dossier, DossierSet, find_faults, read_dossier, read_dossiers
from partners_ingest.intake.rehearsal import Rehearsal, rehearsal_stores, rehearse
from partners_ingest.readers.registry import missing_capability
from terms.paris import day_in_paris
from terms.settings import Settings


@dataclass(frozen=True)
class PartnerCheck:
    """What was found: faults (then nothing else), remarks on the dossier, the fate of the sample if one was given.

    `feeds` are the feed ids of the dossier; `unreadable` maps those that no reader can read yet to what they ask for.
    """

    partner_id: str
    faults: tuple[DocumentInvalid, ...]
    remarks: tuple[Remark, ...]
    feeds: tuple[str, ...]
    unreadable: MappingProxyType[str, str]
    rehearsal: Rehearsal | None


def check_partner(folder: Path, sample: Path | None, settings: Settings) -> PartnerCheck:
    """Check a partner's dossier folder and, if a sample is given, rehearse its delivery.

    Args:
        folder: `partner.yaml` with `notices/` beside it; nothing is written there.
        sample: a file under the name that the partner would give it.
        settings: environment and clock; where their other partners' dossiers are, so that a file of another partner is
            recognised. The home they name is not opened.

    Raises:
        FiliationError: the sample cannot be judged.
    """
    faults = find_faults(folder)
    if faults:
        return PartnerCheck(folder.name, faults, (), (), MappingProxyType({}), None)
    dossier = read_dossier(folder)
    wanting = {feed.feed_id: missing_capability(feed) for feed in dossier.feeds}
    today = day_in_paris(settings.clock().now())
    return PartnerCheck(
        partner_id=dossier.partner_id,
        faults=(),
        remarks=find_remarks(folder, dossier, today),
        feeds=tuple(wanting),
        unreadable=MappingProxyType({feed_id: what for feed_id, what in wanting.items() if what}),
        rehearsal=_rehearse(dossier, sample, settings) if sample is not None else None,
    )


def _rehearse(dossier: Dossier, sample: Path, settings: Settings) -> Rehearsal:
    others = read_dossiers(settings.partners) if settings.partners.is_dir() else DossierSet(MappingProxyType({}), ())
    with rehearsal_stores(settings) as stores:
        return rehearse(stores, sample, dossier, others, settings.clock(), settings.environment, settings.limits)
