"""Dossiers: what the company knows of a partner, as frozen records read and checked from its folder.

A dossier is `partner.yaml` with `notices/*.txt` beside it (partners README, section 1). A new key of that page
is a field here; feeds and transport have modules of their own. Since when a fact was known belongs to `consent.dossiers.dossier_snapshots`; what a
fact means for a consent, to `dbt_project`; how a feed's files are read, to `partners_ingest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal
from unicodedata import normalize

from configuration.documents import Document, DocumentInvalid, Fault, read_document
from configuration.field_types import AnyText, Day, Instant, Means, YesNo, written
from consent.dossiers.feeds import SECRET_COLUMNS as SECRET_COLUMNS
from consent.dossiers.feeds import ExportInstant as ExportInstant
from consent.dossiers.feeds import Feed, check_columns
from consent.dossiers.feeds import KnownBad as KnownBad
from consent.dossiers.transport import DROPPED, Transport
from terms.errors import UsageError
from terms.identifiers import digest


class DossierInvalid(UsageError):
    """A dossier that cannot be used: what is wrong with it, by file, line and key. `partner_id` is its folder's name."""

    def __init__(self, partner_id: str, fault: DocumentInvalid) -> None:
        super().__init__(fault.message, "The partner's files are held until its dossier is corrected.")
        self.partner_id = partner_id
        self.fault = fault

    def __reduce__(self) -> tuple[type[DossierInvalid], tuple[str, DocumentInvalid]]:
        """Let it go to the process of a delivery: an exception is made again of what its class asks for."""
        return type(self), (self.partner_id, self.fault)


@written()
@dataclass(frozen=True)
class Hop:
    """One party of the chain from the collector (first) to us (last)."""

    name: AnyText
    role: AnyText


@written()
@dataclass(frozen=True)
class Contract:
    """Days of the contract; `ends_on` is its last day, None = open."""

    signed_on: Day
    ends_on: Annotated[Day | None, Means("the last day; null: open")]


@written()
@dataclass(frozen=True)
class Audit:
    """One audit of a form version, or of the partner as a whole (`*`)."""

    on: Day
    auditor: AnyText
    form_version: Annotated[AnyText, Means("`*`: the partner as a whole")]
    finding: Literal["compliant", "pre_ticked", "single_button", "entry_requires_consent"]


@written()
@dataclass(frozen=True)
class BalancingTest:
    """The test that legitimate interest needs."""

    test_id: AnyText
    signed_on: Day
    shows_expectation: YesNo


@written()
@dataclass(frozen=True)
class FormVersion:
    """One version of a partner's form; the interval includes both ends, None = live or not stopped."""

    form_version: AnyText
    url: AnyText
    first_seen_at: Instant
    last_seen_at: Annotated[Instant | None, Means("last second included; null: live")]
    box_default: Literal["unticked", "ticked", "none"]
    act: Literal["tick", "button", "double_opt_in"]
    refusal_as_easy: YesNo
    bundled_with_entry: YesNo
    notice_id: Annotated[AnyText | None, Means("null: no text on file")]
    stopped_at: Instant | None = None


@written()
@dataclass(frozen=True)
class Recipient:
    """Who a notice names: `kind` is controller, sponsor, partner or category."""

    name: AnyText
    kind: Literal["controller", "sponsor", "partner", "category"]


@dataclass(frozen=True)
class Notice:
    """One text shown. `notice_id` = first 16 hex of sha256 of its NFC text, UTF-8, without final newline."""

    notice_id: str
    language: str
    text: str
    recipients: tuple[Recipient, ...]
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    mentions_targeting: bool
    targeting_by: tuple[str, ...]


@dataclass(frozen=True)
class Dossier:
    """All that we know of a partner; `sha256` changes with any byte of its files."""

    partner_id: str
    legal_name: str
    siren: str
    sensitivity: str
    legal_basis: str
    collected_directly: bool
    source_type: str | None
    balancing_test: BalancingTest | None
    chain: tuple[Hop, ...]
    contract: Contract
    audits: tuple[Audit, ...]
    form_versions: tuple[FormVersion, ...]
    notices: tuple[Notice, ...]
    feeds: tuple[Feed, ...]
    transport: Transport
    sha256: str


