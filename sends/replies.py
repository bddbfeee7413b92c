"""What a phone writes back: is it a STOP, in whatever way it is written?

A person who says stop is never asked to say it better. What a STOP does belongs to `optouts`.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Meaning(StrEnum):
    """What a reply means."""

    STOP = "stop"
    OTHER = "other"


#: Words that mean stop wherever they stand in a reply, without accents and case (R-55, and how people write).
_STOP = re.compile(
    r"\b(s+t+o+p+(e[rz]?)?|stop(sms)?\d*|ar+et+(e[rzs]?)?|unsubscribe|desabon+\w*|desinscri\w*"
    r"|ne plus (recevoir|me contacter)|retirez[- ]moi|supprimez[- ]moi)\b"
)
_SPELLED = re.compile(r"\bs[\s.\-_]+t[\s.\-_]+o[\s.\-_]+p\b")


def read_meaning(text: str) -> Meaning:
    """Return what a reply means: "STOP", "Stop svp", "ARRÊT", "« stop »", "stop 36179", "S.T.O.P" are all a STOP.

    A word that only begins alike ("stoppage") is none; in doubt ("arrêté", "arrêt de bus") it is a STOP.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
    if _STOP.search(plain) or _SPELLED.search(plain):
        return Meaning.STOP
    return Meaning.OTHER
