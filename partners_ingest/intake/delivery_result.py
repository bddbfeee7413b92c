"""What the steps of a delivery return: what each found, or why the delivery stops there; and what a run reports.

All of it is data: counts, codes, hashes and line numbers, never a value of a row. The steps themselves are in
`partners_ingest.intake.steps`.
"""

from __future__ import annotations

from dataclasses import dataclass

from consent.dossiers.feeds import Feed, KnownBad
from partners_ingest.arrival.unpacking import Container
from partners_ingest.intake.preflight import NamedFile
from partners_ingest.intake.quality import QualityReport
from partners_ingest.readers.delivered_lines import Content
from partners_ingest.readers.records import Header, Reader
from partners_ingest.rows.delivery_facts import ControlTotals
from stores.evidence.evidence_store import LineCommitments
from terms.reasons import FILE_OUTCOMES, FileOutcome, FileReason, FileWarning

_ORDER = {reason: position for position, reason in enumerate(FileReason)}


@dataclass(frozen=True)
class Stop:
    """Why a delivery goes no further.

    `detail` says in words what the reason leaves open, `duplicate_of` which delivery this one repeats.
    """

    reason: FileReason
    detail: str | None = None
    duplicate_of: str | None = None


def first_stop(*stops: Stop | None) -> Stop | None:
    """Return the stop whose reason comes first in the order of `terms.reasons.FileReason`, or None where there is none."""
    return min((stop for stop in stops if stop is not None), key=lambda stop: _ORDER[stop.reason], default=None)


@dataclass(frozen=True)
class IdentifiedFile:
    """What a file's name and size say: its feed and instant of export, None where they cannot be known."""

    stop: Stop | None
    named: NamedFile | None


@dataclass(frozen=True)
class Unopened:
    """A container that gives no bytes; `container` is None where not even its kind can be seen."""

    stop: Stop
    container: Container | None


@dataclass(frozen=True)
class WholeFile:
    """What all unpacked bytes show.

    `content` is None where the container is damaged, `commitments` where there are no lines to commit to.
    """

    stop: Stop | None
    content: Content | None
    commitments: LineCommitments | None


@dataclass(frozen=True)
class HeaderTold:
    """What a run tells of a header: which of the feed's headers (1-based) it is, and what a person should see."""

    version: int | None
    warnings: tuple[FileWarning, ...]


@dataclass(frozen=True)
class HeaderFound:
    """The header of a file, with its labels as the dossier names them where it is one of the feed's.

    `version` says which of the feed's headers (1-based) it is; `known_bad` is the spoilt export to which it belongs.
    """

    stop: Stop | None
    reader: Reader
    header: Header
    version: int | None
    known_bad: KnownBad | None
    warnings: tuple[FileWarning, ...]

    @property
    def told(self) -> HeaderTold:
        """What is told of it; its labels may be values of a person, where the file has no header."""
        return HeaderTold(self.version, self.warnings)


@dataclass(frozen=True)
class RecordsFound:
    """How many records a file has; `fingerprint` is a hash of the multiset of the sound ones, None where nobody needs it."""

    stop: Stop | None
    records: int | None
    fingerprint: str | None


@dataclass(frozen=True)
class RowsFound:
    """What the rows of a file add up to, and how the feed's contract was met.

    `returned` are the marks of persons who came back with it, `erased` its physical lines about persons who were erased.
    """

    stop: Stop | None
    totals: ControlTotals
    quality: QualityReport
    returned: tuple[str, ...]
    erased: frozenset[int]


@dataclass(frozen=True)
class ReadRecords:
    """What the steps on records and rows found; None for those that were not reached."""

    stop: Stop | None
    header: HeaderFound | None = None
    records: RecordsFound | None = None
    rows: RowsFound | None = None


@dataclass(frozen=True)
class ReadResult:
    """What reading a delivery gave: why it stops (None = it is accepted), and what each step found that was reached."""

    stop: Stop | None
    named: NamedFile | None
    container: Container | None = None
    whole: WholeFile | None = None
    header: HeaderTold | None = None
    records: RecordsFound | None = None
    rows: RowsFound | None = None

    @property
    def outcome(self) -> FileOutcome:
        """What becomes of the delivery."""
        return FILE_OUTCOMES[self.stop.reason] if self.stop else FileOutcome.ACCEPTED

    @property
    def feed(self) -> Feed | None:
        """The feed of the file, or None where its name fits none."""
        return self.named.feed if self.named else None

    @property
    def content(self) -> Content | None:
        """What all unpacked bytes show, or None where they could not be read to their end."""
        return self.whole.content if self.whole else None

    @property
    def commitments(self) -> LineCommitments | None:
        """The commitments to the lines, or None where there are none."""
        return self.whole.commitments if self.whole else None

    @property
    def totals(self) -> ControlTotals | None:
        """Counts of the rows, or None where the delivery is not accepted."""
        return self.rows.totals if self.rows and self.stop is None else None


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
