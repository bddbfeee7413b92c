"""What a partner is told of one delivery, or of all that it sent: one frozen record, shown by `partner_report.html`.

Counts, codes, line numbers and names of files; never a value of a row. Figures are counted in `figures`, what the base
says of the rows in `partner_value`; words for the codes are in `advice`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from pages.page import day_text
from pages.plots import Plot, Series, columns, lines
from partners_ingest.intake import drift
from partners_ingest.intake.drift import Drift
from partners_ingest.intake.overview import DeliverySummary, list_deliveries
from partners_ingest.reports import advice
from partners_ingest.reports.advice import Advice
from partners_ingest.reports.partner_value import BaseView, Moment, view_base
from partners_ingest.rows.figures import Figure, Figures, read_figures
from stores.all_stores import Stores
from stores.lake import reading_name
from terms.errors import UsageError
from terms.reasons import FileOutcome, FileReason, FileWarning, RowReason, RowRepair

#: Deliveries that a plot or the table of earlier ones shows, the newest.
_SHOWN = 24


@dataclass(frozen=True)
class CodeLine:
    """One code or field with what it means, what to change, and how many rows it concerns; `where` names lines."""

    code: str
    advice: Advice
    rows: int
    share: float
    where: str


@dataclass(frozen=True)
class DeliveryLine:
    """One delivery: what came of it, and in shares of its records what was quarantined and repaired.

    `sendable` is the share of its agreements that may get a bureau-selected SMS now under the strict reading.
    """

    summary: DeliverySummary
    advice: Advice | None
    warnings: tuple[Advice, ...]
    duplicate_of: str | None
    quarantined: float | None
    repaired: float | None
    sendable: float | None


@dataclass(frozen=True)
class DriftLine:
    """Something unusual about a delivery, by the history of its feed."""

    delivery_id: str
    told: str
    drift: Drift
    where: str


@dataclass(frozen=True)
class Totals:
    """Records of the deliveries told of, accepted ones only."""

    deliveries: int
    data: int
    accepted: int
    quarantined: int
    given: int
    refused: int
    withdrawing: int
    repaired: int


@dataclass(frozen=True)
class PartnerReport:
    """The page: told of one delivery (`delivery` set) or of all deliveries of a partner."""

    partner_id: str
    made_at: datetime
    base_version: str | None
    delivery: DeliveryLine | None
    deliveries: tuple[DeliveryLine, ...]
    totals: Totals
    rejected: tuple[CodeLine, ...]
    repaired: tuple[CodeLine, ...]
    unread: tuple[CodeLine, ...]
    unusual: tuple[DriftLine, ...]
    missing: tuple[CodeLine, ...]
    base: BaseView | None
    volume_plot: Markup | None
    quality_plot: Markup | None
    grade_plot: Markup | None

    @property
    def first_changes(self) -> tuple[CodeLine, ...]:
        """What to change first: what costs records, then what leaves agreements without proof, then what we mend."""
        proof = [line for line in self.missing if line.code in advice.GRAVE]
        mended = [line for line in self.repaired if line.code != RowRepair.SPREADSHEET_GUARD_REMOVED]
        chosen = [*self.rejected[:3], *proof[:2], *mended[:2]]
        return tuple({line.advice.change: line for line in reversed(chosen)}.values())[::-1]


def report_on(stores: Stores, asked: str, moment: Moment) -> PartnerReport:
    """Return the report on a delivery or a partner.

    Args:
        stores: what it is read from; a home without a base gives a report without what only a base can say.
        asked: a delivery id, or a partner id = all its deliveries.
        moment: at which rows are judged.

    Raises:
        UsageError: no delivery and no partner that delivered is called so.
    """
    every = list_deliveries(stores.engine)
    told = [found for found in every if asked in (found.delivery_id, found.partner_id)]
    if not told:
        raise UsageError(
            "No delivery and no partner that delivered is called so.", "See the ids in `filiation deliveries`."
        )
    partner_id = told[0].partner_id
    of_partner = [found for found in every if found.partner_id == partner_id]
    counted = {
        found.delivery_id: figures for found in of_partner for figures in read_figures(stores.lake, _names(found))
    }
    base, version = _ask_base(stores, partner_id, [found.delivery_id for found in told], moment)
    return _compose(_Material(partner_id, told, of_partner, counted, base, version, moment), asked)


@dataclass(frozen=True)
class _Material:
    """Everything that a report is composed of; `told` are the deliveries asked for."""

    partner_id: str
    told: Sequence[DeliverySummary]
    of_partner: Sequence[DeliverySummary]
    counted: Mapping[str, Figures]
    base: BaseView | None
    version: str | None
    moment: Moment

    @property
    def accepted(self) -> list[DeliverySummary]:
        return [found for found in self.told if found.outcome == FileOutcome.ACCEPTED]


def _names(found: DeliverySummary) -> list[str]:
    """Return the reading whose figures tell of a delivery: a held one was counted as the reading it would become."""
    return [reading_name(found.delivery_id, found.reading or 1)]


def _ask_base(
    stores: Stores, partner_id: str, delivery_ids: Sequence[str], moment: Moment
) -> tuple[BaseView | None, str | None]:
    manifest = stores.warehouse.manifest()
    if manifest is None:
        return None, None
    with stores.warehouse.open_base() as base:
        return view_base(base, stores.engine, partner_id, delivery_ids, moment), manifest.version


def _compose(material: _Material, asked: str) -> PartnerReport:
    single = material.told[0] if material.told[0].delivery_id == asked else None
    read = [single] if single else material.accepted
    counted = [material.counted[found.delivery_id] for found in read if found.delivery_id in material.counted]
    merged = counted[0] if single and counted else _merged(counted)
    given = merged.rows("rows", "given")
    base = material.base
    return PartnerReport(
        partner_id=material.partner_id,
        made_at=material.moment.at,
        base_version=material.version,
        delivery=_line(material, single) if single else None,
        deliveries=tuple(_line(material, found) for found in reversed(_shown(material, single))),
        totals=_totals(material, merged),
        rejected=_codes(merged.of("reason"), {code.value: advice.ROWS[code] for code in RowReason}, _all(merged)),
        repaired=_codes(merged.of("repair"), {code.value: advice.REPAIRS[code] for code in RowRepair}, _all(merged)),
        unread=_codes(merged.of("unread"), advice.UNREAD, _all(merged)),
        unusual=tuple(_unusual(material)),
        missing=_missing(base, given),
        base=base,
        volume_plot=_volume_plot(material),
        quality_plot=_quality_plot(material),
        grade_plot=_grade_plot(base),
    )


def _all(figures: Figures) -> int:
    return figures.rows("rows", "data")


def _merged(figures: Iterable[Figures]) -> Figures:
    """Return the sums; lines of several files would say nothing."""
    summed: dict[tuple[str, str], int] = {}
    for one in figures:
        for key, figure in one.counted.items():
            summed[key] = summed.get(key, 0) + figure.rows
    return Figures({key: Figure(rows, ()) for key, rows in summed.items()})


def _shown(material: _Material, single: DeliverySummary | None) -> list[DeliverySummary]:
    """Return the deliveries of the table: all of the partner, or of the feed up to the one asked for."""
    if single is None:
        return list(material.of_partner)
    upto = [found for found in material.of_partner if found.received_at <= single.received_at]
    return [found for found in upto if found.feed_id == single.feed_id][-_SHOWN:]


def _line(material: _Material, found: DeliverySummary) -> DeliveryLine:
    figures = material.counted.get(found.delivery_id, Figures({}))
    names = {one.delivery_id: one.file_name for one in material.of_partner}
    return DeliveryLine(
        summary=found,
        advice=advice.FILES[FileReason(found.reason)] if found.reason else None,
        warnings=tuple(advice.WARNINGS[FileWarning(code)] for code in found.warnings),
        duplicate_of=names.get(found.duplicate_of) if found.duplicate_of else None,
        quarantined=_share(figures.rows("rows", "quarantined"), _all(figures)),
        repaired=_share(figures.rows("rows", "repaired"), _all(figures)),
        sendable=_sendable(material, found, figures.rows("rows", "given")),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _sendable(material: _Material, found: DeliverySummary, given: int) -> float | None:
    """Return the share of a delivery's agreements that are sendable under the strict reading, where a base tells."""
    if material.base is None or found not in material.accepted:
        return None
    return _share(material.base.values[0].sendable_by_delivery.get(found.delivery_id, 0), given)


