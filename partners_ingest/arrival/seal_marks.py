"""What a sealed file looks like from outside: its first bytes, its name; and that one could not be opened.

Light, because every look-up asks; opening belongs to `seals`.
"""

from __future__ import annotations

import re

from terms.reasons import FileReason

#: The first packet of a sealed message: a session key for a recipient (old and new length forms), or its armour.
_SEALED = re.compile(
    rb"\x84.\x03|\x85..\x03|\xc1[\x00-\xbf][\x03\x06]|\xc1[\xc0-\xdf].[\x03\x06]|-----BEGIN PGP MESSAGE", re.DOTALL
)
#: Bytes that show it.
HEAD_BYTES = 32

#: What is added to the name of a sealed file.
SUFFIXES = (".gpg", ".pgp", ".asc")


class SealUnopened(Exception):
    """A sealed file that gives nothing; `reason` says whether our keys or its bytes are the cause."""

    def __init__(self, reason: FileReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def is_sealed(head: bytes) -> bool:
    """Return whether a file is an OpenPGP message, by its first bytes: no text begins so."""
    return _SEALED.match(head) is not None


def name_inside(file_name: str) -> str:
    """Return a file's name without what sealing added to it."""
    suffix = next((suffix for suffix in SUFFIXES if file_name.lower().endswith(suffix)), "")
    return file_name[: len(file_name) - len(suffix)]
