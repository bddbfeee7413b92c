"""Starting the send job of one plan from the command and telling what came of it.

The sender is `sends.handover.sender`, the asset of the job `assets.sends`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout

import dagster as dg

from assets.sends import PLANS
from pipelines.build import build_defs
from pipelines.failures import told_error
from pipelines.instance import use_instance
from pipelines.jobs import SEND
from pipelines.resources import fixed
from sends.handover.sender import SendReport, Tell, ready_to_send
from stores.all_stores import Stores
from terms.errors import FiliationError


def run_send(opened: Stores, plan_id: str, limit: int | None, progress: Callable[[str], None]) -> Mapping[str, object]:
    """Run the send job for one plan in this process and return its report.

    Args:
        opened: the opened stores.
        plan_id: an approved plan.
        limit: hand over at most so many messages; None = all.
        progress: told now and then in words and counts.

    Returns:
        the fields of `SendReport`, by name.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
        Refused: the plan may not be sent now, said before Dagster starts and after what earlier runs left open was
            settled.
        WriterBusy: another sender is at work on this ledger.
        FiliationError: the run failed; the ledger keeps what was done, and the run can be repeated.
    """
    with ready_to_send(opened, plan_id, progress) as ready:
        use_instance(opened.home)
        progress(f"send: plan {plan_id} started")

        def send_ready(_: Stores, __: str, *, limit: int | None, progress: Tell) -> SendReport:
            return ready.send(limit, progress)

        result = _run_job(plan_id, limit, fixed(send_ready))
    if not result.success:
        again = f"See `filiation campaign status {plan_id}`, then run `filiation campaign send {plan_id}` again."
        raise told_error(result, again) or FiliationError(
            f"Sending plan {plan_id} ended early; every message's state stands in the ledger.", again
        )
    materialised = result.get_asset_materialization_events()[-1].materialization
    return {name: materialised.metadata[name].value for name in SendReport.__dataclass_fields__}


def _run_job(plan_id: str, limit: int | None, sender: dg.ResourceDefinition) -> dg.ExecuteInProcessResult:
    """Run the send job for one plan with a sender that is ready: settled and checked, once for the whole send."""
    config: dict[str, object] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if limit is not None:
        config["ops"] = {"sends": {"config": {"limit": limit}}}
    with redirect_stdout(sys.stderr), dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(PLANS.name or "plans", [plan_id])
        job = build_defs(resource_overrides={"sender": sender}).resolve_job_def(SEND)
        return job.execute_in_process(instance=instance, run_config=config, partition_key=plan_id, raise_on_error=False)