@dataclass(frozen=True)
class DossierSet:
    """The dossiers of a folder that can be used, by partner, and what is wrong with the others."""

    dossiers: Mapping[str, Dossier]
    problems: tuple[DossierInvalid, ...]


Targeting = Literal["address", "age", "sex", "area_results", "area_income"]

#: What a notice that speaks of targeting covers unless it says so itself (partners README, section 1).
_DEFAULT_TARGETING: tuple[Targeting, ...] = ("address", "age", "sex")


@written()
@dataclass(frozen=True)
class NoticeFile:
    """One text shown, as `partner.yaml` writes it; the text itself lies beside it."""

    notice_id: Annotated[AnyText, Means("first 16 hex of sha256 of the NFC text, UTF-8, without final newline")]
    file: Annotated[AnyText, Means("inside the partner's folder")]
    language: AnyText
    recipients: tuple[Recipient, ...]
    purposes: tuple[AnyText, ...]
    channels: tuple[AnyText, ...]
    mentions_targeting: YesNo
    targeting_by: Annotated[
        tuple[Targeting, ...] | None, Means("absent: address, age, sex, if the text mentions targeting")
    ] = None

    def to_notice(self, text: str) -> Notice:
        """Return the notice with its text."""
        told = _DEFAULT_TARGETING if self.targeting_by is None else self.targeting_by
        return Notice(
            notice_id=self.notice_id,
            language=self.language,
            text=text,
            recipients=self.recipients,
            purposes=self.purposes,
            channels=self.channels,
            mentions_targeting=self.mentions_targeting,
            targeting_by=told if self.mentions_targeting else (),
        )


@written(title="partner.yaml: what Filiation knows of a partner")
@dataclass(frozen=True)
class DossierFile:
    """One folder per partner: partner.yaml and notices/*.txt.

    Every text is in quotes where YAML would read it as a number or a truth value. What no single key can show (ids that
    stand twice, ids that mean nothing, a mapped column in no header, a notice whose text is not its id) is checked on
    reading.
    """

    partner_id: Annotated[AnyText, Means("the name of the folder")]
    legal_name: AnyText
    siren: AnyText
    sensitivity: AnyText
    legal_basis: Literal["consent", "legitimate_interest"]
    collected_directly: Annotated[YesNo, Means("true: we are joint controller on the form itself")]
    chain: Annotated[tuple[Hop, ...], Means("from the collector to us")]
    contract: Contract
    audits: tuple[Audit, ...]
    form_versions: tuple[FormVersion, ...]
    notices: tuple[NoticeFile, ...]
    feeds: tuple[Feed, ...]
    source_type: AnyText | None = None
    balancing_test: BalancingTest | None = None
    transport: Annotated[
        Transport | None,
        Means("how the files reach us; left out: dropped into the partner's account, complete when at rest"),
    ] = None


def read_dossiers(root: Path) -> DossierSet:
    """Read every partner's folder under `root`; a dossier that is wrong does not stop the others.

    Raises:
        UsageError: `root` is not a folder.
    """
    if not root.is_dir():
        raise UsageError(f"The folder of dossiers {root} does not exist.", "Give the folder that holds the partners.")
    dossiers: dict[str, Dossier] = {}
    problems: list[DossierInvalid] = []
    for folder in sorted(item for item in root.iterdir() if item.is_dir() and not item.name.startswith(".")):
        try:
            dossiers[folder.name] = read_dossier(folder)
        except DossierInvalid as problem:
            problems.append(problem)
    return DossierSet(MappingProxyType(dossiers), tuple(problems))


def read_dossier(folder: Path) -> Dossier:
    """Read and check one partner's folder.

    Raises:
        DossierInvalid: names file, line and key: unknown or missing key, wrong type or value, a notice whose
            file is missing or whose text does not hash to its id, a reference to nothing.
    """
    try:
        document = read_dossier_file(folder)
        faults = [*_faults_of_texts(document, folder), *_faults_of_references(document, folder)]
        if faults:
            raise DocumentInvalid(document.file, faults)
    except DocumentInvalid as error:
        raise DossierInvalid(folder.name, error) from None
    return _dossier(document.record, folder)


def read_dossier_file(folder: Path) -> Document[DossierFile]:
    """Read `partner.yaml` of a partner's folder as it is written.

    Raises:
        DocumentInvalid: names file, line and key of what is wrong.
    """
    return read_document(folder / "partner.yaml", DossierFile, f"{folder.name}/partner.yaml")


