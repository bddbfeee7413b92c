"""Commands about one campaign: plan, lift, approve, send, pause, resume, stop, release, status.

Rules, reservations and the ledger belong to `sends`; sending runs as a Dagster job.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answers import AsJson, By, opened_stores, print_findings, print_json, say

app = typer.Typer(help="Plan, approve and send campaigns.", no_args_is_help=True)

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN_ID")]


@app.command()
def plan(order: Annotated[Path, typer.Argument(metavar="FILE")], as_json: AsJson = False) -> None:
    """Check an order against all rules, freeze its audience, reserve for 72 hours, price it.

    Example: filiation campaign plan config/campaigns/demo.yaml --json
    """
    from sends.plans.planning import PlanRefused, plan_campaign
    from sends.rules.rulebook import findings_json

    try:
        answer = plan_campaign(opened_stores(), order)
    except PlanRefused as refusal:
        if as_json:
            print_json({"plan_id": None, "findings": [finding.to_json() for finding in refusal.findings]})
        else:
            print_findings([finding.to_json() for finding in refusal.findings])
        raise
    if as_json:
        print_json(answer.to_json())
        return
    print(f"plan {answer.plan_id}: {answer.contacts} contacts, {answer.bureaux} bureaux")
    print(
        f"price {answer.total_cents} cents: {answer.contacts} x {answer.unit_price_cents},"
        f" {answer.parts_per_message} parts each, by the list {answer.price_list}"
    )
    if answer.costly_characters:
        print(f"characters that cost extra: {' '.join(answer.costly_characters)}")
    print_findings(findings_json(answer.findings))


@app.command()
def lift(plan_id: PlanArgument, code: str, why: Annotated[str, typer.Option(help="Recorded.")], by: By = None) -> None:
    """Lift a HOLD, signed by a person of the role that its rule names.

    Example: filiation campaign lift 4be1… ART19_STALE --by "Camille Second" --why "assessment renewed today"
    """
    from sends.plans.approval import lift_hold

    lift_hold(opened_stores(), plan_id, code, by, why)
    say(f"{code} of plan {plan_id} is lifted.")


@app.command()
def approve(plan_id: PlanArgument, by: By = None) -> None:
    """Approve a plan, signed by an approver who is another person than the planner.

    Example: filiation campaign approve 4be1… --by "Camille Second"
    """
    from sends.plans.approval import approve_plan

    approve_plan(opened_stores(), plan_id, by)
    say(f"plan {plan_id} is approved{f' by {by}' if by else ''}.")


@app.command()
def send(
    plan_id: PlanArgument,
    limit: Annotated[int | None, typer.Option(min=1, help="Hand over at most this many messages now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hand the plan's messages to its gateway; each is judged again first. Safe to interrupt and repeat.

    Example: filiation campaign send 4be1…
    """
    from pipelines.sending import run_send

    report = run_send(opened_stores(), plan_id, limit, say)
    if as_json:
        print_json(report)
    else:
        say(json.dumps(report, ensure_ascii=False))


@app.command()
def pause(plan_id: PlanArgument) -> None:
    """Pause a plan after the current batch.

    Example: filiation campaign pause 4be1…
    """
    from sends.plans.control import pause_plan

    pause_plan(opened_stores(), plan_id)
    say(f"plan {plan_id} is paused.")


@app.command()
def resume(plan_id: PlanArgument) -> None:
    """Resume a paused plan.

    Example: filiation campaign resume 4be1…
    """
    from sends.plans.control import resume_plan

    resume_plan(opened_stores(), plan_id)
    say(f"plan {plan_id} is resumed; run `filiation campaign send`.")


@app.command()
def stop(plan_id: PlanArgument) -> None:
    """End a plan: what was not sent is cancelled.

    Example: filiation campaign stop 4be1…
    """
    from sends.plans.control import stop_plan

    stop_plan(opened_stores(), plan_id)
    say(f"plan {plan_id} is stopped.")


@app.command()
def release(plan_id: PlanArgument) -> None:
    """Free the bureaux and contacts that a plan reserved and never sent to.

    Example: filiation campaign release 4be1…
    """
    from sends.plans.control import release_plan

    release_plan(opened_stores(), plan_id)
    say(f"plan {plan_id} is released.")


@app.command()
def status(plan_id: PlanArgument, as_json: AsJson = False) -> None:
    """Show how many messages of a plan are in which state.

    Example: filiation campaign status 4be1… --json
    """
    from sends.plans.status import campaign_status

    answer = campaign_status(opened_stores(), plan_id)
    if as_json:
        print_json(answer.to_json())
        return
    print(f"planned {answer.planned}")
    for state, number in answer.states.items():
        print(f"  {state:<12}{number}")
