"""A trace as text for a person; its records are in `lineage.lookups.trace`."""

from __future__ import annotations

from lineage.lookups.judged_use import Ground
from lineage.lookups.provenance import OptIn, Territory
from lineage.lookups.trace import PlanTrace, SendTrace
from terms.clock import from_micros, to_iso


def describe_plan(trace: PlanTrace) -> str:
    """Return a plan in a few lines: order, base and rules, approval, states."""
    plan = trace.plan
    approval = f"by {trace.approved_by} at {to_iso(trace.approved_at)}" if trace.approved_at else "none"
    states = ", ".join(f"{state} {count}" for state, count in trace.states.items()) or "no message"
    lines = [
        f"plan {plan.plan_id}: {plan.campaign_id}, {plan.sponsor_id}, {plan.election} round {plan.round} ({plan.state})",
        f"  planned    by {plan.planned_by} at {to_iso(from_micros(plan.planned_at))}: {plan.contacts} contacts",
        f"  order      sha256 {plan.order_sha256}",
        f"  message    sha256 {plan.message_sha256}",
        f"  judged by  base {plan.base_version}, rules {plan.rule_set_sha256}",
        f"  window     {to_iso(plan.opens_at)} to {to_iso(plan.closes_at)}, gateway {plan.gateway}",
        f"  approved   {approval}",
        *(f"  lifted     {code} by {by}: {why}" for code, by, why in trace.lifts),
        f"  bureaux    {len(trace.bureaux)} reserved",
        f"  states     {states}",
    ]
    return "\n".join(lines)


def describe_send(trace: SendTrace) -> str:
    """Return a message with its chain: each change of state, the judgement, each opt-in, the territory, the plan."""
    message, judged = trace.message, trace.judged
    lines = [
        f"message {message.send_id}: {message.state} since {to_iso(message.state_at)}",
        f"  to         contact {message.contact_id}, bureau {message.bureau_code or '-'}",
        f"  message    sha256 {message.message_sha256}, at the gateway {message.gateway_message_id or '-'}",
        *(
            f"  {event.state.lower():<10} {to_iso(event.at)}, known {to_iso(event.known_at)} by the {event.source}"
            for event in message.events
        ),
        f"  judged     {judged.judgement.decision.value} ({judged.judgement.verdict.value}) by the law and the knowledge"
        f" of {to_iso(message.judged_at)}; then written: {', '.join(message.codes) or 'allowed'}",
        *(_rule_line(ground) for ground in judged.grounds),
        *(_opt_in_line(trace, opt_in) for opt_in in trace.opt_ins),
        *(
            f"  reply      {reply.kind}, {to_iso(reply.at)}, known {to_iso(reply.known_at)} by {reply.source}"
            for reply in trace.replies
        ),
        *_territory_lines(trace.territory),
    ]
    return "\n".join([*lines, describe_plan(trace.plan)])


def _rule_line(ground: Ground) -> str:
    rule = ground.rule
    whose = "the contact" if rule.delivery_id is None else f"{rule.delivery_id} line {rule.line_number}"
    return f"  rule       {rule.code} ({rule.rule_id}): {rule.effect.value} of {whose}: {rule.sentence}"


def _territory_lines(territory: Territory | None) -> list[str]:
    if territory is None:
        return []
    bureaux = ", ".join(f"{code} ({year})" for year, code in territory.bureaux.items())
    return [f"  territory  {bureaux or 'no bureau'}; commune {territory.commune_code or '-'}"]


def _opt_in_line(trace: SendTrace, opt_in: OptIn) -> str:
    at = to_iso(opt_in.consented_at) if opt_in.consented_at else "no instant"
    acts = {(act.delivery_id, act.line_number): act for act in trace.judged.acts}
    act = acts.get((opt_in.delivery_id, opt_in.line_number))
    alone = f"; alone {act.decision.value} {', '.join(act.codes)}".rstrip() if act else ""
    return (
        f"  opt-in     {opt_in.partner_id}, delivery {opt_in.delivery_id} line {opt_in.line_number}:"
        f" {opt_in.flag} at {at}, notice {opt_in.notice_id or 'unknown'}{alone}"
    )
