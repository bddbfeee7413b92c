"""How long the law keeps transparency notices and records of campaigns, and what they may hold: no numbers.

The length is a parameter of the rule RETENTION_7Y in `config/rules/orders/`. The operator's own periods belong to
`retention.periods`, deleting to `retention.purge`, erasing a person's data to `lineage.erasure`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sends.rules.rulebook import OrderFinding, SendRules
from terms.months import months_after


class Operation(StrEnum):
    """What a job does with a record."""

    DELETE = "delete"
    KEEP = "keep"


class Record(StrEnum):
    """What is kept by RETENTION_7Y."""

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


def kept_months(rules: SendRules) -> int:
    """Return for how many calendar months the law keeps records after their last publication (R-44).

    Raises:
        FiliationError: no record of RETENTION_7Y is in force.
    """
    return rules.parameter("RETENTION_7Y", "months")


def deletable_on(last_published_on: date, rules: SendRules) -> date:
    """Return the first day (Paris) on which a record may be deleted that was last published on a day (Paris; R-44).

    Raises:
        FiliationError: no record of RETENTION_7Y is in force.
    """
    return months_after(last_published_on, kept_months(rules))


def retention_findings(jobs: Iterable[RetentionJob], on: date, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return what forbids jobs: deleting too early (R-44), keeping numbers (R-11, R-44).

    Args:
        jobs: what is to be done, each with one record.
        on: the day (Paris) of the jobs.
        rules: the rules that are in force on that day.
    """
    found: tuple[OrderFinding, ...] = ()
    for job in jobs:
        if job.operation is Operation.DELETE and on < (first := deletable_on(job.last_published_on, rules)):
            found += rules.found("RETENTION_7Y", job.record.value, f"Not before {first}.")
        if job.operation is Operation.KEEP and RecordField.PHONE in job.fields:
            found += rules.found("MINIMISE", job.record.value)
    return found
