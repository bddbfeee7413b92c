"""A delivery's way: land, preflight, read, type, judge the contract, write vault and lake, commit.

Only the order stands here; each step is a module of its own. The last transaction is the commit: what a crash
leaves before it is replaced by the next run. Scheduling and display belong to `assets`.
"""

from __future__ import annotations

import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
from sqlalchemy import Engine

from consent.dossiers.dossiers import Dossier, DossierSet, Feed
from partners_ingest.arrival.landing import Arrival
from partners_ingest.arrival.seal_marks import SealUnopened
from partners_ingest.arrival.seals import key_fingerprints
from partners_ingest.arrival.seen_files import SeenFiles
from partners_ingest.arrival.unpacking import (
    Container,
    container_of,
    count_zip_members,
    open_delivered,
    open_unpacked,
    unpack,
)
from partners_ingest.erased.erased_records import (
    Marks,
    load_marks,
    marked_lines,
)
from partners_ingest.erased.redaction import KeptDelivery, RedactionStores, redact_lines
from partners_ingest.intake import delivery_records as ledger
from partners_ingest.intake import preflight
from partners_ingest.intake.delivery_records import DeliveryRow, KnownDelivery
from partners_ingest.intake.drift import HISTORY, compare
from partners_ingest.intake.preflight import NamedFile
from partners_ingest.intake.quality import FeedCounts, QualityReport, judge_contract
from partners_ingest.readers.delivered_lines import Content, DeliveredLines, read_lines
from partners_ingest.readers.headers import fit_header, header_version
from partners_ingest.readers.records import LinesEnd, Reader
from partners_ingest.readers.registry import READER_VERSION, missing_capability, reader_for
from partners_ingest.readers.text_lines import first_bytes
from partners_ingest.readers.workbench import open_workbench
from partners_ingest.rows import delivery_facts as rows
from partners_ingest.rows.delivery_facts import ControlTotals, DeliveryFacts
from partners_ingest.rows.figures import Figures, figures_sql, read_figures, sum_figures
from partners_ingest.rows.record_batches import BatchReader, RecordSums
from partners_ingest.rows.row_batches import RowFiles, RowJudge
from stores.evidence.evidence_store import EvidenceStore, GrowingCommitments, Landed, LineCommitments
from stores.evidence.redactions import is_redacted, redacted_lines
from stores.home import Home, scratch_folder
from stores.keys import Keys
from stores.lake import Lake, reading_name
from stores.schemas import delivered_rows
from stores.vault import Vault
from terms import failpoint
from terms.canonical_json import canonical_json
from terms.clock import Clock, from_micros, to_micros
from terms.environment import NUMBER_RULES, Environment, NumberRules
from terms.errors import FiliationError
from terms.identifiers import DeliveryId, delivery_id, digest
from terms.paris import PARIS
from terms.reasons import FILE_OUTCOMES, FileOutcome, FileReason, FileWarning

Progress = Callable[[str], None]

#: Tests that a person may overrule by releasing the delivery: the file can be read, only its volume is odd.
RELEASABLE = frozenset({FileReason.ROW_COUNT_LOW, FileReason.ROW_COUNT_CHANGE})


class StillArriving(Exception):
    """The file changed or went between two looks at it: it is left for the next run."""


@dataclass(frozen=True)
class IntakeStores:
    """The stores that ingest writes."""

    home: Home
    keys: Keys
    engine: Engine
    evidence: EvidenceStore
    vault: Vault
    lake: Lake


@dataclass(frozen=True)
class DeliveryReport:
    """What became of one delivery in this run; counts and codes only. `detail` says what a reason leaves open.

    `header_version` says which of the feed's headers (1-based) the file has; None: none of them, or no header.
    """

    delivery_id: str
    partner_id: str
    file_name: str
    feed_id: str | None
    kind: str | None
    outcome: FileOutcome
    reason: FileReason | None
    data_rows: int | None
    accepted_rows: int | None
    quarantined_rows: int | None
    quality: QualityReport | None
    header_version: int | None
    detail: str | None


