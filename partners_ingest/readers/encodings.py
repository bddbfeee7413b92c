"""The encoding of a delivery's text: decided by rule from its first bytes and the dossier, never guessed.

Which encodings can be read is listed here; decoding lines belongs to `text_lines`, splitting bytes into lines to
`stores.evidence.lines`.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import StrEnum

from consent.dossiers.feeds import Feed
from stores.evidence.lines import CodeUnit

#: What can be read, by Python's names: French exports, and what re-saving makes of them (feeds.md 3.2).
READABLE = frozenset(
    "utf-8 utf-16-le utf-16-be ascii cp1252 iso8859-1 iso8859-15 cp850 cp858 cp437 mac-roman".split()  # one or two bytes a unit
)
#: Names that mean one of these once a byte order mark is off; UTF-16 without one comes from Windows.
_PLAIN = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}
#: Formats that are read from rows written by us (`unpacking`), so that the dossier declares no encoding.
_TABLES = frozenset({"xlsx", "parquet"})
_UNITS = {"utf-16-le": CodeUnit.UTF16_LE, "utf-16-be": CodeUnit.UTF16_BE}


class EncodingRule(StrEnum):
    """What decided the encoding of a file (as stored in `deliveries.encoding_rule`)."""

    MARK = "mark"  # a byte order mark
    DOSSIER = "dossier"  # what the dossier declares
    ROWS = "rows"  # lines that we wrote from the rows of a table
    ASSUMED = "assumed"  # nothing says it: UTF-8, so that lines can be committed to; such a file is not accepted


@dataclass(frozen=True)
class TextEncoding:
    """An encoding by Python's name, and what decided it."""

    name: str
    rule: EncodingRule

    @property
    def is_marked(self) -> bool:
        """Whether a byte order mark decided it."""
        return self.rule is EncodingRule.MARK

    @property
    def unit(self) -> CodeUnit:
        """The unit in which line feeds are looked for."""
        return _UNITS.get(self.name, CodeUnit.BYTE)


def declared_encoding(feed: Feed) -> str | None:
    """Return Python's name of what the dossier declares, or None where it is none that can be read."""
    if feed.format in _TABLES:
        return "utf-8"
    try:
        name = codecs.lookup(feed.encoding or "").name
    except LookupError:
        return None
    plain = _PLAIN.get(name, name)
    return plain if plain in READABLE else None


def decide_encoding(head: bytes, feed: Feed | None) -> TextEncoding:
    """Return the encoding of a file: a byte order mark wins over the dossier (partners README, section 1).

    Args:
        head: its first bytes, at least three.
        feed: None where the file belongs to none; its lines are then split as UTF-8.
    """
    if head.startswith(codecs.BOM_UTF8):
        return TextEncoding("utf-8", EncodingRule.MARK)
    if head.startswith(codecs.BOM_UTF16_LE):
        return TextEncoding("utf-16-le", EncodingRule.MARK)
    if head.startswith(codecs.BOM_UTF16_BE):
        return TextEncoding("utf-16-be", EncodingRule.MARK)
    declared = declared_encoding(feed) if feed else None
    if feed is None or declared is None:
        return TextEncoding("utf-8", EncodingRule.ASSUMED)
    return TextEncoding(declared, EncodingRule.ROWS if feed.format in _TABLES else EncodingRule.DOSSIER)