def _totals(material: _Material, merged: Figures) -> Totals:
    return Totals(
        deliveries=len(material.accepted),
        data=_all(merged),
        **{
            name: merged.rows("rows", name)
            for name in ("accepted", "quarantined", "given", "refused", "withdrawing", "repaired")
        },
    )


def _codes(found: Mapping[str, Figure], words: Mapping[str, Advice], whole: int) -> tuple[CodeLine, ...]:
    """Return one line per code, the most frequent first."""
    ordered = sorted(found.items(), key=lambda item: (-item[1].rows, item[0]))
    return tuple(
        CodeLine(
            code, words[code], figure.rows, figure.rows / whole if whole else 0.0, _where(figure.rows, figure.lines)
        )
        for code, figure in ordered
    )


def _where(rows: int, numbers: Sequence[int]) -> str:
    """Return line numbers as text, with the number of those left out."""
    told = ", ".join(str(number) for number in numbers)
    return f"{told} and {rows - len(numbers)} more" if numbers and rows > len(numbers) else told


def _missing(base: BaseView | None, given: int) -> tuple[CodeLine, ...]:
    if base is None:
        return ()
    return _codes({name: Figure(rows, ()) for name, rows in base.missing.items()}, advice.EVIDENCE, given)


def _unusual(material: _Material) -> Iterable[DriftLine]:
    """Yield what is unusual of the one delivery asked for, or of the newest of each feed."""
    newest = {found.feed_id: found for found in material.told if found.delivery_id in material.counted}
    for found in newest.values():
        before = [
            material.counted[one.delivery_id]
            for one in material.of_partner
            if one.feed_id == found.feed_id
            and one.outcome == FileOutcome.ACCEPTED
            and one.received_at < found.received_at
            and one.delivery_id in material.counted
        ]
        for one in drift.compare(material.counted[found.delivery_id], before[-drift.HISTORY :]):
            if one.is_unusual:
                yield DriftLine(found.delivery_id, advice.DRIFTS[one.check], one, _where(one.rows, one.lines))


