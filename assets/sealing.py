"""The asset of the transparency log, and the check that nothing which was sealed has changed.

Sealing and comparing belong to the room `sealing`.
"""

import dagster as dg

from assets import vocabulary as words
from sealing.checks.check import check_chain
from sealing.log.log import Log
from sealing.seals.seal import seal
from stores.all_stores import Stores

#: Findings that a check result names; the command `filiation log check` names all.
_NAMED = 50


@dg.asset(
    deps=["published_base"],
    group_name=words.BASE,
    owners=words.DATA_ENGINEERING,
    kinds={"log"},
)
def sealed_log(writing_stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """Journal, files and messages, sealed into the Merkle log up to a signed checkpoint."""
    report = seal(writing_stores)
    size = report.checkpoint.size if report.checkpoint else 0
    return dg.MaterializeResult(metadata=words.counts(entries=size, new_files=report.files, messages=report.messages))


@dg.asset_check(asset=sealed_log, description="Log, journal, ledgers, files and messages are what was sealed.")
def nothing_was_altered(writing_stores: dg.ResourceParam[Stores]) -> dg.AssetCheckResult:
    """Compare everything that was sealed with what the stores hold now."""
    report = check_chain(Log.of(writing_stores), writing_stores.home)
    return dg.AssetCheckResult(
        passed=report.holds,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            **words.counts(
                findings=len(report.mismatches), entries=report.leaves, files=report.files, messages=report.messages
            ),
            "problems": [mismatch.sentence() for mismatch in report.mismatches[:_NAMED]],
        },
    )


ASSETS = [sealed_log]
CHECKS = [nothing_was_altered]
