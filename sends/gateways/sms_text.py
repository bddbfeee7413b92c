"""Text of an SMS as octets and back: the GSM alphabet where it suffices, UCS-2 where it does not.

Counting parts for the price belongs to `sends.orders.price`; which field of a protocol carries the octets to its client.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import smsutil
from smsutil.codecs import is_valid_gsm


class DataCoding(IntEnum):
    """SMPP's data_coding, those that phones and operators of Europe use."""

    GSM = 0  # the operator's default, GSM 03.38 in octets
    ASCII = 1
    LATIN_1 = 3
    UCS_2 = 8


#: The GSM alphabet has seven bits; what an operator leaves in the eighth says nothing.
_SEVEN_BITS = bytes(octet & 0x7F for octet in range(256))

_CODECS = {DataCoding.ASCII: "ascii", DataCoding.LATIN_1: "latin-1", DataCoding.UCS_2: "utf-16-be"}


@dataclass(frozen=True)
class Encoded:
    """The octets of a text and how they are coded."""

    octets: bytes
    coding: DataCoding


@lru_cache(maxsize=64)
def encode_text(text: str) -> Encoded:
    """Return a text as octets; no character is ever replaced."""
    return Encoded(smsutil.encode(text), DataCoding.GSM if is_valid_gsm(text) else DataCoding.UCS_2)


def decode_text(octets: bytes, coding: int) -> str:
    """Return what a phone wrote; octets that the coding does not know become U+FFFD, an unknown coding reads as Latin-1."""
    if coding == DataCoding.GSM:
        return str(smsutil.decode(octets.translate(_SEVEN_BITS)))
    return octets.decode(
        _CODECS.get(DataCoding(coding), "latin-1") if coding in list(DataCoding) else "latin-1", "replace"
    )


def without_header(octets: bytes) -> bytes:
    """Return the user data behind a user data header, whose first octet is its length."""
    return octets[octets[0] + 1 :] if octets else octets
