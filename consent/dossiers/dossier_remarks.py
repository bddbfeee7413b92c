"""What a dossier that can be read will bring about, and its author may not have meant: told before a file comes.

A remark stops nothing. What makes a dossier unusable is a fault and belongs to `consent.dossiers.dossiers`; what becomes of a
given file belongs to `partners_ingest`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from configuration.documents import key_of
from configuration.yaml_text import KeyPath
from consent.dossiers.dossiers import Dossier, read_dossier_file
from consent.dossiers.feeds import Feed

#: An instant with every digit used, to write a name as a feed's `exported_at` does.
_ANY_INSTANT = datetime(2026, 11, 24, 13, 14, 15)
#: Where a remark belongs, and its message.
_Told = tuple[KeyPath, str]
_DATES = ("consented_at", "birth_date", "withdrawn_at")


@dataclass(frozen=True)
class Remark:
    """One remark, with the line and the key of `partner.yaml` that it is about."""

    line: int
    key: str
    message: str


def find_remarks(folder: Path, dossier: Dossier, today: date) -> tuple[Remark, ...]:
    """Return the remarks on a partner's dossier, in order of lines.

    Args:
        folder: of the partner.
        dossier: as read from it.
        today: Paris day.
    """
    document = read_dossier_file(folder)
    found = [*_of_proof(dossier, today)]
    for place, feed in enumerate(dossier.feeds):
        found += [(("feeds", place, *key), told) for key, told in (*_of_name(feed, dossier), *_of_fields(feed))]
    remarks = (Remark(document.line(*path), key_of(path) or "", message) for path, message in found)
    return tuple(sorted(remarks, key=lambda remark: remark.line))


def _of_proof(dossier: Dossier, today: date) -> Iterator[_Told]:
    ends_on = dossier.contract.ends_on
    if ends_on is not None and ends_on < today:
        yield ("contract",), f"the contract ended on {ends_on}: later consents are held (CONTRACT_ENDED)"
    audited = {audit.form_version for audit in dossier.audits}
    for place, form in enumerate(dossier.form_versions):
        if form.notice_id is None:
            yield ("form_versions", place), "no text on file: its consents prove nothing (PROOF_INCOMPLETE)"
        if not {form.form_version, "*"} & audited:
            told = "no audit of it or of the partner as a whole: its consents are held (AUDIT_OVERDUE)"
            yield ("form_versions", place), told
    shown = {form.notice_id for form in dossier.form_versions}
    for place, notice in enumerate(dossier.notices):
        if notice.notice_id not in shown:
            yield ("notices", place), "no form version shows this text"


def _of_name(feed: Feed, dossier: Dossier) -> Iterator[_Told]:
    written = _ANY_INSTANT.strftime(feed.exported_at.format)
    if not fnmatchcase(written, feed.pattern) and not fnmatchcase(f"{written}.gz", feed.pattern):
        yield ("exported_at",), f"a name written like this, {written!r}, does not fit the pattern"
    earlier = dossier.feeds[: dossier.feeds.index(feed)]
    taken = next((other.feed_id for other in earlier if fnmatchcase(written, other.pattern)), None)
    if taken is not None:
        yield ("pattern",), f"such files go to feed {taken!r}, which stands before it"


def _of_fields(feed: Feed) -> Iterator[_Told]:
    for field in _missing_fields(feed):
        yield ("mapping",), _WITHOUT[field]
    for field in _DATES:
        if field in feed.mapping and field not in feed.date_formats:
            yield ("date_formats",), f"no pattern for {field}: it is read as blank"
    if _gives(feed, "consent_flag") and not feed.values.flag_given:
        yield ("values",), "no word means that the consent was given: every record is FLAG_UNKNOWN"
    if feed.kind == "optins" and not _tells_of_notice(feed):
        yield ("form_version_from",), "no row has a text that was shown (PROOF_INCOMPLETE)"


_WITHOUT = {
    "phone": "no column of numbers: every record is PHONE_MISSING",
    "consent_flag": "no column or constant says whether consent was given: every record is FLAG_UNKNOWN",
    "consented_at": "no column says when: no consent can be proved (PROOF_INCOMPLETE)",
    "form_version": "form_version_from names the field form_version, which is not mapped",
    "notice_id": "form_version_from names the field notice_id, which is not mapped",
    "source_record_id": "neither a number nor an id: every record is PHONE_MISSING",
}


def _missing_fields(feed: Feed) -> list[str]:
    if feed.kind == "withdrawals":
        return [] if _gives(feed, "phone") or _gives(feed, "source_record_id") else ["source_record_id"]
    needed = ["phone", "consent_flag", "consented_at"]
    if feed.form_version_from == "form_version":
        needed.append("form_version")
    if feed.form_version_from == "notice_id" and not _gives(feed, "notice_text"):
        needed.append("notice_id")
    return [field for field in needed if not _gives(feed, field)]


def _tells_of_notice(feed: Feed) -> bool:
    return feed.form_version_from != "none" or _gives(feed, "notice_text") or _gives(feed, "notice_id")


def _gives(feed: Feed, field: str) -> bool:
    labelled = field == "notice_text" and feed.notice_from_header is not None
    return field in feed.mapping or field in feed.constants or field in feed.choices or labelled
