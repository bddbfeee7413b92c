"""Names of files as partners give them: which are names at all, and how they are written where no number may be in clear.

A name is looked at before any pattern is matched. Which feed it belongs to is decided by `partners_ingest.intake.preflight`.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from unicodedata import category

#: File systems take no longer name.
_MOST_BYTES = 255
_NUMBER = re.compile(
    r"(?<!\d)(?<!\d[-._ ])"  # a day and an hour look like a number, but for the year before them
    r"(?:(?:\+|00)[ ._-]?[1-9](?:[ ._-]?\d){7,13}|33[1-9]\d{8}|0[1-9](?:[ ._-]?\d\d){4}|[1-9]\d{8})(?!\d)"
)
_E_MAIL = re.compile(r"[^\s/@]{1,64}@[^\s/@]{1,190}")


def is_plain_name(name: str) -> bool:
    """Return whether a text names one file in one folder: no separator, no way up, no control character, not too long."""
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        return False
    return len(os.fsencode(name)) <= _MOST_BYTES and not any(category(char) == "Cc" for char in name)


def storable_name(name: str) -> str:
    r"""Return a file name as text that every store takes: bytes that are no UTF-8 and control characters are written out, as `\xe9`."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(f"\\x{ord(char):02x}" if category(char) == "Cc" else char for char in text)


def masked_name(name: str) -> str:
    """Return a file name with what looks like a number or an e-mail address replaced.

    What replaces it tells two such names apart. It is of 16 bits, which a thousand numbers share: it is nobody's.
    """
    return _E_MAIL.sub(_mask, _NUMBER.sub(_mask, name))


def _mask(found: re.Match[str]) -> str:
    return f"[masked-{sha256(found[0].encode()).hexdigest()[:4]}]"
