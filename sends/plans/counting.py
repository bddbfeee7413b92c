"""Counting the audience of an order or named segment: per verdict, reason and bureau, and nothing below the floor.

Freezing and reserving an audience belong to `sends.plans.planning`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from consent.judgement.uses import Use
from sends.orders.audience_criteria import Audience
from sends.orders.order import Segment
from sends.orders.order_file import is_segment_file, read_order, read_segment
from sends.plans.audience import Selection, create_audience, selection_of, unoffered_criteria
from sends.plans.judging import create_counted, judged_at, use_of
from sends.plans.temporary_tables import AUDIENCE
from sends.plans.told_audiences import AskedAudience, check_differencing, remember
from sends.rules.context import read_context
from sends.rules.order_rules import AudienceFacts, audience_findings, criteria_findings
from sends.rules.rulebook import OrderRefused, SendRules, read_rulebook, refuses
from stores.all_stores import Stores
from stores.operations.database import transaction
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms.clock import to_iso
from terms.errors import UsageError
from terms.paris import day_in_paris


@dataclass(frozen=True)
class AudienceCount:
    """How an audience falls. The sum of `verdicts` = `contacts`; a contact counts once under each of its reasons."""

    contacts: int
    verdicts: Mapping[str, int]
    reasons: Mapping[str, int]
    bureaux: Mapping[str, int]
    at: datetime
    base_version: str

    def to_json(self) -> dict[str, object]:
        """Return the answer as the command prints it."""
        return {
            "contacts": self.contacts,
            "verdicts": dict(self.verdicts),
            "reasons": dict(self.reasons),
            "bureaux": dict(self.bureaux),
            "at": to_iso(self.at),
            "base_version": self.base_version,
        }


@dataclass(frozen=True)
class Question:
    """What to count: a name for errors, the criteria, the use, and the instant that it is counted at."""

    name: str
    selection: Selection
    use: Use
    rules: SendRules
    at: datetime


def count_audience(stores: Stores, file_or_id: str) -> AudienceCount:
    """Count the audience of an order (at the window's first instant) or of a named segment (now).

    Args:
        stores: the opened stores.
        file_or_id: path of an order or segment, or the id of a segment of `config/segments/`.

    Raises:
        DocumentInvalid: a field is wrong; UsageError: there is no such file or id.
        OrderRefused: a forbidden criterion, fewer contacts may be reached than the floor, or
            an earlier audience of the sponsor differs by fewer than it (R-68): no number is told.
    """
    path = find_audience(stores.settings.config, file_or_id)
    with stores.warehouse.open_base() as base:
        question = create_counted_audience(stores, base, path)
        return AudienceCount(
            contacts=AUDIENCE.count(base),
            verdicts=_counts(base, sql_of(__file__, "verdicts")),
            reasons=_counts(base, sql_of(__file__, "reasons")),
            bureaux=_counts(base, sql_of(__file__, "bureaux")),
            at=question.at,
            base_version=read_manifest(base).version,
        )


def create_counted_audience(stores: Stores, base: duckdb.DuckDBPyConnection, path: Path) -> Question:
    """Create the temporary tables `audience` and `counted` for an order or a named segment.

    Args:
        stores: the opened stores.
        base: a connection to the published base.
        path: file of an order or a named segment.

    Returns:
        what was counted: name, criteria, use, rules and instant.

    Raises:
        OrderRefused: as `count_audience`.
    """
    question = _of_segment(stores, base, path) if is_segment_file(path) else _of_order(stores, path)
    create_audience(base, question.selection)
    create_counted(base, stores, AUDIENCE.name, question.use)
    _check_audience(base, question)
    _check_differencing(stores, base, question)
    return question


def find_audience(config: Path, file_or_id: str) -> Path:
    """Return the file of an order or segment, or of a named segment.

    Raises:
        UsageError: there is no such file or id.
    """
    path = Path(file_or_id)
    if path.is_file():
        return path
    named = config / "segments" / f"{file_or_id}.yaml"
    if named.is_file():
        return named
    known = ", ".join(sorted(item.stem for item in (config / "segments").glob("*.yaml"))) or "none"
    raise UsageError(f"{file_or_id!r} is neither a file nor a named segment (known: {known}).", "Correct it.")


def _of_order(stores: Stores, path: Path) -> Question:
    order = read_order(path)
    context = read_context(stores.settings.config, order)
    _check_criteria(order.campaign_id, order.audience, context.rules)
    now = stores.clock.now()
    begins = judged_at(order, now)
    return Question(
        order.campaign_id, selection_of(context), use_of(stores, context, begins, now), context.rules, begins
    )


def _of_segment(stores: Stores, base: duckdb.DuckDBPyConnection, path: Path) -> Question:
    segment, now = read_segment(path), stores.clock.now()
    rules = read_rulebook(stores.settings.config / "rules" / "orders").under(segment.profile, day_in_paris(now))
    _check_criteria(segment.segment_id, segment.audience, rules)
    use = _use_of_segment(stores, segment, now)
    selection = Selection(segment.audience, _newest_map(base), day_in_paris(now))
    return Question(segment.segment_id, selection, use, rules, now)


def _use_of_segment(stores: Stores, segment: Segment, now: datetime) -> Use:
    """Return the use of a named segment: a selection for its sponsor, for no ballot yet."""
    kinds = segment.audience.criterion_kinds()
    return Use(
        channel=segment.channel,
        sponsor_id=segment.sponsor,
        criteria_kinds=tuple(kind.value for kind in kinds) or ("address",),
        eligible_on=None,
        number_rules=stores.number_rules,
        profile=segment.profile,
        moment=now,
        known_by=now,
    )


def _newest_map(base: duckdb.DuckDBPyConnection) -> str:
    """Return the newest bureau map of the base: a named segment belongs to no election."""
    row = base.execute(sql_of(__file__, "newest_map")).fetchone()
    return str(row[0]) if row and row[0] is not None else ""


def _check_criteria(name: str, audience: Audience, rules: SendRules) -> None:
    found = criteria_findings(audience, rules)
    if refuses(found):
        raise OrderRefused(name, found)


def _check_audience(base: duckdb.DuckDBPyConnection, question: Question) -> None:
    row = base.execute(sql_of(__file__, "allowed")).fetchone()
    audience = question.selection.audience
    facts = AudienceFacts(
        contacts=int(row[0]) if row else 0,
        reveals_votes=False,  # results of bureaux are public: a plan that sends by them is refused, a count is not
        unoffered=unoffered_criteria(base, audience),
    )
    found = audience_findings(audience, facts, question.rules)
    if refuses(found):
        raise OrderRefused(question.name, found)


def _check_differencing(stores: Stores, base: duckdb.DuckDBPyConnection, question: Question) -> None:
    """Refuse to tell a number that would give away a few people, and write down what is told (R-68)."""
    selection, sponsor_id = question.selection, question.use.sponsor_id
    if sponsor_id is None:
        return
    asked = (AskedAudience(selection.audience, selection.bureau_map),)
    with stores.engine.connect() as reading:
        found = check_differencing(base, reading, sponsor_id, asked, selection.on, question.rules)
    if refuses(found):
        raise OrderRefused(question.name, found)
    with transaction(stores.engine) as work:
        remember(work, sponsor_id, asked, stores.clock.now())


def _counts(base: duckdb.DuckDBPyConnection, statement: str) -> dict[str, int]:
    return dict(sorted(base.execute(statement).fetchall()))
