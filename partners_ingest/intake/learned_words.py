"""Accepted deliveries whose rows state a word that their dossier has learned since: they are read again.

Of a word that the dossier did not know the lake has a hash only (`partners_ingest.rows.stated_words`), which no fact of the dossier
meets. How a delivery is read again belongs to `take_in`.
"""

from __future__ import annotations

from collections.abc import Callable

from consent.dossiers.dossiers import Dossier, DossierSet
from consent.dossiers.known_words import known_words
from partners_ingest.intake import delivery_records
from partners_ingest.intake.delivery_records import KnownDelivery
from partners_ingest.intake.preflight import name_file
from partners_ingest.rows.figures import UNKNOWN_WORD, read_figures
from partners_ingest.rows.stated_words import word_hash
from stores.all_stores import Stores
from stores.keys import RowHash
from stores.lake import reading_name


def stating_learned_words(
    stores: Stores, dossiers: DossierSet, judging_key_of: Callable[[str], str]
) -> list[KnownDelivery]:
    """Return the accepted deliveries in which a word is known now that was not when they were read, by arrival.

    Args:
        stores: for the operations database, the figures of deliveries and the keys.
        dossiers: as they are now; only a partner whose dossier changed since is looked at.
        judging_key_of: gives by partner the hash of what its deliveries are judged with now.
    """
    judged_with = {partner: judging_key_of(partner) for partner in dossiers.dossiers}
    changed = delivery_records.accepted_otherwise(stores.engine, judged_with)
    return [known for known in changed if _states_learned(stores, dossiers.dossiers[known.partner_id], known)]


def _states_learned(stores: Stores, dossier: Dossier, known: KnownDelivery) -> bool:
    names = [reading_name(known.delivery_id, known.reading)]
    unknown = {subject for figures in read_figures(stores.lake, names) for subject in figures.of(UNKNOWN_WORD)}
    return bool(unknown) and not unknown.isdisjoint(_subjects(stores.keys.source, dossier, known))


def _subjects(key: RowHash, dossier: Dossier, known: KnownDelivery) -> set[str]:
    """Return the figures' subjects of all words that the dossier knows now."""
    named = name_file(dossier, known.file_name)
    if named is None:
        return set()
    words = known_words(dossier, named.feed)
    return {
        f"{field}:{word_hash(key, dossier.partner_id, word)}"
        for field in words.__dataclass_fields__
        for word in getattr(words, field)
    }