def find_faults(folder: Path) -> tuple[DocumentInvalid, ...]:
    """Return what makes a partner's folder unusable, in order of lines; none means that `read_dossier` reads it.

    What lies between keys and in the texts of notices is told once the keys by themselves are right.
    """
    try:
        read_dossier(folder)
    except DossierInvalid as error:
        return tuple(DocumentInvalid(error.fault.file, [fault]) for fault in error.fault.faults)
    return ()


def notice_id_of(text: str) -> str:
    """Return the id of a notice's text (partners README, section 1)."""
    return sha256(normalize("NFC", text).rstrip("\r\n").encode()).hexdigest()[:16]


def _dossier(file: DossierFile, folder: Path) -> Dossier:
    return Dossier(
        partner_id=file.partner_id,
        legal_name=file.legal_name,
        siren=file.siren,
        sensitivity=file.sensitivity,
        legal_basis=file.legal_basis,
        collected_directly=file.collected_directly,
        source_type=file.source_type,
        balancing_test=file.balancing_test,
        chain=file.chain,
        contract=file.contract,
        audits=file.audits,
        form_versions=file.form_versions,
        notices=tuple(notice.to_notice(_notice_text(folder, notice)) for notice in file.notices),
        feeds=file.feeds,
        transport=file.transport or DROPPED,
        sha256=_hash_files(folder),
    )


def _hash_files(folder: Path) -> str:
    files = [folder / "partner.yaml", *sorted((folder / "notices").glob("*.txt"))]
    return digest(*(f"{file.name}:{sha256(file.read_bytes()).hexdigest()}" for file in files))


def _notice_text(folder: Path, notice: NoticeFile) -> str:
    text = (folder / notice.file).read_bytes().decode("utf-8")
    return normalize("NFC", text).rstrip("\r\n")


def _faults_of_texts(document: Document[DossierFile], folder: Path) -> Iterator[Fault]:
    """Yield what is wrong with the files of notices: outside the folder, missing, no UTF-8, another text than its id."""
    for place, notice in enumerate(document.record.notices):
        path = ("notices", place, "file")
        if not (folder / notice.file).resolve().is_relative_to(folder.resolve()):
            yield document.fault("is outside the partner's folder", *path)
            continue
        try:
            found = notice_id_of(_notice_text(folder, notice))
        except OSError:
            yield document.fault(f"names the text {notice.file}, which is missing", *path)
        except UnicodeDecodeError:
            yield document.fault(f"names the text {notice.file}, which is not UTF-8", *path)
        else:
            if found != notice.notice_id:
                yield document.fault(
                    f"is not the id of {notice.file}: the text of it has {found}", "notices", place, "notice_id"
                )


def _faults_of_references(document: Document[DossierFile], folder: Path) -> Iterator[Fault]:
    """Yield what no single key can show: the folder's name, ids that are there twice, ids that mean nothing."""
    file = document.record
    if file.partner_id != folder.name:
        yield document.fault(f"is not the name of its folder ({folder.name})", "partner_id")
    notices, forms = (
        [notice.notice_id for notice in file.notices],
        [form.form_version for form in file.form_versions],
    )
    yield from _faults_of_ids(document, "notices", "notice_id", notices)
    yield from _faults_of_ids(document, "form_versions", "form_version", forms)
    yield from _faults_of_ids(document, "feeds", "feed_id", [feed.feed_id for feed in file.feeds])
    for place, form in enumerate(file.form_versions):
        if form.notice_id is not None and form.notice_id not in notices:
            yield document.fault(f"{form.notice_id!r} is not among the notices", "form_versions", place, "notice_id")
    for place, audit in enumerate(file.audits):
        if audit.form_version not in ("*", *forms):
            told = f"{audit.form_version!r} is not among the form versions"
            yield document.fault(told, "audits", place, "form_version")
    for place, feed in enumerate(file.feeds):
        for unfit in check_columns(feed):
            yield document.fault(unfit.what, "feeds", place, *unfit.path)


def _faults_of_ids(document: Document[DossierFile], key: str, id_key: str, ids: list[str]) -> Iterator[Fault]:
    for place, found in enumerate(ids):
        if found in ids[:place]:
            yield document.fault(f"{found!r} stands twice", key, place, id_key)
