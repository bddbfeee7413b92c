"""Dossiers: what the company knows of a partner, as frozen records read and checked from its folder.

A dossier is `partner.yaml` with `notices/*.txt` beside it (partners README, section 1). A new key of that page
is a field here and a line in its reader; feeds and transport have modules of their own. Since when a fact was known belongs to `consent.dossiers.dossier_snapshots`; what a
fact means for a consent, to `dbt_project`; how a feed's files are read, to `partners_ingest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from unicodedata import normalize

from configuration.marked_yaml import Marked, MarkedValueError, read_marked
from consent.dossiers.feeds import SECRET_COLUMNS as SECRET_COLUMNS
from consent.dossiers.feeds import ExportInstant as ExportInstant
from consent.dossiers.feeds import Feed as Feed
from consent.dossiers.feeds import KnownBad as KnownBad
from consent.dossiers.feeds import check_columns, read_feed
from consent.dossiers.transport import Transport, read_transport
from terms.errors import UsageError
from terms.identifiers import digest


class DossierInvalid(UsageError):
    """A dossier that cannot be used; says file, line and key. `partner_id` is its folder's name."""

    def __init__(self, partner_id: str, fault: MarkedValueError) -> None:
        super().__init__(fault.message, "The partner's files are held until its dossier is corrected.")
        self.partner_id = partner_id
        self.line = fault.line
        self.key = fault.key


@dataclass(frozen=True)
class Hop:
    """One party of the chain from the collector (first) to us (last)."""

    name: str
    role: str


@dataclass(frozen=True)
class Contract:
    """Days of the contract; `ends_on` is its last day, None = open."""

    signed_on: date
    ends_on: date | None


@dataclass(frozen=True)
class Audit:
    """One audit of a form version, or of the partner as a whole (`*`)."""

    on: date
    auditor: str
    form_version: str
    finding: str


@dataclass(frozen=True)
class BalancingTest:
    """The test that legitimate interest needs."""

    test_id: str
    signed_on: date
    shows_expectation: bool


@dataclass(frozen=True)
class FormVersion:
    """One version of a partner's form; the interval includes both ends, None = live or not stopped."""

    form_version: str
    url: str
    first_seen_at: datetime
    last_seen_at: datetime | None
    stopped_at: datetime | None
    box_default: str
    act: str
    refusal_as_easy: bool
    bundled_with_entry: bool
    notice_id: str | None


@dataclass(frozen=True)
class Recipient:
    """Who a notice names: `kind` is controller, sponsor, partner or category."""

    name: str
    kind: str


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


#: What a notice that speaks of targeting covers unless it says so itself (partners README, section 1).
_DEFAULT_TARGETING = ("address", "age", "sex")
_TARGETING = (*_DEFAULT_TARGETING, "area_results", "area_income")


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
    name = f"{folder.name}/partner.yaml"
    try:
        top = read_marked(folder / "partner.yaml", name)
        dossier = _read_partner(top, folder)
        _check_references(top, dossier, folder)
    except MarkedValueError as error:
        raise DossierInvalid(folder.name, error) from None
    return dossier


def find_faults(folder: Path) -> tuple[DossierInvalid, ...]:
    """Return what makes a partner's folder unusable, in order of lines: the first fault of each entry, then of the whole.

    For a person who corrects the file; none means that `read_dossier` reads it.
    """
    faults = {(fault.line, fault.key): fault for fault in _faults_of_entries(folder)}
    try:
        read_dossier(folder)
    except DossierInvalid as fault:
        faults.setdefault((fault.line, fault.key), fault)
    return tuple(sorted(faults.values(), key=lambda fault: fault.line or 0))


