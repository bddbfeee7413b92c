"""Assets from a partner's file to opt-ins, withdrawals and quarantine, and the check of feed contracts.

What happens to a delivery belongs to `partners_ingest`.
"""

import time
from collections.abc import Iterator, Mapping

import dagster as dg

from assets import vocabulary as words
from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.completeness import sort_arrivals, stalled
from partners_ingest.arrival.fetched_files import with_fetched
from partners_ingest.arrival.landing import scan_landing
from partners_ingest.intake.contract_suite import CONTRACT, judge_deliveries
from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.drift import Drift
from partners_ingest.intake.signed_releases import check_releases
from partners_ingest.intake.take_in import take_in
from sends.inbound.agreements import with_own_dossier, yes_arrivals
from stores.all_stores import Stores
from stores.schemas.delivered_rows import OPT_INS, QUARANTINE, WITHDRAWALS

#: What each check of drift asks of the new deliveries; each is judged by its feed's own history, and warns.
_DRIFTS = {
    "volume": "Great Expectations: as many records as usual.",
    "quarantined": "Great Expectations: few records that cannot be trusted.",
    "blanks": "Great Expectations: no column blank more or less often than usual.",
    "unread": "Great Expectations: no column unreadable more often than usual.",
    "numbers": "Great Expectations: no more unreadable numbers than usual.",
    "words": "Great Expectations: no words that the feed never had.",
    "consent_dates": "Great Expectations: consents as old at their export as usual.",
    "repeats": "Great Expectations: no address or IP on many more rows than usual.",
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["lake", "deliveries"],
            deps=[["configuration", "dossiers"], ["landing", "fetched_files"]],
            group_name=words.PARTNERS,
            owners=words.DATA_ENGINEERING,
            kinds={"file"},
            description="Every file a partner sent: bytes kept and hashed, then accepted, held, refused or duplicate.",
        ),
        dg.AssetSpec(
            ["lake", "opt_ins"],
            deps=[["lake", "deliveries"]],
            group_name=words.PARTNERS,
            owners=words.DATA_ENGINEERING,
            kinds={"parquet"},
            description="Rows in which a person gave or refused an agreement, typed, without identity.",
            metadata=words.schema_of(OPT_INS),
        ),
        dg.AssetSpec(
            ["lake", "withdrawals"],
            deps=[["lake", "deliveries"]],
            group_name=words.PARTNERS,
            owners=words.DATA_ENGINEERING,
            kinds={"parquet"},
            description="Rows by which a partner tells that a person took an agreement back.",
            metadata=words.schema_of(WITHDRAWALS),
        ),
        dg.AssetSpec(
            ["lake", "quarantine"],
            deps=[["lake", "deliveries"]],
            group_name=words.PARTNERS,
            owners=words.DATA_ENGINEERING,
            kinds={"parquet"},
            description="Records that cannot be trusted, with all their reasons and none of their values.",
            metadata=words.schema_of(QUARANTINE),
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "no_transfer_stands_still",
            asset=["lake", "deliveries"],
            description="No file has waited for more than an hour for its marker, sidecar or last bytes.",
        ),
        dg.AssetCheckSpec(
            "feed_contract", asset=["lake", "deliveries"], description="Great Expectations: each feed's own bounds."
        ),
        *(
            dg.AssetCheckSpec(f"drift_{check}", asset=["lake", "deliveries"], description=told)
            for check, told in _DRIFTS.items()
        ),
    ],
)
def partner_files(
    context: dg.AssetExecutionContext, writing_stores: dg.ResourceParam[Stores]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Take in every file that is new, in order of arrival; what is known already is left alone."""
    settings = writing_stores.settings
    now = time.time()
    check_releases(writing_stores)
    dossiers = with_own_dossier(writing_stores, read_dossiers(settings.partners))
    transports = {partner_id: dossier.transport for partner_id, dossier in dossiers.dossiers.items()}
    found = with_fetched(writing_stores.engine, scan_landing(settings.landing))
    arrivals = sort_arrivals(found, transports, now, settings.quiet_seconds)
    with yes_arrivals(writing_stores) as ours:
        reports = take_in(
            writing_stores,
            (*arrivals.complete, *ours),
            dossiers,
            writing_stores.clock,
            settings.environment,
            context.log.info,
            writing_stores.settings.limits,
        )
    yield from _materialisations(reports, len(arrivals.waiting))
    yield _transfer_check(stalled(arrivals.waiting, now))
    met = judge_deliveries([report.quality for report in reports if report.quality is not None])
    yield _contract_check(reports, met)
    yield from (_drift_check(check, reports, met) for check in _DRIFTS)


def _transfer_check(standing: Mapping[str, int]) -> dg.AssetCheckResult:
    problems = [f"{partner}: {count} files are not complete and have not moved" for partner, count in standing.items()]
    return dg.AssetCheckResult(
        asset_key=["lake", "deliveries"],
        check_name="no_transfer_stands_still",
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problems": problems},
    )


def _materialisations(reports: tuple[DeliveryReport, ...], still_arriving: int) -> Iterator[dg.MaterializeResult[None]]:
    outcomes = {outcome: 0 for outcome in ("accepted", "held", "refused", "duplicate")}
    for report in reports:
        outcomes[report.outcome] += 1
    yield dg.MaterializeResult(
        asset_key=["lake", "deliveries"],
        metadata=words.counts(new=len(reports), still_arriving=still_arriving, **outcomes),
    )
    rows = {"optins": 0, "withdrawals": 0}
    for report in reports:
        if report.kind in rows:
            rows[report.kind] += report.accepted_rows or 0
    quarantined = sum(report.quarantined_rows or 0 for report in reports)
    yield dg.MaterializeResult(asset_key=["lake", "opt_ins"], metadata=words.counts(new_rows=rows["optins"]))
    yield dg.MaterializeResult(asset_key=["lake", "withdrawals"], metadata=words.counts(new_rows=rows["withdrawals"]))
    yield dg.MaterializeResult(asset_key=["lake", "quarantine"], metadata=words.counts(new_rows=quarantined))


def _contract_check(reports: tuple[DeliveryReport, ...], met: Mapping[str, bool]) -> dg.AssetCheckResult:
    judged = [report for report in reports if report.quality is not None]
    held = [report for report in judged if report.quality is not None and report.quality.hold is not None]
    return dg.AssetCheckResult(
        asset_key=["lake", "deliveries"],
        check_name="feed_contract",
        passed=all(met[check] for check in CONTRACT),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            **words.counts(judged=len(judged), held=len(held)),
            "held_deliveries": [report.delivery_id for report in held],
        },
    )


def _drift_check(check: str, reports: tuple[DeliveryReport, ...], met: Mapping[str, bool]) -> dg.AssetCheckResult:
    found = [(report, drift) for report in reports if report.quality for drift in report.quality.drifts(check)]
    return dg.AssetCheckResult(
        asset_key=["lake", "deliveries"],
        check_name=f"drift_{check}",
        passed=met[check],
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            **words.counts(deliveries=len({report.delivery_id for report, _ in found})),
            "where": dg.MetadataValue.table([_drift_record(report, drift) for report, drift in found], _DRIFT_COLUMNS),
        },
    )


_DRIFT_COLUMNS = dg.TableSchema(
    [dg.TableColumn(name) for name in ("delivery_id", "feed_id", "subject")]
    + [dg.TableColumn(name, "float") for name in ("percent", "usual_percent")]
    + [dg.TableColumn("rows", "int"), dg.TableColumn("first_lines")]
)


def _drift_record(report: DeliveryReport, drift: Drift) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "delivery_id": report.delivery_id,
            "feed_id": report.feed_id or "",
            "subject": drift.subject,
            "percent": round(drift.percent, 1),
            "usual_percent": round(drift.usual, 1),
            "rows": drift.rows,
            "first_lines": ", ".join(str(line) for line in drift.lines),
        }
    )


ASSETS = [partner_files]
