"""Assets of open data, one per source, and the ties of addresses to their bureaux and IRIS.

Layouts and checks of files belong to `open_data`, matching of addresses to `territories`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import dagster as dg

from assets import vocabulary as words
from open_data.fetch import FetchOutcome, FetchReport, fetch_from_network
from open_data.layouts.registry import layout_of
from open_data.load import ControlTotal, Outcome, Progress, SourceReport, refresh_open_data
from open_data.sources import Source
from stores.all_stores import Stores
from stores.schemas.territory_tables import (
    ADDRESS_TIES,
    BAN_ADDRESSES,
    BUREAUX,
    COMMUNE_NAMES,
    COMMUNES,
    CONTOURS,
    REU_ADDRESSES,
    TERRITORY_OVERLAPS,
)
from terms.settings import OpenDataFrom
from territories.overlaps import make_overlaps
from territories.tie import tie_addresses

#: Each night asks every source, and says so even where nothing is new: a source that was not asked is not fresh.
ASKED_WITHIN = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=3), warn_window=timedelta(hours=36))
#: The check of every source: its last attempt did not fail, or says which vintage serves.
FRESH = "latest_attempt"


def source_key(source: Source) -> dg.AssetKey:
    """Return the key of a source's asset."""
    return dg.AssetKey(["open_data", source.source_id])


def filled_by(sources: Sequence[Source]) -> Mapping[str, tuple[dg.AssetKey, ...]]:
    """Return, for each lake table that open data fills, the assets of the sources that fill it."""
    tables: dict[str, tuple[dg.AssetKey, ...]] = {}
    for source in sources:
        for table in layout_of(source).tables:
            tables[table.name] = (*tables.get(table.name, ()), source_key(source))
    return tables


def assets_of(sources: Sequence[Source]) -> list[dg.AssetsDefinition]:
    """Return the assets of all sources and of the ties made with them."""
    for_ties = {BAN_ADDRESSES, CONTOURS, COMMUNES, COMMUNE_NAMES, REU_ADDRESSES, BUREAUX}
    tying = [source_key(source) for source in sources if for_ties & set(layout_of(source).tables)]
    overlapping = [
        source_key(source)
        for source in sources
        if {BAN_ADDRESSES, CONTOURS, COMMUNE_NAMES} & set(layout_of(source).tables)
    ]
    return [_source_assets(sources), _overlaps_asset(overlapping), _ties_asset(tying)]


def _source_assets(sources: Sequence[Source]) -> dg.AssetsDefinition:
    by_id = {source.source_id: source for source in sources}

    @dg.multi_asset(
        name="open_data_sources",
        specs=[_spec(source) for source in sources],
        check_specs=[spec for source in sources for spec in _check_specs(source)],
    )
    def open_data_sources(
        context: dg.AssetExecutionContext, writing_stores: dg.ResourceParam[Stores]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Take each source's newest files in; one that fails leaves its previous vintage serving and says so."""
        folder = writing_stores.settings.open_data
        fetched = _fetch(writing_stores, by_id.values(), context.log.info)
        for report in refresh_open_data(writing_stores, folder, by_id.values(), writing_stores.clock, context.log.info):
            yield _materialisation(report)
            yield _latest_attempt(report, fetched.get(report.source.source_id))
            yield from _control_totals(report)

    return open_data_sources


def _fetch(stores: Stores, sources: Iterable[Source], progress: Progress) -> Mapping[str, FetchReport]:
    """Return what was fetched, by source; a folder that a person fills is read as it is."""
    settings = stores.settings
    if settings.open_data_from is OpenDataFrom.FOLDER:
        return {}
    reports = fetch_from_network(settings.open_data, sources, stores.clock, progress)
    return {report.source_id: report for report in reports}


def _spec(source: Source) -> dg.AssetSpec:
    return dg.AssetSpec(
        source_key(source),
        group_name=words.ELECTIONS if source.election else words.OPEN_DATA,
        owners=words.DATA_ENGINEERING,
        kinds={"parquet"},
        freshness_policy=ASKED_WITHIN,
        description=f"{source.title}. {source.producer}, {source.licence}, vintage {source.vintage}.",
        metadata={
            "official_url": dg.MetadataValue.url(source.official_url),
            "licence": source.licence,
            "vintage": source.vintage,
            "changes": source.changes,
        },
    )


def _check_specs(source: Source) -> Iterator[dg.AssetCheckSpec]:
    key = source_key(source)
    yield dg.AssetCheckSpec(FRESH, asset=key, description="The newest file was taken in or is known.")
    for measure in source.control_totals.totals if source.control_totals else ():
        told = f"{measure} of what serves is the published total; an extract has none."
        yield dg.AssetCheckSpec(_total_name(measure), asset=key, description=told)


def _total_name(measure: str) -> str:
    """Return the name of a control total's check, in small letters and underscores, with `total_` before it."""
    plain = unicodedata.normalize("NFKD", measure).encode("ascii", "ignore").decode().lower()
    return "total_" + re.sub(r"[^a-z0-9]+", "_", plain)


def _control_totals(report: SourceReport) -> Iterator[dg.AssetCheckResult]:
    """Yield one result per total of the source; a load that does not sum up failed and serves nothing of it."""
    measured = {total.measure: total for total in report.control_totals}
    for measure in report.source.control_totals.totals if report.source.control_totals else ():
        total = measured.get(measure)
        yield dg.AssetCheckResult(
            asset_key=source_key(report.source),
            check_name=_total_name(measure),
            passed=report.outcome is not Outcome.FAILED,
            severity=dg.AssetCheckSeverity.WARN,
            description=report.message if total is None else None,
            metadata={} if total is None else _told(total),
        )


def _told(total: ControlTotal) -> Mapping[str, int | str]:
    return {"found": total.found, "published": "an extract" if total.expected is None else total.expected}


def _materialisation(report: SourceReport) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=source_key(report.source),
        metadata={
            "outcome": report.outcome.value,
            "serving": report.serving or "none",
            "files": dict(report.files),
            **({"dagster/row_count": sum(report.rows.values())} if report.rows else {}),
        },
    )