def _faults_of_entries(folder: Path) -> Iterator[DossierInvalid]:
    """Yield the first fault of each entry of the lists, where the file can be read at all."""
    readers: Mapping[str, Callable[[Marked], object]] = {
        "chain": _read_hop,
        "audits": _read_audit,
        "form_versions": _read_form_version,
        "notices": partial(_read_notice, folder=folder),
        "feeds": read_feed,
    }
    try:
        entries = read_marked(folder / "partner.yaml", f"{folder.name}/partner.yaml").entries()
    except MarkedValueError:
        return
    for key, read in readers.items():
        for item in entries[key].items() if key in entries and entries[key].is_list() else ():
            try:
                read(item)
            except MarkedValueError as error:
                yield DossierInvalid(folder.name, error)


def notice_id_of(text: str) -> str:
    """Return the id of a notice's text (partners README, section 1)."""
    return sha256(normalize("NFC", text).rstrip("\r\n").encode()).hexdigest()[:16]


def _read_partner(top: Marked, folder: Path) -> Dossier:
    keys = top.keys(
        frozenset(
            "partner_id legal_name siren sensitivity legal_basis collected_directly chain contract audits"
            " form_versions notices feeds".split()
        ),
        frozenset({"source_type", "balancing_test", "transport"}),
    )
    test = keys.get("balancing_test")
    source_type = keys.get("source_type")
    return Dossier(
        partner_id=keys["partner_id"].text(),
        legal_name=keys["legal_name"].text(),
        siren=keys["siren"].text(),
        sensitivity=keys["sensitivity"].text(),
        legal_basis=keys["legal_basis"].one_of("consent", "legitimate_interest"),
        collected_directly=keys["collected_directly"].boolean(),
        source_type=source_type.optional_text() if source_type else None,
        balancing_test=_read_balancing_test(test) if test and not test.is_null() else None,
        chain=tuple(_read_hop(item) for item in keys["chain"].items()),
        contract=_read_contract(keys["contract"]),
        audits=tuple(_read_audit(item) for item in keys["audits"].items()),
        form_versions=tuple(_read_form_version(item) for item in keys["form_versions"].items()),
        notices=tuple(_read_notice(item, folder) for item in keys["notices"].items()),
        feeds=tuple(read_feed(item) for item in keys["feeds"].items()),
        transport=read_transport(keys.get("transport")),
        sha256=_hash_files(folder),
    )


def _hash_files(folder: Path) -> str:
    files = [folder / "partner.yaml", *sorted((folder / "notices").glob("*.txt"))]
    return digest(*(f"{file.name}:{sha256(file.read_bytes()).hexdigest()}" for file in files))


def _read_hop(item: Marked) -> Hop:
    keys = item.keys(frozenset({"name", "role"}))
    return Hop(keys["name"].text(), keys["role"].text())


def _read_contract(item: Marked) -> Contract:
    keys = item.keys(frozenset({"signed_on", "ends_on"}))
    ends = keys["ends_on"]
    return Contract(keys["signed_on"].day(), None if ends.is_null() else ends.day())


def _read_audit(item: Marked) -> Audit:
    keys = item.keys(frozenset({"on", "auditor", "form_version", "finding"}))
    finding = keys["finding"].one_of("compliant", "pre_ticked", "single_button", "entry_requires_consent")
    return Audit(keys["on"].day(), keys["auditor"].text(), keys["form_version"].text(), finding)


def _read_balancing_test(item: Marked) -> BalancingTest:
    keys = item.keys(frozenset({"test_id", "signed_on", "shows_expectation"}))
    return BalancingTest(keys["test_id"].text(), keys["signed_on"].day(), keys["shows_expectation"].boolean())