@dataclass(frozen=True)
class _Judged:
    """What the steps have found of a delivery so far; `reason` None = nothing against it."""

    reason: FileReason | None = None
    named: NamedFile | None = None
    container: Container | None = None
    content: Content | None = None
    commitments: LineCommitments | None = None
    fingerprint: str | None = None
    data_rows: int | None = None
    totals: ControlTotals | None = None
    quality: QualityReport | None = None
    header_version: int | None = None
    detail: str | None = None
    duplicate_of: str | None = None
    warnings: tuple[FileWarning, ...] = ()
    returned: tuple[str, ...] = ()  # marks of persons who came back with it
    erased: frozenset[int] = frozenset()  # its lines, once read, that tell of persons who were taken out


@dataclass(frozen=True)
class _Origin:
    """Where a delivery came from, and when."""

    partner_id: str
    file_name: str
    arrived_at: datetime


@dataclass(frozen=True)
class _Case:
    """One delivery on its way, with everything that its steps need."""

    stores: IntakeStores
    origin: _Origin
    dossiers: DossierSet
    rules: NumberRules
    scratch: Path
    delivery_id: DeliveryId
    sha256: str
    size: int
    known: KnownDelivery | None
    read_on: date
    judged_with: str
    marks: Marks
    at: datetime

    @property
    def dossier(self) -> Dossier | None:
        return self.dossiers.dossiers.get(self.origin.partner_id)

    @property
    def reading(self) -> int:
        return (self.known.reading if self.known else 0) + 1

    @property
    def is_released(self) -> bool:
        return self.known is not None and self.known.is_released


@dataclass(frozen=True)
class _Run:
    """What all deliveries of one run share."""

    stores: IntakeStores
    dossiers: DossierSet
    clock: Clock
    rules: NumberRules
    scratch: Path
    progress: Progress
    seen: SeenFiles
    marks: Marks
    seal_keys: tuple[str, ...]  # fingerprints of our private keys: with another one, a sealed file may open

    def judged_with(self, partner_id: str) -> str:
        """Return the hash of what a held delivery is judged with."""
        key = judgement_key(partner_id, self.dossiers)
        return digest(key, *self.seal_keys) if self.seal_keys else key


class _Failed(Exception):
    """A delivery that could not be judged, in words that hold no value of it."""


def take_in(
    stores: IntakeStores,
    arrivals: Sequence[Arrival],
    dossiers: DossierSet,
    clock: Clock,
    environment: Environment,
    progress: Progress,
) -> tuple[DeliveryReport, ...]:
    """Take in what is new among the arrivals, in their order, and return a report for each delivery handled.

    A delivery that was accepted, refused or found a duplicate is not touched again; a held one is judged again when
    its dossier or the readers changed or a person released it, an accepted one read again where a person asked for
    it. The caller holds the writer's lock.

    Args:
        stores: where everything is kept.
        arrivals: as `landing.scan_landing` gives them.
        dossiers: how to read each partner's files.
        clock: for the instant at which a delivery was taken in.
        environment: decides which invented numbers count as mobiles.
        progress: gets one line per delivery, without any value of a row.

    Raises:
        FiliationError: some deliveries could not be judged (a defect of ours, or of the disk); the others are
            committed, and the next run tries these again.
    """
    reports: list[DeliveryReport] = []
    failed: list[str] = []
    with scratch_folder(stores.home) as scratch:
        seen = SeenFiles(stores.engine)
        run = _Run(
            *(stores, dossiers, clock, NUMBER_RULES[environment], scratch, progress),
            seen,
            load_marks(stores.engine, stores.keys.suppression),
            _seal_keys(stores),
        )
        again = [partial(_read_again, run, known) for known in ledger.to_reread(stores.engine)]
        for step in (*again, *(partial(_take_one, run, arrival) for arrival in arrivals)):
            try:
                report = step()
            except _Failed as failure:
                failed.append(str(failure))
            else:
                if report is not None:
                    reports.append(report)
                    progress(_line(report))
        seen.keep()
    if failed:
        raise FiliationError(
            f"{len(failed)} deliveries could not be judged: {'; '.join(failed)}.",
            "Nothing of them was kept but the evidence; run the refresh again, and report it if it stays.",
        )
    return tuple(reports)


