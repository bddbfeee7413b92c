"""What parent and child tell each other: the parent what all deliveries of a run share and each case, the child its answer.

The parent trusts no answer: a child has read a partner's file. So an answer is unpickled with a closed list of classes.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from consent.dossiers.dossiers import DossierSet
from partners_ingest.arrival.unpacking import Container
from partners_ingest.erased.erased_records import Marks
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import HeaderTold, ReadResult, RecordsFound, RowsFound, Stop, WholeFile
from partners_ingest.intake.drift import Drift
from partners_ingest.intake.processes.failures import Failure
from partners_ingest.intake.quality import FeedCounts, Level, QualityCheck, QualityReport
from partners_ingest.readers.delivered_lines import Content
from partners_ingest.readers.encodings import EncodingRule, TextEncoding
from partners_ingest.rows.delivery_facts import ControlTotals
from stores.evidence.evidence_store import LineCommitments
from stores.home import Home
from terms.reasons import FileReason, FileWarning
from terms.settings import Settings

#: A child's answer, which has counts, codes and at most one number for each line, is never longer.
LONGEST_ANSWER = 1 << 28

_ANSWER_CLASSES = (
    *(
        Failure,
        ReadResult,
        Stop,
        WholeFile,
        HeaderTold,
        RecordsFound,
        RowsFound,
        Content,
        TextEncoding,
        LineCommitments,
    ),
    *(ControlTotals, QualityReport, QualityCheck, FeedCounts, Drift),
    *(Container, EncodingRule, FileReason, FileWarning, Level),
)
_ANSWERED = {(one.__module__, one.__qualname__): one for one in _ANSWER_CLASSES}


@dataclass(frozen=True)
class ReadingContext:
    """What all deliveries of a run share.

    Attributes:
        settings: of the process, without the secrets that reading does not need.
        home: where the stores are.
        dossiers: of all partners.
        marks: of persons who were erased or purged.
        httpfs: DuckDB's extension, whose signature the parent has checked.
    """

    settings: Settings
    home: Home
    dossiers: DossierSet
    marks: Marks
    httpfs: Path


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """Return a read-only mapping; its own class has no name by which it could be found."""
    return MappingProxyType(values)


class _Pickler(pickle.Pickler):
    """Pickles read-only mappings, of which dossiers have many, beside what can be pickled anyway."""

    dispatch_table = copyreg.dispatch_table.copy() | {MappingProxyType: lambda mapping: (_read_only, (dict(mapping),))}


class _AnswerUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class of the closed list."""
        if (module, name) not in _ANSWERED:
            raise pickle.UnpicklingError("an answer names a class that no answer has")
        return _ANSWERED[module, name]


def packed(told: object) -> bytes:
    """Return a record as bytes."""
    buffer = io.BytesIO()
    _Pickler(buffer).dump(told)
    return buffer.getvalue()


def packed_case(case: DeliveryCase) -> bytes:
    """Return a case as bytes, without what the context has."""
    return packed(
        replace(case, dossiers=DossierSet(MappingProxyType({}), ()), marks=Marks(case.marks.key, frozenset()))
    )


def case_in(context: ReadingContext, case: DeliveryCase) -> DeliveryCase:
    """Return a case that was sent, with what the context has."""
    return replace(case, dossiers=context.dossiers, marks=context.marks)


def packed_answer(answer: ReadResult | Failure) -> bytes:
    """Return an answer as bytes; the parent knows by itself what a file's name says."""
    return packed(replace(answer, named=None) if isinstance(answer, ReadResult) else answer)


def read_answer(told: bytes) -> ReadResult | Failure | None:
    """Return the answer of a child, or None where it is none."""
    try:
        answer = _AnswerUnpickler(io.BytesIO(told)).load()
    except Exception:  # whatever bytes that are no answer make of it
        return None
    return answer if isinstance(answer, ReadResult | Failure) else None
