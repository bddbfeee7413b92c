"""The asset of files fetched from partners' servers, and the check that every server answers.

Fetching belongs to `partners_ingest.arrival.sftp`; the assets of `assets.partners` take the files in.
"""

from collections.abc import Iterator

import dagster as dg

from assets import vocabulary as words
from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.sftp import fetch_all
from stores.all_stores import Stores


@dg.asset(
    key=["landing", "fetched_files"],
    deps=[["configuration", "dossiers"]],
    group_name=words.PARTNERS,
    owners=words.DATA_ENGINEERING,
    kinds={"sftp"},
    check_specs=[
        dg.AssetCheckSpec(
            "every_server_answers",
            asset=["landing", "fetched_files"],
            description="Each partner's server that a dossier names was reached, believed and read.",
        )
    ],
)
def fetched_files(
    writing_stores: dg.ResourceParam[Stores],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Files fetched from the servers of partners that have one, beside those that others drop into their account.

    A server that does not answer stops nobody else's files.
    """
    dossiers = read_dossiers(writing_stores.settings.partners).dossiers
    transports = {partner_id: dossier.transport for partner_id, dossier in dossiers.items()}
    fetched = fetch_all(writing_stores, transports)
    problems = [str(problem) for problem in fetched.problems]
    yield dg.MaterializeResult(
        metadata=words.counts(
            servers=len(fetched.reports) + len(problems),
            fetched=sum(report.fetched for report in fetched.reports),
            waiting=sum(report.waiting for report in fetched.reports),
            bytes=sum(report.bytes for report in fetched.reports),
        )
    )
    yield dg.AssetCheckResult(
        check_name="every_server_answers",
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"problems": problems},
    )


ASSETS = [fetched_files]