def _latest_attempt(report: SourceReport, fetched: FetchReport | None) -> dg.AssetCheckResult:
    is_fetched = fetched is None or fetched.outcome is not FetchOutcome.FAILED
    is_loaded = report.outcome in {Outcome.LOADED, Outcome.UNCHANGED} or _was_never_there(report)
    words = [fetched.message if fetched else None, report.message]
    return dg.AssetCheckResult(
        asset_key=source_key(report.source),
        check_name=FRESH,
        passed=is_fetched and is_loaded,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(word for word in words if word) or None,
    )


def _was_never_there(report: SourceReport) -> bool:
    """A source that this installation never had is no news."""
    return report.outcome is Outcome.ABSENT and report.serving is None


def _ties_asset(source_keys: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=["lake", "address_ties"],
        deps=[*source_keys, dg.AssetKey(["lake", "opt_ins"])],
        group_name=words.TERRITORIES,
        owners=words.DATA_ENGINEERING,
        kinds={"parquet"},
        metadata=words.schema_of(ADDRESS_TIES),
    )
    def address_ties(
        context: dg.AssetExecutionContext, writing_stores: dg.ResourceParam[Stores]
    ) -> dg.MaterializeResult[None]:
        """Each distinct address with its bureau on every map and its IRIS; the street stays in the vault."""
        report = tie_addresses(writing_stores, context.log.info)
        return dg.MaterializeResult(
            metadata={
                **words.counts(addresses=report.addresses, matched_now=report.matched_now, with_iris=report.with_iris),
                "dagster/row_count": report.addresses * len(report.maps),
                "match_kinds": dict(report.kinds),
                "with_bureau": dict(report.with_bureau),
            }
        )

    return address_ties


def _overlaps_asset(source_keys: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=["lake", "territory_overlaps"],
        deps=list(source_keys),
        group_name=words.TERRITORIES,
        owners=words.DATA_ENGINEERING,
        kinds={"parquet"},
        metadata=words.schema_of(TERRITORY_OVERLAPS),
    )
    def territory_overlaps(
        context: dg.AssetExecutionContext, writing_stores: dg.ResourceParam[Stores]
    ) -> dg.MaterializeResult[None]:
        """Which part of each bureau lies in which bureau of a newer map and in which IRIS, by addresses or surface."""
        report = make_overlaps(writing_stores, writing_stores.clock, context.log.info)
        return dg.MaterializeResult(
            metadata={
                "serving": report.serving or "none",
                "dagster/row_count": sum(report.rows.values()),
                "rows_by_rule": dict(report.rows),
            }
        )

    return territory_overlaps
