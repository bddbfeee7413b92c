"""What a `deliver_sm` says: a DLR about a message of ours, or an MO.

A DLR is read from its optional parameters, else from the text that operators write in the form of SMPP 3.4's
appendix B ("id:… stat:DELIVRD …"). Acknowledging it belongs to `smpp`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from types import MappingProxyType

from smpplib import consts
from smpplib.command import Command

from sends.gateways.gateway import DlrStatus, EventKind, GatewayEvent
from sends.gateways.sms_text import decode_text, without_header
from terms.identifiers import digest

#: esm_class: bits of a DLR (final, or on its way), and of a user data header.
_DLR, _INTERMEDIATE, _HAS_HEADER = 0x04, 0x20, 0x40

#: What operators write under stat:, cut to seven letters. REJECTD and DELETED are final: the phone did not get it.
#: UNKNOWN says nothing, and ENROUTE no more than that it left.
_STATUS_WORDS: Mapping[str, DlrStatus | None] = MappingProxyType(
    {
        "ENROUTE": DlrStatus.ACCEPTED,
        "ACCEPTD": DlrStatus.ACCEPTED,
        "DELIVRD": DlrStatus.DELIVERED,
        "EXPIRED": DlrStatus.EXPIRED,
        "UNDELIV": DlrStatus.UNDELIVERED,
        "REJECTD": DlrStatus.UNDELIVERED,
        "DELETED": DlrStatus.UNDELIVERED,
        "UNKNOWN": None,
    }
)

#: message_state (SMPP 3.4, 5.2.28) in the same words.
_STATE_WORDS: Mapping[int, str] = MappingProxyType(
    {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}
)

_ID, _STATUS = re.compile(r"\bid:(\S+)", re.IGNORECASE), re.compile(r"\bstat:(\w+)", re.IGNORECASE)


def read_deliver(pdu: Command) -> GatewayEvent:
    """Return what a `deliver_sm` tells."""
    octets = pdu.short_message or pdu.message_payload or b""
    esm_class = int(pdu.esm_class or 0)
    if esm_class & _HAS_HEADER:
        octets = without_header(octets)
    text = decode_text(octets, int(pdu.data_coding or 0))
    phone = _e164(pdu.source_addr or b"", int(pdu.source_addr_ton or 0))
    if esm_class & (_DLR | _INTERMEDIATE) or pdu.receipted_message_id:
        return _read_dlr(pdu, text, phone)
    # nothing in it is the same for one MO and different for the next: told twice, it is two MOs
    return GatewayEvent(uuid.uuid4().hex, EventKind.MO, phone=phone, text=text)


def _read_dlr(pdu: Command, text: str, phone: str) -> GatewayEvent:
    written_id, written_status = _ID.search(text), _STATUS.search(text)
    message_id = _ascii(pdu.receipted_message_id or b"") or (written_id.group(1) if written_id else None)
    word = _STATE_WORDS.get(int(pdu.message_state or 0)) or (
        written_status.group(1).upper()[:7] if written_status else ""
    )
    return GatewayEvent(
        event_id=digest(message_id or "", phone, word)[:32],
        kind=EventKind.DLR,
        status=_STATUS_WORDS.get(word),
        gateway_message_id=message_id,
        mark=pdu.user_message_reference or None,
        phone=phone,
    )


def _e164(address: bytes, ton: int) -> str:
    """Return a phone with its plus sign; what is no international number is told as it came."""
    digits = _ascii(address)
    if digits.startswith("00"):
        return "+" + digits.removeprefix("00")
    is_international = ton == consts.SMPP_TON_INTL or (ton == consts.SMPP_TON_UNK and digits[:1] != "0")
    return f"+{digits}" if is_international and digits.isdigit() else digits


def _ascii(octets: bytes) -> str:
    return octets.rstrip(b"\0").decode("ascii", "replace")
