"""The provenance of a number as text for a person; its records are in `lineage.lookups.provenance`."""

from __future__ import annotations

import textwrap
from datetime import datetime

from lineage.lookups.provenance import ConsentEvent, OptIn, PerUse, Provenance, Send, Territory
from terms.clock import to_iso


def describe(provenance: Provenance) -> str:
    """Return the answer as text for a person: number, verdicts, each opt-in with file, line and text shown, sends."""
    head = f"{provenance.number}, by base {provenance.as_of.base_version} at {to_iso(provenance.as_of.at)}"
    if not provenance.is_known:
        lines = [head, "  Unknown: no accepted row of a partner holds this number."]
    else:
        lines = [
            head,
            f"  contact    {provenance.contact_id}",
            *_of_person(provenance),
            *_verdict_lines(provenance.verdicts),
        ]
    for position, opt_in in enumerate(provenance.opt_ins, 1):
        lines += _opt_in_lines(position, opt_in)
    lines += [f"  event      {_event_text(event)}" for event in provenance.events]
    lines += [f"  send       {_send_text(send)}" for send in provenance.sends]
    if not provenance.sends:
        lines.append("  send       none")
    return "\n".join(lines)


def _of_person(provenance: Provenance) -> list[str]:
    attributes, territory = provenance.attributes, provenance.territory
    lines = []
    if attributes:
        born = f"born {attributes.birth_date}" if attributes.birth_date else "birth date unknown"
        sex = attributes.sex or "sex unknown"
        lines.append(f"  person     {sex}, {born}, postcode {_known(attributes.postcode)}")
    if territory:
        lines.append(_territory_line(territory))
    return lines


def _territory_line(territory: Territory) -> str:
    bureaux = ", ".join(f"{code} ({name})" for name, code in territory.bureaux.items())
    sure = "" if territory.match_confidence is None else f", confidence {territory.match_confidence:.2f}"
    return (
        f"  territory  commune {_known(territory.commune_code)}, bureau {_known(bureaux)},"
        f" IRIS {_known(territory.iris_code)}, address {_known(territory.address_id)}{sure}"
    )


def _verdict_lines(verdicts: PerUse) -> list[str]:
    return [
        f"  verdict    {channel.value:5} {profile.value:6} {use.verdict.value} {', '.join(use.reasons)}".rstrip()
        for channel, profiles in verdicts.items()
        for profile, use in profiles.items()
    ]


def _opt_in_lines(position: int, opt_in: OptIn) -> list[str]:
    at = _iso(opt_in.consented_at) or "no instant"
    end = opt_in.byte_offset + opt_in.byte_length
    lines = [
        f"  opt-in {position:<3} {opt_in.partner_id}: {opt_in.flag}, {at}",
        f"             file {opt_in.file_name}, line {opt_in.line_number}, bytes {opt_in.byte_offset} to {end},"
        f" delivery {opt_in.delivery_id}",
        f"             form {_known(opt_in.form_version)}, page {_known(opt_in.page_url)}",
        f"             notice {_known(opt_in.notice_id)}; recipients: {', '.join(opt_in.recipients) or 'none'};"
        f" channels: {', '.join(opt_in.channels) or 'none'}",
    ]
    if opt_in.evidence_grade:
        lacks = f", lacks {', '.join(opt_in.evidence_missing)}" if opt_in.evidence_missing else ""
        lines.append(f"             evidence {opt_in.evidence_grade}{lacks}")
    if opt_in.notice_text:
        lines += textwrap.wrap(f"« {opt_in.notice_text} »", 110, initial_indent=" " * 13, subsequent_indent=" " * 15)
    if opt_in.uses:
        lines.append(f"             alone: {_alone(opt_in.uses)}")
    return lines


def _alone(uses: PerUse) -> str:
    return "; ".join(
        f"{channel.value} {profile.value} {use.verdict.value}{' ' if use.reasons else ''}{', '.join(use.reasons)}"
        for channel, profiles in uses.items()
        for profile, use in profiles.items()
    )


def _event_text(event: ConsentEvent) -> str:
    at = _iso(event.at) or "no instant"
    return f"{at} {event.state}, {event.signal}, from {event.source} (known {to_iso(event.known_at)})"


def _send_text(send: Send) -> str:
    handed = f"handed over {to_iso(send.handed_over_at)}" if send.handed_over_at else "not handed over"
    return (
        f"{send.campaign_id} ({send.kind}, {send.sponsor_id}, {send.election} round {send.round}):"
        f" {send.state} since {to_iso(send.state_at)}, {handed} by {send.gateway},"
        f" message {send.gateway_message_id or 'without id'}, plan {send.plan_id}"
    )


def _known(text: str | None) -> str:
    return text or "unknown"


def _iso(instant: datetime | None) -> str | None:
    return to_iso(instant) if instant else None
