"""Words of a partner's rows that its dossier knows: only these leave the vault as they are written.

What becomes of any other word is decided by `partners_ingest.rows.stated_words`; what a word means for a consent, by
`dbt_project`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from consent.dossiers.dossiers import Dossier
from consent.dossiers.feeds import Feed
from terms.identifiers import NO_TEXT_NOTICE_ID


@dataclass(frozen=True)
class KnownWords:
    """The words of each field that states one, sorted; those of a list field are the words that its parts may be."""

    form_version: tuple[str, ...]
    notice_id: tuple[str, ...]
    channels: tuple[str, ...]
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]


def known_words(dossier: Dossier, feed: Feed) -> KnownWords:
    """Return the words that a partner's dossier knows of the rows of one of its feeds.

    A notice is known by its id, which is the hash of its text; no text at all has an id, too (partners README, section 1).

    Args:
        dossier: of the partner.
        feed: one of its feeds: its constants, its choices and our words for the partner's are known, too.
    """
    forms, notices = dossier.form_versions, dossier.notices
    return KnownWords(
        form_version=_sorted(feed, "form_version", (form.form_version for form in forms)),
        notice_id=_sorted(feed, "notice_id", (NO_TEXT_NOTICE_ID, *(notice.notice_id for notice in notices))),
        channels=_sorted(feed, "channels", (word for notice in notices for word in notice.channels)),
        purposes=_sorted(feed, "purposes", (word for notice in notices for word in notice.purposes)),
        recipients=_sorted(feed, "recipients", (one.name for notice in notices for one in notice.recipients)),
    )


def _sorted(feed: Feed, field: str, words: Iterable[str]) -> tuple[str, ...]:
    constant = [feed.constants[field]] if field in feed.constants else []
    return tuple(sorted({*words, *constant, *feed.choices.get(field, {}).values(), *feed.values.lists.get(field, ())}))
