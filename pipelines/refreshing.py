"""Starting the nightly job from the command and telling what came of it.

The job itself is in `pipelines.jobs`; the same job runs from the schedule and from the UI.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import uuid4

import dagster as dg

from pipelines.build import build_defs
from pipelines.failures import failed_steps, told_error
from pipelines.instance import use_instance
from pipelines.jobs import REFRESH
from pipelines.resources import stores_of_command
from stores.all_stores import Stores
from stores.home import writer_lock
from terms.errors import FiliationError, Refused
from terms.settings import OpenDataFrom

#: Between the start of a run and the moment it holds the writer's lock.
_GRACE_SECONDS = 60


@dataclass(frozen=True)
class RefreshReport:
    """What one refresh did."""

    run_id: str
    outcome: str  # published | unchanged
    base_version: str | None
    deliveries: Mapping[str, int]  # outcome -> new deliveries
    seconds: float

    def to_json(self) -> Mapping[str, object]:
        """Return the record as JSON-ready values."""
        return asdict(self)

    def sentence(self) -> str:
        """Return one line for a person."""
        new = ", ".join(f"{count} {outcome}" for outcome, count in self.deliveries.items() if count) or "no new file"
        done = f"published {self.base_version}" if self.outcome == "published" else "nothing new, base unchanged"
        return f"{done} ({new}) in {self.seconds:.0f} s; run {self.run_id[:8]}"


def run_refresh(
    stores: Stores,
    *,
    landing: Path | None,
    partners: Path | None,
    open_data: Path | None,
    progress: Callable[[str], None],
) -> RefreshReport:
    """Run the nightly job in this process and report.

    Args:
        stores: the opened stores.
        landing: folder of the deliveries; None = the settings' folder.
        partners: folder of the dossiers; None = the settings' folder.
        open_data: folder of the official files; None = the settings' folder.
        progress: told a line of words now and then.

    Raises:
        WriterBusy: another refresh holds the lock.
        Refused: a blocking check or a dbt test said no; the last base goes on serving.
        FiliationError: a step failed; with the words and the exit code of our own error where it is one.
    """
    with writer_lock(stores.home):
        pass  # says in words, before Dagster starts, that another writer is at work
    use_instance(stores.home)
    run_id, began = str(uuid4()), time.monotonic()
    before = stores.warehouse.manifest()
    progress(f"refresh: run {run_id[:8]} started")
    # on a quiet night dbt is not run, and Dagster warns of each of its checks; the run itself keeps every event
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    with redirect_stdout(sys.stderr), dg.DagsterInstance.get() as instance:
        for dead in end_dead_runs(instance, time.time()):
            progress(f"refresh: run {dead[:8]} had died; what it had committed stands")
        result = (
            build_defs(resource_overrides=stores_of_command(_reading(stores, landing, partners, open_data)))
            .resolve_job_def(REFRESH)
            .execute_in_process(
                instance=instance,
                run_id=run_id,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                raise_on_error=False,
            )
        )
    if not result.success:
        failure = _failure(result)
        if not isinstance(failure, Refused):  # what a check refused stays to be looked at (docs/runbook.md)
            stores.warehouse.discard_build()
        raise failure
    for line in _warnings(result):
        progress(line)
    after = stores.warehouse.manifest()
    published = after is not None and (before is None or after.version != before.version)
    return RefreshReport(
        run_id,
        "published" if published else "unchanged",
        after.version if after else None,
        _outcomes(result),
        round(time.monotonic() - began, 1),
    )


def end_dead_runs(instance: dg.DagsterInstance, now: float) -> list[str]:
    """Mark refreshes whose process died as failed and return their ids; to be called while the lock is free.

    Args:
        instance: whose runs are looked at.
        now: real time in seconds since 1970; a run that began within the last minute may not hold the lock yet.
    """
    started = dg.RunsFilter(job_name=REFRESH, statuses=[dg.DagsterRunStatus.STARTED])
    dead = [
        record.dagster_run
        for record in instance.get_run_records(filters=started)
        if record.start_time is not None and record.start_time < now - _GRACE_SECONDS
    ]
    for run in dead:
        instance.report_run_failed(run, "Its process died: the writer's lock is free.")
    return [run.run_id for run in dead]


def _reading(stores: Stores, landing: Path | None, partners: Path | None, open_data: Path | None) -> Stores:
    """Return the stores with the folders that the command was given; a folder of open data is read as it is."""
    settings = stores.settings
    settings = replace(
        settings,
        landing=landing or settings.landing,
        partners=partners or settings.partners,
        open_data=open_data or settings.open_data,
        open_data_from=OpenDataFrom.FOLDER if open_data else settings.open_data_from,
    )
    return replace(stores, settings=settings)


def _outcomes(result: dg.ExecuteInProcessResult) -> Mapping[str, int]:
    for event in result.get_asset_materialization_events():
        if event.asset_key == dg.AssetKey(["lake", "deliveries"]):
            metadata = event.materialization.metadata
            return {name: _count(metadata[name]) for name in ("accepted", "held", "refused", "duplicate")}
    return {}


def _count(value: dg.MetadataValue) -> int:
    if not isinstance(value, dg.IntMetadataValue) or value.value is None:
        raise TypeError("The asset lake/deliveries must tell its outcomes as whole numbers.")
    return value.value


def _warnings(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """Yield a line per check that warned, and what it says of files that people edit."""
    for check in result.get_asset_check_evaluations():
        if not check.passed:
            yield f"warned: {check.asset_key.to_user_string()}: {check.check_name}"
            problems = check.metadata.get("problems")
            for problem in (problems.value or ()) if isinstance(problems, dg.JsonMetadataValue) else ():
                yield f"  {problem}"


def _failure(result: dg.ExecuteInProcessResult) -> FiliationError:
    run = f"See run {result.run_id[:8]} in the Dagster UI (`make dev`)."
    refused = sorted(
        {
            f"{check.asset_key.to_user_string()}.{check.check_name}"
            for check in result.get_asset_check_evaluations()
            if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
        }
    )
    if refused:
        return Refused(f"Not published: {', '.join(refused)} did not hold; the last base goes on serving.", run)
    return told_error(result, f"Not published; the last base goes on serving. {run}") or FiliationError(
        f"The refresh failed at {failed_steps(result)}; the last base goes on serving.", run
    )
