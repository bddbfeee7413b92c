"""Why contacts may not be used: from delivered records to sendable contacts, with the reasons for all others.

Counts only. Sendable contacts and contacts by their worst reason add up to the base; overlapping reasons count a contact under
each of its codes. Judging belongs to `sends.plans.judging`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
from markupsafe import Markup

from consent.judgement.uses import Use, use_for_some_sponsor
from pages.plots import Plot, Series, bars
from sends.plans.counting import create_counted_audience, find_audience
from sends.plans.judging import create_counted_of_everyone
from stores.all_stores import Stores
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms.clock import to_iso
from terms.reasons import Channel, Profile

#: The code of contacts that may not be reached although no rule says why: they agreed to nothing.
_NOTHING_GIVEN = "CONSENT_NOT_GIVEN"

#: Reasons that a plot shows; a table below it holds all.
_PLOTTED = 14


@dataclass(frozen=True)
class Records:
    """Records that were delivered: `data` = `accepted` + `quarantined`; `reasons` overlap; `given` of the `opt_ins` are agreements."""

    data: int
    accepted: int
    quarantined: int
    reasons: Mapping[str, int]
    opt_ins: int
    given: int

    def to_json(self) -> dict[str, object]:
        """Return the record as JSON-ready values."""
        return {
            "data_rows": self.data,
            "accepted_rows": self.accepted,
            "quarantined_rows": self.quarantined,
            "quarantined_by_reason": dict(self.reasons),
            "opt_ins": self.opt_ins,
            "given": self.given,
        }


@dataclass(frozen=True)
class Reason:
    """A code with its sentence: contacts that have it as their worst, and contacts that have it at all."""

    code: str
    sentence: str
    exclusive: int
    overlapping: int


@dataclass(frozen=True)
class Funnel:
    """Contacts by their answer for one use: the sum of `exclusive` over the reasons + `sendable` = `contacts`."""

    use: Use
    contacts: int
    sendable: int
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, object]:
        """Return the funnel as JSON-ready values."""
        return {
            "channel": self.use.channel.value,
            "profile": self.use.profile.value,
            "sponsor": self.use.sponsor_id,
            "selected_by": list(self.use.criteria_kinds),
            "contacts": self.contacts,
            "sendable": self.sendable,
            "reasons": {reason.code: reason.exclusive for reason in self.reasons if reason.exclusive},
            "reasons_overlapping": {reason.code: reason.overlapping for reason in self.reasons if reason.overlapping},
        }

    def plot(self) -> Markup:
        """Draw the most frequent reasons: as the worst one, and beside another."""
        shown = self.reasons[:_PLOTTED]
        return bars(
            Plot(
                description="Contacts by reason, as their worst reason and beside a worse one",
                labels=[reason.code for reason in shown],
                series=[
                    Series("worst reason", [reason.exclusive for reason in shown]),
                    Series("beside a worse one", [reason.overlapping - reason.exclusive for reason in shown]),
                ],
                unit="contacts",
                height_px=90 + 24 * len(shown),
            )
        )


@dataclass(frozen=True)
class WhyNot:
    """The whole answer; `records` is None for a segment, which has no deliveries of its own."""

    base_version: str
    at: datetime
    segment: str | None
    records: Records | None
    funnels: tuple[Funnel, ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Return the answer of `filiation why-not --json`."""
        return {
            "base_version": self.base_version,
            "at": to_iso(self.at),
            "segment": self.segment,
            "records": self.records.to_json() if self.records else None,
            "uses": [funnel.to_json() for funnel in self.funnels],
        }


def why_not(stores: Stores) -> WhyNot:
    """Count the whole base, now, for some sponsor who selects by bureau: each channel, each profile.

    Raises:
        Refused: no base was published yet.
    """
    now = stores.clock.now()
    uses = [
        use_for_some_sponsor(channel, profile, stores.number_rules, now) for channel in Channel for profile in Profile
    ]
    with stores.warehouse.open_base() as base:
        return WhyNot(
            base_version=read_manifest(base).version,
            at=now,
            segment=None,
            records=_records(base),
            funnels=tuple(_funnel_of_base(base, stores, use) for use in uses),
        )


def why_not_of(stores: Stores, file_or_id: str) -> WhyNot:
    """Count the audience of an order or named segment, for its own use.

    Raises:
        DocumentInvalid, UsageError, OrderRefused: as `sends.plans.counting.count_audience`; below the floor no number is told.
    """
    path = find_audience(stores.settings.config, file_or_id)
    with stores.warehouse.open_base() as base:
        question = create_counted_audience(stores, base, path)
        version = read_manifest(base).version
        return WhyNot(version, question.at, question.name, None, (_funnel(base, question.use),))


def _funnel_of_base(base: duckdb.DuckDBPyConnection, stores: Stores, use: Use) -> Funnel:
    create_counted_of_everyone(base, stores, use)
    return _funnel(base, use)


def _funnel(base: duckdb.DuckDBPyConnection, use: Use) -> Funnel:
    """Return the funnel of the table `counted`, which was created for this use."""
    contacts, sendable = base.execute(sql_of(__file__, "totals")).fetchall()[0]
    rows = base.execute(
        sql_of(__file__, "reasons"),
        {"nothing_given": _NOTHING_GIVEN},
    ).fetchall()
    return Funnel(use, contacts, sendable, tuple(Reason(code, text or "", one, all_) for code, text, one, all_ in rows))


def _records(base: duckdb.DuckDBPyConnection) -> Records:
    (row,) = base.execute(sql_of(__file__, "records")).fetchall()
    opt_ins, given, withdrawals, quarantined = row
    reasons = base.execute(
        "select reason, count(*) from (select unnest(reasons) as reason from quarantine) group by 1 order by 2 desc, 1"
    ).fetchall()
    accepted = opt_ins + withdrawals
    return Records(accepted + quarantined, accepted, quarantined, dict(reasons), opt_ins, given)
