"""What a phone writes back: is it a STOP, or the yes that an invitation asks for, in whatever way it is written?

A person who says stop is never asked to say it better; a yes that is not plain is none. The meanings that there are, and
counts of them, are in `sends.ledger.replies`; what a STOP or a yes does belongs to `listener` and the judgement.
"""

from __future__ import annotations

import re
import unicodedata

from sends.ledger.replies import Meaning

#: Words that mean stop wherever they stand in a reply, without accents and case (R-55, and how people write).
_STOP = re.compile(
    r"\b(s+t+[o0]+p+(e[rz]?)?|st[o0]p(sms)?\d*|ar+et+(e[rzs]?)?|unsubscribe|desabon+\w*|desinscri\w*"
    r"|ne plus (recevoir|me contacter)|retirez[- ]moi|supprimez[- ]moi)\b"
)
_SPELLED = re.compile(r"\bs[\s.\-_]+t[\s.\-_]+o[\s.\-_]+p\b")

#: A whole reply that says yes and nothing else but courtesy: consent is a clear affirmative act (GDPR 4(11)).
_YES = re.compile(
    r"(ou+i+|o u i|yes|ok|okay|d accord|j accepte|je (suis d accord|veux bien)|bien sur|volontiers)"
    r"( (ou+i+|yes|ok|d accord|j accepte|je (suis d accord|veux bien|le veux)|bien sur|volontiers|merci|svp|stp"
    r"|s il (vous|te) plait|bonjour|bonsoir|beaucoup|pour moi|\d{5}))*"
)
_COURTESY = re.compile(r"^(bonjour|bonsoir|salut|merci) ")


def read_meaning(text: str) -> Meaning:
    """Return what a reply means: "STOP", "Stop svp", "ARRÊT", "« stop »", "stop 36179", "S.T.O.P" are all a STOP.

    A word that only begins alike ("stoppage") is none; in doubt ("arrêté", "arrêt de bus") it is a STOP. "OUI",
    "oui svp", "« Oui ! »", "O.U.I", "D’accord, merci" are a yes; in doubt ("oui mais", "oui ?") it is none.
    """
    plain = _plain(text)
    if _STOP.search(plain) or _SPELLED.search(plain):
        return Meaning.STOP
    words = " ".join(re.findall(r"\w+", plain))
    if "?" not in plain and _YES.fullmatch(_COURTESY.sub("", words)):
        return Meaning.YES
    return Meaning.OTHER


def _plain(text: str) -> str:
    """Return text without accents, case, and signs that nobody sees."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if unicodedata.category(sign) not in ("Mn", "Cf")).casefold()
