"""Assets from the build to the published base, and the blocking checks between.

The checks themselves and the publishing of a base belong to `publishing`.
"""

from collections.abc import Callable

import dagster as dg

from assets import vocabulary as words
from publishing import checks
from publishing.build import collect_inputs, publish
from stores.all_stores import Stores

#: Marts that the base is asked for by sends and look-ups; dbt builds them and their tests in one run.
_MARTS = (
    "act_standings",
    "acts",
    "address_ties",
    "bureau_results",
    "bureaux",
    "consent_events",
    "consents",
    "contacts",
    "finding_kinds",
    "findings",
    "iris",
    "knowledge",
    "opt_ins",
    "quarantine",
    "segment_members",
    "situation_counts",
    "situations",
    "standings",
    "verdict_spans",
    "withdrawals",
)

#: Mart that carries the blocking checks; dbt has built all marts when they are there.
_CHECKED = "contacts"


def _blocking(name: str, check: Callable[[Stores], checks.CheckReport], description: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(name=name, asset=_CHECKED, blocking=True, description=description)
    def base_check(writing_stores: dg.ResourceParam[Stores]) -> dg.AssetCheckResult:
        """Run the check on the build."""
        report = check(writing_stores)
        return dg.AssetCheckResult(
            passed=report.holds,
            severity=dg.AssetCheckSeverity.ERROR,
            description=report.sentence,
            metadata=words.counts(**report.figures),
        )

    return base_check


CHECKS = [
    _blocking(
        "accounts_for_every_row",
        checks.accounts_for_every_row,
        "Rows in the build equal the control totals of the deliveries.",
    ),
    _blocking("keeps_its_volume", checks.keeps_its_volume, "The base does not shrink beyond the policy overnight."),
    _blocking("holds_no_identity", checks.holds_no_identity, "No number or e-mail is outside the vault."),
]


@dg.asset(
    deps=list(_MARTS),
    group_name=words.BASE,
    owners=words.DATA_ENGINEERING,
    kinds={"duckdb"},
)
def published_base(writing_stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """The base that everyone reads: renamed into place whole, with its manifest, after every blocking check."""
    base = publish(writing_stores, collect_inputs(writing_stores))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(base.version),
        metadata={
            "base_version": base.version,
            "dagster/row_count": base.row_counts.get("contacts", 0),
            "row_counts": dict(base.row_counts),
        },
    )


ASSETS = [published_base]