def _read_form_version(item: Marked) -> FormVersion:
    keys = item.keys(
        frozenset(
            "form_version url first_seen_at last_seen_at box_default act refusal_as_easy bundled_with_entry"
            " notice_id".split()
        ),
        frozenset({"stopped_at"}),
    )
    return FormVersion(
        form_version=keys["form_version"].text(),
        url=keys["url"].text(),
        first_seen_at=keys["first_seen_at"].instant(),
        last_seen_at=_optional_instant(keys["last_seen_at"]),
        stopped_at=_optional_instant(keys.get("stopped_at")),
        box_default=keys["box_default"].one_of("unticked", "ticked", "none"),
        act=keys["act"].one_of("tick", "button", "double_opt_in"),
        refusal_as_easy=keys["refusal_as_easy"].boolean(),
        bundled_with_entry=keys["bundled_with_entry"].boolean(),
        notice_id=keys["notice_id"].optional_text(),
    )


def _optional_instant(item: Marked | None) -> datetime | None:
    return None if item is None or item.is_null() else item.instant()


def _read_notice(item: Marked, folder: Path) -> Notice:
    keys = item.keys(
        frozenset("notice_id file language recipients purposes channels mentions_targeting".split()),
        frozenset({"targeting_by"}),
    )
    mentions = keys["mentions_targeting"].boolean()
    return Notice(
        notice_id=keys["notice_id"].text(),
        language=keys["language"].text(),
        text=_read_notice_text(keys["file"], keys["notice_id"], folder),
        recipients=tuple(_read_recipient(recipient) for recipient in keys["recipients"].items()),
        purposes=keys["purposes"].texts(),
        channels=keys["channels"].texts(),
        mentions_targeting=mentions,
        targeting_by=_read_targeting(keys.get("targeting_by"), mentions),
    )


def _read_notice_text(file: Marked, notice_id: Marked, folder: Path) -> str:
    path = (folder / file.text()).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise file.fail("the notice lies outside the partner's folder")
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError:
        raise file.fail(f"the notice {file.text()} is missing") from None
    except UnicodeDecodeError:
        raise file.fail(f"the notice {file.text()} is not UTF-8") from None
    found = notice_id_of(text)
    if found != notice_id.text():
        raise notice_id.fail(f"the text of {file.text()} has the id {found}")
    return normalize("NFC", text).rstrip("\r\n")


def _read_targeting(item: Marked | None, mentions: bool) -> tuple[str, ...]:
    if not mentions:
        return ()
    if item is None or item.is_null():
        return _DEFAULT_TARGETING
    return tuple(value.one_of(*_TARGETING) for value in item.items())


def _read_recipient(item: Marked) -> Recipient:
    keys = item.keys(frozenset({"name", "kind"}))
    return Recipient(keys["name"].text(), keys["kind"].one_of("controller", "sponsor", "partner", "category"))


def _check_references(top: Marked, dossier: Dossier, folder: Path) -> None:
    """Check what no single key can show: the folder's name, ids that are there twice, ids that mean nothing."""
    keys = top.entries()
    if dossier.partner_id != folder.name:
        raise keys["partner_id"].fail(f"the folder is called {folder.name!r}")
    notices = [notice.notice_id for notice in dossier.notices]
    forms = [form.form_version for form in dossier.form_versions]
    _check_unique(keys["notices"], "notice_id", notices)
    _check_unique(keys["form_versions"], "form_version", forms)
    _check_unique(keys["feeds"], "feed_id", [feed.feed_id for feed in dossier.feeds])
    for item, form in zip(keys["form_versions"].items(), dossier.form_versions, strict=True):
        if form.notice_id is not None and form.notice_id not in notices:
            raise item.fail(f"notice_id {form.notice_id!r} is not among the notices")
    for item, audit in zip(keys["audits"].items(), dossier.audits, strict=True):
        if audit.form_version not in ("*", *forms):
            raise item.fail(f"form_version {audit.form_version!r} is not among the form versions")
    for item, feed in zip(keys["feeds"].items(), dossier.feeds, strict=True):
        check_columns(item, feed)


def _check_unique(items: Marked, key: str, ids: list[str]) -> None:
    for index, (item, found) in enumerate(zip(items.items(), ids, strict=True)):
        if found in ids[:index]:
            raise item.fail(f"{key} {found!r} stands twice")
