"""Putting the parts of a long SMS together again, as a phone does: by their user data header, or from a payload.

Cutting a text into parts is the gateway's work.
"""

from __future__ import annotations

import smpp34
from smpplib import consts

from sends.gateways.sms_text import decode_text, without_header

_HAS_HEADER = 0x40
_PAYLOAD = consts.OPTIONAL_PARAMS["message_payload"]

#: Information elements of a concatenation: a reference of 8 bits (3GPP 23.040, 9.2.3.24.1).
_CONCATENATED, _HEADER_OCTETS = 0x00, 6


class Parts:
    """The parts that came, by sender, receiver and reference, until their text is whole."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, int], dict[int, bytes]] = {}

    def text_of(self, event: smpp34.SubmitSmEvent) -> str | None:
        """Return the text of a message, or None while parts of it are missing."""
        payload = next((tlv.value for tlv in event.tlvs if tlv.tag == _PAYLOAD), b"")
        octets = event.short_message or payload
        if not event.esm_class & _HAS_HEADER:
            return decode_text(octets, event.data_coding)
        if len(octets) < _HEADER_OCTETS or octets[1] != _CONCATENATED:
            return decode_text(without_header(octets), event.data_coding)
        reference, total, place = octets[3:6]
        key = (event.source_addr, event.destination_addr, reference)
        parts = self._waiting.setdefault(key, {})
        parts[place] = without_header(octets)
        if len(parts) < total:
            return None
        del self._waiting[key]
        return decode_text(b"".join(parts[number] for number in sorted(parts)), event.data_coding)
