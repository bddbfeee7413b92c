"""What a job may delete or keep of notices and records of campaigns: seven years, and without numbers.

Deleting itself belongs to the job; erasing a person's data to `lineage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sends.rules.rulebook import OrderFinding, SendRules
from terms.months import months_after

#: R-44: a notice and the record of its campaign are kept so long after the last publication.
KEPT_MONTHS = 7 * 12


class Operation(StrEnum):
    """What a job does with a record."""

    DELETE = "delete"
    KEEP = "keep"


class Record(StrEnum):
    """What is kept for seven years."""

    TTPA_NOTICE = "ttpa_notice"
    CAMPAIGN_RECORD = "campaign_record"


class RecordField(StrEnum):
    """What a record can hold."""

    COUNTS = "counts"
    CRITERIA = "criteria"
    PHONE = "phone"


@dataclass(frozen=True)
class RetentionJob:
    """One job over one record: what it does, the day of the last publication (Paris), what the record holds."""

    operation: Operation
    record: Record
    last_published_on: date
    fields: frozenset[RecordField]


def deletable_on(last_published_on: date) -> date:
    """Return the first day on which a record may be deleted: seven calendar years after its last publication (R-44)."""
    return months_after(last_published_on, KEPT_MONTHS)


def retention_findings(jobs: Iterable[RetentionJob], on: date, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return what forbids jobs on a day (Paris): deleting too early (R-44), keeping numbers (R-11, R-44)."""
    found: tuple[OrderFinding, ...] = ()
    for job in jobs:
        if job.operation is Operation.DELETE and on < deletable_on(job.last_published_on):
            found += rules.found("RETENTION_7Y", job.record.value, f"Not before {deletable_on(job.last_published_on)}.")
        if job.operation is Operation.KEEP and RecordField.PHONE in job.fields:
            found += rules.found("MINIMISE", job.record.value)
    return found
