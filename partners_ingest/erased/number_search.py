"""Finding given numbers in raw lines, in whatever form a person or a program writes them.

For erasure. It reads raw lines, not records, because a record that could not be read names a person too. Which number a
record of a partner means is decided by `partners_ingest.rows.phone`, not here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

#: What may be between two digits of a number: at most three of them, and never what parts cells.
_GAP = r"[ .\-/_()\u00a0\u00ad\u2000-\u200f\u2010-\u2015\u202a-\u202f\u205f\u2060\u2212\u3000\ufeff\uff08\uff09\uff0d\uff0e\uff0f]{0,3}"
#: Where a number begins and ends: at what is no digit, or at another whole number that was written without a gap.
_BEGIN = r"(?:(?<!\d)|(?<=(?<!\d)0[1-9]\d{8})|(?<=(?<!\d)33[1-9]\d{8}))"
_END = r"(?:(?!\d)|(?=(?:0|33|0033)[1-9]\d{8}(?!\d)))"
#: Calling codes of the French numbering plan; their numbers are written with a 0 in place of the code, too.
_FRENCH = re.compile(r"\+(33|262|590|594|596|508|687|689|681)(\d{6,9})")
#: Digits and the plus sign of full width in UTF-8, and what each is.
_WIDE = tuple((chr(0xFEE0 + code).encode(), bytes([code])) for code in b"0123456789+")
_NARROW_TEXT = {0xFEE0 + code: code for code in b"0123456789+"}
#: In every sign of full width that UTF-16 writes, and in no byte of UTF-8.
_WIDE_UNIT = b"\xff"
_NOT_DIGITS = bytes(byte for byte in range(256) if byte not in b"0123456789\n")


class NumberSearch:
    """Numbers that are looked for; none of them is ever logged."""

    def __init__(self, e164s: Iterable[str]) -> None:
        self._sought = {_core(e164).encode(): (e164, re.compile(_pattern(e164))) for e164 in e164s}

    def may_stand_in(self, raw: bytes) -> bool:
        """Return whether bytes may hold one of the numbers: a quick look at their digits, whatever lies between."""
        return bool(self._possible(_narrow(raw)))

    def found_in(self, raw: bytes) -> frozenset[str]:
        """Return which of the numbers (E.164) are in a line."""
        narrow = _narrow(raw)
        possible = self._possible(narrow)
        if not possible:
            return frozenset()
        texts = list(_readings(narrow))
        return frozenset(e164 for e164, pattern in possible if any(pattern.search(text) for text in texts))

    def _possible(self, narrow: bytes) -> list[tuple[str, re.Pattern[str]]]:
        """Return the numbers whose digits are there; all of them where digits may be of full width in two bytes."""
        if _WIDE_UNIT in narrow:
            return list(self._sought.values())
        digits = narrow.translate(None, _NOT_DIGITS)
        return [sought for core, sought in self._sought.items() if core in digits]


def _narrow(raw: bytes) -> bytes:
    """Return UTF-8 with its digits of full width as ASCII ones; most bytes have none and are returned as they are."""
    if b"\xef\xbc" in raw:
        for wide, digit in _WIDE:
            raw = raw.replace(wide, digit)
    return raw


def _core(e164: str) -> str:
    """Return the digits that every way of writing a number has in common."""
    french = _FRENCH.fullmatch(e164)
    return french.group(2) if french else e164.lstrip("+")


def _pattern(e164: str) -> str:
    french = _FRENCH.fullmatch(e164)
    code = french.group(1) if french else ""
    national = rf"(?:\(?0\)?{_GAP})?" if french else ""
    international = rf"(?:(?:\+|00){_GAP})?{_spread(code)}{_GAP}{national}" if code else rf"(?:(?:\+|00){_GAP})?"
    prefix = rf"(?:{international}|0{_GAP})?" if french else international
    return rf"{_BEGIN}{prefix}{_spread(_core(e164))}{_END}"


def _spread(digits: str) -> str:
    return _GAP.join(digits)


def _readings(raw: bytes) -> Iterator[str]:
    """Yield a line as text, in each way in which its digits may be readable."""
    if b"\0" in raw:  # two bytes a unit: digits are ASCII in either order
        yield raw.replace(b"\0", b"").decode("latin-1")
    if b"\0" in raw or _WIDE_UNIT in raw:  # a line may begin within a unit
        for encoding, units in itertools.product(("utf-16-le", "utf-16-be"), (raw, raw[1:])):
            yield units.decode(encoding, errors="replace").translate(_NARROW_TEXT)
    try:
        yield raw.decode("utf-8")
    except UnicodeDecodeError:
        yield raw.decode("latin-1")