def _plotted(material: _Material) -> list[tuple[str, Figures]]:
    """Return the accepted deliveries of the feeds told of, with the day of arrival as their name."""
    feeds = {found.feed_id for found in material.told}
    found = [
        (day_text(one.received_at.date()), material.counted[one.delivery_id])
        for one in material.of_partner
        if one.feed_id in feeds and one.outcome == FileOutcome.ACCEPTED and one.delivery_id in material.counted
    ]
    return found[-_SHOWN:]


def _volume_plot(material: _Material) -> Markup | None:
    shown = _plotted(material)
    if len(shown) < 2:
        return None
    series = [
        Series(name, [float(figures.rows("rows", name)) for _, figures in shown])
        for name in ("accepted", "quarantined")
    ]
    told = f"Records of the last {len(shown)} accepted deliveries, accepted and quarantined."
    return columns(Plot(told, [day for day, _ in shown], series, "records"))


def _quality_plot(material: _Material) -> Markup | None:
    shown = _plotted(material)
    if len(shown) < 2:
        return None
    series = [
        Series(
            name, [100 * figures.rows("rows", name) / _all(figures) if _all(figures) else None for _, figures in shown]
        )
        for name in ("quarantined", "repaired")
    ]
    told = f"Share of records quarantined and repaired in the last {len(shown)} accepted deliveries."
    return lines(Plot(told, [day for day, _ in shown], series, "% of records"))


def _grade_plot(base: BaseView | None) -> Markup | None:
    if base is None or not base.grades:
        return None
    grades = ["A", "B", "C", "D"]
    series = [Series("agreements", [float(base.grades.get(grade, 0)) for grade in grades])]
    told = "Agreements by grade of their evidence, A the best."
    return columns(Plot(told, grades, series, "agreements", height_px=180))