def _seal_keys(stores: IntakeStores) -> tuple[str, ...]:
    try:
        return tuple(key_fingerprints(stores.evidence.gpg_home))
    except SealUnopened:  # GnuPG is not there: sealed files are held and say so
        return ()


def _named(run: _Run, arrival: Arrival) -> str:
    """Name a file by its delivery: its own name is the partner's text, and this goes to logs."""
    try:
        return f"delivery {_identity(run, arrival)} of {arrival.partner_id}"
    except OSError:
        return f"a file of {arrival.partner_id} that cannot be opened"


@contextmanager
def _naming(name: Callable[[], str]) -> Iterator[None]:
    """Turn what goes wrong into words that name the delivery; it is told once all others are in."""
    try:
        yield
    except StillArriving:
        raise
    except FiliationError as error:
        raise _Failed(f"{name()}: {error.message}") from None
    except Exception as error:
        raise _Failed(f"{name()}: {_describe(error)}") from None


def _describe(error: Exception) -> str:
    """Say what went wrong and where in the code, never the text: a database error quotes the cell it stumbled on."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"


def judgement_key(partner_id: str, dossiers: DossierSet) -> str:
    """Return the hash of what a held delivery is judged with: the partner's dossier and the readers' version."""
    dossier = dossiers.dossiers.get(partner_id)
    problems = [problem.message for problem in dossiers.problems if problem.partner_id == partner_id]
    return digest(dossier.sha256 if dossier else "", *problems, READER_VERSION)


def _take_one(run: _Run, arrival: Arrival) -> DeliveryReport | None:
    """Take in one file of the landing folder, or leave it: known already, or changing under our eyes."""
    try:
        with _naming(lambda: _named(run, arrival)):
            return _take_new(run, arrival)
    except StillArriving:
        run.progress(f"{arrival.partner_id}: a file changed while it was read; it is taken in when it is complete")
        return None


def _take_new(run: _Run, arrival: Arrival) -> DeliveryReport | None:
    try:
        identity = _identity(run, arrival)
    except FileNotFoundError:
        raise StillArriving from None
    known = ledger.find_known(run.stores.engine, identity)
    if known is not None and _is_settled(known, run.judged_with(arrival.partner_id)):
        return None
    if known is not None and is_redacted(
        run.stores.engine, identity
    ):  # what lies in the landing folder was erased here
        landed = Landed(identity, known.sha256, known.bytes)
    else:
        landed = _land(run.stores.evidence, arrival, identity)
    failpoint.reach("delivery.landed")
    origin = _Origin(arrival.partner_id, arrival.file_name, _received_at(arrival, known, run.clock.now()))
    case = _case(run, origin, landed, known)
    return _commit(case, _judge(case), run.clock.now())


def _received_at(arrival: Arrival, known: KnownDelivery | None, now: datetime) -> datetime:
    """Return from when the rows are known: never later than they are taken in, or they would wait for a clock ahead of ours.

    A copied folder has the times of the copy, and a server's clock may be wrong; a withdrawal must not wait for either.
    """
    return min(arrival.arrived_at, from_micros(known.arrived_at) if known else now, now)


def _read_again(run: _Run, known: KnownDelivery) -> DeliveryReport | None:
    """Read an accepted delivery again from its evidence; if that gives no rows, the reading before stands."""
    with _naming(lambda: f"delivery {known.delivery_id} of {known.partner_id}"):
        origin = _Origin(known.partner_id, known.file_name, from_micros(known.arrived_at))
        case = _case(run, origin, Landed(DeliveryId(known.delivery_id), known.sha256, known.bytes), known)
        judged = _judge(case)
        if judged.reason is None:
            return _commit(case, judged, run.clock.now())
        ledger.keep_reading(run.stores.engine, known.delivery_id, judged.reason, run.clock.now())
        run.progress(f"delivery {known.delivery_id} could not be read again: {judged.reason.value}")
        return None


def _case(run: _Run, origin: _Origin, landed: Landed, known: KnownDelivery | None) -> _Case:
    now = run.clock.now()
    return _Case(
        *(run.stores, origin, run.dossiers, run.rules, run.scratch),
        *(landed.delivery_id, landed.sha256, landed.bytes, known),
        now.astimezone(PARIS).date(),
        run.judged_with(origin.partner_id),
        run.marks,
        now,
    )


def _land(evidence: EvidenceStore, arrival: Arrival, identity: DeliveryId) -> Landed:
    """Keep the bytes that were hashed; of a file that changed meanwhile, nothing is kept."""

    def still_the_same(file_sha256: str) -> DeliveryId:
        found = delivery_id(arrival.partner_id, arrival.file_name, file_sha256)
        if found != identity:
            raise StillArriving
        return found

    try:
        return evidence.land(arrival.path, still_the_same)
    except FileNotFoundError:
        raise StillArriving from None


def _identity(run: _Run, arrival: Arrival) -> DeliveryId:
    return delivery_id(arrival.partner_id, arrival.file_name, run.seen.sha256_of(arrival))


def _is_settled(known: KnownDelivery, judged_with: str) -> bool:
    if known.outcome is not FileOutcome.HELD:
        return True
    return known.judged_with == judged_with and not known.is_newly_released


def _judge(case: _Case) -> _Judged:
    """Run the tests that need no row, then those on the rows; the first that bites decides."""
    if case.size == 0:
        named = preflight.name_file(case.dossier, case.origin.file_name) if case.dossier else None
        return _Judged(FileReason.FILE_EMPTY, named)
    if any(problem.partner_id == case.origin.partner_id for problem in case.dossiers.problems):
        return _judge_bytes(case, _Judged(FileReason.DOSSIER_INVALID))
    named = preflight.name_file(case.dossier, case.origin.file_name) if case.dossier else None
    return _judge_bytes(case, _Judged(None if named else FileReason.UNKNOWN_FILE, named))


def _judge_bytes(case: _Case, judged: _Judged) -> _Judged:
    """Unpack, keep the line commitments, and go on to the content if nothing is against the file yet."""
    try:
        delivered = open_delivered(case.stores.evidence, case.delivery_id)
    except SealUnopened as seal:
        return replace(judged, reason=judged.reason or seal.reason)
    with delivered:
        return _judge_delivered(case, judged, delivered)


def _judge_delivered(case: _Case, judged: _Judged, delivered: BinaryIO) -> _Judged:
    container = container_of(delivered.read(4), judged.named.feed if judged.named else None)
    damage = _check_zip(delivered) if container is Container.ZIP else None
    judged = replace(judged, container=container)
    if damage is not None:
        return replace(judged, reason=judged.reason or damage)
    with (
        open_workbench(case.scratch, case.stores.vault) as bench,
        _commitments(case) as commitments,
        unpack(delivered, container) as unpacked,
    ):
        feed = judged.named.feed if judged.named else None
        lines = DeliveredLines(bench, unpacked, feed, _line_keeper(case, bench, commitments))
        judged = _judge_lines(_Opened(case, judged, bench, lines, commitments))
    _take_out_erased(case, judged)
    return judged


@dataclass(frozen=True)
class _Opened:
    """A delivery whose lines are being read; `judged` is what was found before any line was."""

    case: _Case
    judged: _Judged
    bench: duckdb.DuckDBPyConnection
    lines: DeliveredLines
    commitments: GrowingCommitments

    @cached_property
    def whole(self) -> _Judged:
        """What all bytes show, and the commitments to them; what no reader asked for is read to its end.

        What is against the whole stands above what is against a record or a header.
        """
        content, judged = self.lines.content(), self.judged
        assert judged.container is not None
        if content.is_damaged:
            damaged = FileReason.FORMAT_MISMATCH if judged.container.is_table else FileReason.GZIP_TRUNCATED
            return replace(judged, reason=judged.reason or damaged)
        if content.size == 0:
            return replace(judged, content=content, reason=FileReason.FILE_EMPTY)
        if judged.container.is_table:  # the lines are ours; what decides duplicates is what the partner sent
            content = replace(content, sha256=self.case.sha256)
        judged = replace(judged, content=content, commitments=_commit_lines(self, content))
        failpoint.reach("delivery.lines_committed")
        return judged if judged.reason else _judge_repeated(self.case, judged, content.sha256)

    def completed(self, judged: _Judged) -> _Judged:
        """Return what was found in the lines, with what all of them show."""
        return replace(judged, content=self.whole.content, commitments=self.whole.commitments)


def _judge_lines(opened: _Opened) -> _Judged:
    """Judge what stands in the lines. Of several batches the end is known last, and stands first all the same."""
    if opened.judged.reason or (opened.lines.is_whole and opened.whole.reason):
        return opened.whole
    found = _judge_content(opened)
    return opened.whole if opened.whole.reason else opened.completed(found)


def _judge_repeated(case: _Case, judged: _Judged, sha256: str) -> _Judged:
    repeated = _find_repeated(case, "content_sha256", sha256)
    return replace(judged, reason=FileReason.DUPLICATE_BYTES, duplicate_of=repeated) if repeated else judged


@contextmanager
def _commitments(case: _Case) -> Iterator[GrowingCommitments]:
    """Give the files that commit to lines of several batches; what is not finished within the block never appears."""
    growing = case.stores.evidence.grow_commitments(case.delivery_id, case.stores.vault)
    try:
        yield growing
    finally:
        growing.abandon()


def _line_keeper(
    case: _Case, bench: duckdb.DuckDBPyConnection, commitments: GrowingCommitments
) -> Callable[[pa.Table], None]:
    """Return what commits to a batch of lines; of a delivery that is committed to already, it notes their places to compare."""
    if case.known is None or case.known.evidence_root is None:
        return commitments.append
    bench.execute("create table line_places (line_number bigint, byte_offset bigint, byte_length bigint)")
    beside = bench.cursor()  # lines are read in a thread of their own

    def keep(lines: pa.Table) -> None:
        commitments.append(lines)
        beside.register("line_places_batch", lines.select(["line_number", "byte_offset", "byte_length"]))
        beside.execute("insert into line_places select * from line_places_batch")
        beside.unregister("line_places_batch")

    return keep


def _lines_again(case: _Case, judged: _Judged) -> Iterator[pa.Table]:
    """Yield the lines of a delivery from its evidence, batch by batch."""
    assert judged.container is not None and judged.content is not None
    with open_unpacked(case.stores.evidence, case.delivery_id, judged.container) as unpacked:
        yield from read_lines(unpacked, judged.content.encoding.unit)


def _take_out_erased(case: _Case, judged: _Judged) -> None:
    """Take the lines of persons who were taken out from the evidence again, whatever became of the delivery.

    A held one may yet be read, and tell something later of who was purged.
    """
    if judged.commitments is None or judged.container is None or judged.content is None:
        return  # its bytes are no lines; nobody was read from it
    is_held = judged.reason is not None and FILE_OUTCOMES[judged.reason] is FileOutcome.HELD
    marks = case.marks.closed() if is_held else case.marks
    found = set(judged.erased) if judged.totals is not None else _marked(case, judged, marks)
    kept = KeptDelivery(case.delivery_id, judged.container, judged.content.encoding.name, has_lines=True)
    stores = RedactionStores(case.stores.home, case.stores.engine, case.stores.evidence, case.stores.vault)
    if found - redacted_lines(case.stores.engine, case.delivery_id):
        redact_lines(stores, kept, found, case.at)


def _marked(case: _Case, judged: _Judged, marks: Marks) -> set[int]:
    """Look for numbers that are marked in the lines of a delivery that no reader typed."""
    if not marks:
        return set()
    return {
        line
        for batch in _lines_again(case, judged)
        for line in marked_lines(
            zip(batch.column("line_number").to_pylist(), batch.column("raw").to_pylist(), strict=True), marks
        )
    }


def _check_zip(delivered: BinaryIO) -> FileReason | None:
    try:
        members = count_zip_members(delivered)
    except zipfile.BadZipFile:
        return FileReason.FORMAT_MISMATCH
    if members > 1:
        return FileReason.ZIP_MULTIPLE_MEMBERS
    return None if members else FileReason.FORMAT_MISMATCH


def _commit_lines(opened: _Opened, content: Content) -> LineCommitments | None:
    """Commit to the lines once: a delivery that is judged or read again keeps the root that the journal has.

    Where its dossier now says another encoding, the lines are others, and so is their root.

    An archive or table where another format is declared has no lines to commit to.
    """
    case, known, evidence = opened.case, opened.case.known, opened.case.stores.evidence
    if known is not None and known.evidence_root is not None and known.line_count is not None:
        places = "lines" if opened.lines.is_whole else "line_places"
        if evidence.has_committed(opened.bench, case.delivery_id, places):
            return LineCommitments(known.line_count, known.evidence_root)
    if preflight.is_table_file(opened.lines.head):
        return None
    if opened.commitments.is_begun:
        return opened.commitments.finish(content.root)
    return evidence.commit_lines(opened.bench, case.delivery_id, "lines", content.root, case.stores.vault)


def _judge_content(opened: _Opened) -> _Judged:
    case, judged = opened.case, opened.judged
    assert judged.named and judged.container  # a file without feed ended before
    feed, container = judged.named.feed, judged.container
    if container is Container.NONE and not is_redacted(case.stores.engine, case.delivery_id):
        judged = _judge_repeated(case, judged, case.sha256)  # not packed: known before the last line is read
    if judged.reason is not None:
        return judged
    reason = preflight.check_content(opened.lines.head, feed, container)
    if reason is not None:
        return replace(judged, reason=reason)
    reader = reader_for(feed)
    if reader is None:
        return replace(judged, reason=FileReason.NO_READER, detail=missing_capability(feed))
    return _judge_records(opened, reader)


def _judge_records(opened: _Opened, reader: Reader) -> _Judged:
    case, bench, judged = opened.case, opened.bench, opened.judged
    assert judged.named is not None and case.dossier is not None
    feed = judged.named.feed
    header = reader.read_header(bench, feed)
    judged = replace(
        judged, warnings=preflight.warnings_of(bench, header, feed), header_version=header_version(header, feed)
    )
    reason = preflight.check_header(header, first_bytes(bench), feed, case.dossier, case.dossiers.dossiers)
    if reason is FileReason.WRONG_PARTNER:
        return replace(judged, reason=reason)
    if reason is FileReason.UNKNOWN_HEADER:
        judged = replace(judged, detail=preflight.describe_unknown(header, first_bytes(bench), feed))
    header = fit_header(header, feed) or header
    batches = BatchReader(reader, feed, header, preflight.known_bad_export(header, feed))
    return _judge_batches(opened, replace(judged, reason=reason), batches)


def _judge_batches(opened: _Opened, judged: _Judged, batches: BatchReader) -> _Judged:
    """Read the records and judge their rows, batch by batch; what is against the whole file shows with its last batch."""
    case, bench = opened.case, opened.bench
    assert judged.named is not None
    judge = _row_judge(case, bench, judged.named)
    with _row_files(case, bench, judged.named.feed.kind) as files:
        for end, sums in batches.read(bench, opened.lines):
            if end is LinesEnd.FILE:
                if opened.whole.reason is not None:
                    return opened.whole
                judged = _judge_records_whole(case, opened.completed(judged), batches, sums)
            if judged.reason is None:
                judge.judge()
                if end is LinesEnd.BATCH:
                    files.append()
        return judged if judged.reason else _judge_rows(case, bench, judged, judge, batches.header.lines, files)


def _judge_records_whole(case: _Case, judged: _Judged, batches: BatchReader, sums: RecordSums) -> _Judged:
    """Run the tests on all records of the file that need no row."""
    judged = replace(judged, data_rows=sums.records)
    if batches.bad is not None and sums.is_spoilt:
        return replace(judged, reason=FileReason.KNOWN_BAD_EXPORT)
    if judged.reason is not None:
        return judged
    judged = replace(judged, fingerprint=sums.fingerprint(batches.header))
    repeated = _find_repeated(case, "content_fingerprint", judged.fingerprint)
    if repeated is not None:
        return replace(judged, reason=FileReason.DUPLICATE_CONTENT, duplicate_of=repeated)
    return judged


def _row_judge(case: _Case, bench: duckdb.DuckDBPyConnection, named: NamedFile) -> RowJudge:
    engine = case.stores.engine
    redacted = frozenset(redacted_lines(engine, case.delivery_id))
    judge = RowJudge(bench, _facts(case, named), case.rules, case.stores.keys, engine, case.marks, redacted)
    judge.begin()
    return judge


@contextmanager
def _row_files(case: _Case, bench: duckdb.DuckDBPyConnection, kind: str) -> Iterator[RowFiles]:
    """Give the files of this reading; what is not finished within the block never appears."""
    name = reading_name(case.delivery_id, case.reading)
    files = RowFiles(bench, case.stores.vault, case.stores.lake, name, kind)
    try:
        yield files
    finally:
        files.abandon()


def _judge_rows(
    case: _Case, bench: duckdb.DuckDBPyConnection, judged: _Judged, judge: RowJudge, header_lines: int, files: RowFiles
) -> _Judged:
    """Judge what all rows add up to, and let their files appear unless that holds the delivery."""
    assert judged.named is not None and judged.content is not None
    feed = judged.named.feed
    totals = rows.control_totals(judge.counts, judged.content.lines, header_lines)
    quality = _judge_quality(case, feed, totals, sum_figures(bench, feed.kind, case.stores.keys))
    judged = replace(
        judged,
        totals=totals,
        quality=quality,
        returned=tuple(sorted(judge.returned)),
        erased=frozenset(judge.erased),
    )
    name = reading_name(case.delivery_id, case.reading)
    case.stores.lake.write(bench, delivered_rows.DELIVERY_FIGURES, name, figures_sql())
    if quality.hold is not None and not (case.is_released and quality.hold in RELEASABLE):
        return replace(judged, reason=quality.hold)
    files.finish_vault()
    failpoint.reach("delivery.vault_written")
    files.finish_lake()
    failpoint.reach("delivery.lake_written")
    return judged


def _judge_quality(case: _Case, feed: Feed, totals: ControlTotals, figures: Figures) -> QualityReport:
    before = ledger.accepted_before(case.stores.engine, case.origin.partner_id, feed.feed_id, case.delivery_id, HISTORY)
    names = [reading_name(earlier.delivery_id, earlier.reading) for earlier in before]
    counts = FeedCounts(
        records=totals.data_rows,
        records_before=before[0].data_rows if before else None,
        drifts=compare(figures, read_figures(case.stores.lake, names)),
    )
    return judge_contract(feed, counts)


def _commit(case: _Case, judged: _Judged, now: datetime) -> DeliveryReport:
    outcome = FILE_OUTCOMES[judged.reason] if judged.reason else FileOutcome.ACCEPTED
    totals = judged.totals if outcome is FileOutcome.ACCEPTED else None
    feed = judged.named.feed if judged.named else None
    row = DeliveryRow(
        delivery_id=case.delivery_id,
        partner_id=case.origin.partner_id,
        feed_id=feed.feed_id if feed else None,
        kind=feed.kind if feed else None,
        mode=feed.mode if feed else None,
        file_name=case.origin.file_name,
        sha256=case.sha256,
        bytes=case.size,
        container=judged.container.value if judged.container else None,
        encoding=judged.content.encoding.name if judged.commitments and judged.content else None,
        encoding_rule=judged.content.encoding.rule.value if judged.commitments and judged.content else None,
        **_content_identity(case, judged),
        duplicate_of=judged.duplicate_of,
        warnings_json=canonical_json([warning.value for warning in judged.warnings]),
        outcome=outcome.value,
        reason=judged.reason.value if judged.reason else None,
        data_rows=None if outcome is FileOutcome.DUPLICATE else judged.data_rows,  # told with the first of them
        accepted_rows=totals.accepted_rows if totals else None,
        quarantined_rows=totals.quarantined_rows if totals else None,
        reading=case.reading if outcome is FileOutcome.ACCEPTED else 0,
        judged_with=case.judged_with,
        line_count=judged.commitments.lines if judged.commitments else None,
        evidence_root=judged.commitments.root if judged.commitments else None,
        exported_at=ledger.micros(judged.named.exported_at if judged.named else None),
        arrived_at=to_micros(case.origin.arrived_at),
        taken_in_at=to_micros(now),
    )
    ledger.commit(case.stores.engine, row, now, judged.returned if totals else ())
    failpoint.reach("delivery.committed")
    return _report(row, judged)


def _content_identity(case: _Case, judged: _Judged) -> dict[str, str | None]:
    """Return what duplicates are known by: of a delivery that was redacted, what it was as it came."""
    if case.known is not None and is_redacted(case.stores.engine, case.delivery_id):
        return {
            "content_sha256": case.known.content_sha256,
            "content_fingerprint": case.known.content_fingerprint or judged.fingerprint,
        }
    return {
        "content_sha256": judged.content.sha256 if judged.content else None,
        "content_fingerprint": judged.fingerprint,
    }


def _report(row: DeliveryRow, judged: _Judged) -> DeliveryReport:
    return DeliveryReport(
        delivery_id=row.delivery_id,
        partner_id=row.partner_id,
        file_name=row.file_name,
        feed_id=row.feed_id,
        kind=row.kind,
        outcome=FileOutcome(row.outcome),
        reason=judged.reason,
        data_rows=row.data_rows,
        accepted_rows=row.accepted_rows,
        quarantined_rows=row.quarantined_rows,
        quality=judged.quality,
        header_version=judged.header_version,
        detail=judged.detail,
    )


def _line(report: DeliveryReport) -> str:
    """Return the progress line of a delivery: ids, codes and counts; a file's name is the partner's text."""
    told = f"delivery {report.delivery_id} of {report.partner_id}: {report.outcome.value}"
    if report.reason is not None:
        return f"{told} {report.reason.value}{f' ({report.detail})' if report.detail else ''}"
    return f"{told}, {report.accepted_rows} rows accepted, {report.quarantined_rows} quarantined"


def _facts(case: _Case, named: NamedFile) -> DeliveryFacts:
    origin = case.origin
    return DeliveryFacts(
        case.delivery_id, origin.partner_id, named.feed, named.exported_at, origin.arrived_at, case.read_on
    )


def _find_repeated(case: _Case, column: str, value: str | None) -> str | None:
    with case.stores.engine.connect() as work:
        return preflight.find_duplicate(work, case.origin.partner_id, case.delivery_id, column, value)
