"""Does a notice say what its dossier declares? Each contradiction names the words that show it.

A reader of French with short word lists, so that a person can follow every step; no model, no guess. It warns: whether
a contradiction counts is a rule of the registry (`NOTICE_CONTRADICTED`), and a person decides who is right. Reading
dossiers belongs to `consent.dossiers.dossiers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import combining, normalize

from consent.dossiers.dossiers import Dossier, Notice


class Aspect(StrEnum):
    """What of a notice is compared."""

    RECIPIENT = "recipient"
    PURPOSE = "purpose"
    CHANNEL = "channel"
    TARGETING = "targeting"


class Fault(StrEnum):
    """In which direction text and declaration differ."""

    DECLARED_NOT_SAID = "declared_not_said"
    SAID_NOT_DECLARED = "said_not_declared"


@dataclass(frozen=True)
class Contradiction:
    """One difference between a notice's text and what the dossier declares.

    `value` is what is declared or said (a name, a channel, …); `words` the words of the text that say it, empty where
    nothing does.
    """

    notice_id: str
    aspect: Aspect
    fault: Fault
    value: str
    words: str

    def to_json(self) -> dict[str, str]:
        """Return the contradiction as it is printed."""
        return {
            "notice_id": self.notice_id,
            "aspect": self.aspect.value,
            "fault": self.fault.value,
            "value": self.value,
            "words": self.words,
        }

    def sentence(self) -> str:
        """Return the contradiction in words."""
        if self.fault is Fault.DECLARED_NOT_SAID:
            return f"{self.aspect} {self.value!r} is declared, and no word of the text says so"
        return f"the text says {self.aspect} {self.value!r} (« {self.words} »), and it is not declared"


#: Words that say a channel, without accents; a number or an address that the text only mentions is none.
_CHANNELS: Mapping[str, str] = {
    "sms": r"sms|textos?|mini-?messages?",
    "voice": r"messages? vocaux?|messages? vocal|appels?|telephon(?:e|ique)(?! mobile)|automates? d'appel",
    "email": r"e-?mails?|courriels?|courriers? electroniques?|voie electronique",
    "post": r"courriers? posta(?:l|ux)|voie postale",
}
_PURPOSES: Mapping[str, str] = {
    "political": r"politiques?|electora(?:l|le|les|ux)|propagande|partis?",  # a party writes about politics
    "commercial": r"offres? commerciales?|offres? promotionnelles?|promotions?|publicites?|bons plans|prospection commerciale",
}
#: A sentence about selecting the person; only there do the words of a criterion speak of targeting.
_SELECTING = r"cibl\w+|choisir|selectionn\w+|selon (?:mon|ma|mes|votre|vos)|profil\w*|personnalis\w+|adapter"
_CRITERIA: Mapping[str, str] = {
    "address": r"adresse(?! e-?mail| electronique)|bureaux? de vote|quartier|commune|code postal|domicile",
    "age": r"age|date de naissance",
    "sex": r"sexe|civilite|genre",
    "area_results": r"resultats? (?:electora\w+|des elections|du bureau|de mon bureau|des scrutins)",
    "area_income": r"revenus?",
}
#: Words right before another that deny it: "jamais par e-mail", "ni par telephone".
_DENIAL = re.compile(r"(?:\bni|\bpas|\bjamais|\bsans|\bsauf|\baucune?|\bhors)(?: (?:de|d'|par|un|le|la))*[ ']*$")
_LEGAL_FORMS = r"sarl|sasu|sas|sa|scop|eurl|snc|gie"
_FIRM = re.compile(rf"((?:[A-ZÀ-Þ][\w&’'-]*\s+(?:& )?)+)({_LEGAL_FORMS.upper()})\b")


def said_targeting(text: str) -> tuple[str, ...]:
    """Return by what a French text says that the person is selected, in the words of `targeting_by`."""
    return tuple(_said(_CRITERIA, _selecting_sentences(_plain(text))))


def lint_dossier(dossier: Dossier) -> tuple[Contradiction, ...]:
    """Return the contradictions of all notices of a dossier, in its order."""
    parties = [hop.name for hop in dossier.chain] + [dossier.legal_name]
    return tuple(found for notice in dossier.notices for found in lint_notice(notice, parties))


def lint_notice(notice: Notice, parties: Sequence[str]) -> tuple[Contradiction, ...]:
    """Compare one notice with what is declared of it; a text that is not French is not read.

    Args:
        notice: text and declaration.
        parties: names of the chain: a text may name who collects without making it a recipient.
    """
    if notice.language != "fr":
        return ()
    text = _plain(notice.text)
    said_channels = _said(_CHANNELS, text)
    said_purposes = _said(_PURPOSES, text)
    return (
        *_recipients(notice, text, parties),
        *_differences(notice, Aspect.PURPOSE, notice.purposes, said_purposes),
        *_differences(notice, Aspect.CHANNEL, notice.channels, said_channels),
        *_targeting(notice, text),
    )


def _recipients(notice: Notice, text: str, parties: Sequence[str]) -> Iterator[Contradiction]:
    named = [recipient.name for recipient in notice.recipients if recipient.kind != "category"]
    for name in named:
        if not re.search(rf"\b{re.escape(_core(name))}\b", text):
            yield Contradiction(notice.notice_id, Aspect.RECIPIENT, Fault.DECLARED_NOT_SAID, name, "")
    known = tuple(_core(name) for name in (*named, *parties))
    for match in _FIRM.finditer(notice.text):
        words = match[0].strip()
        # the capital before a name may be the sentence's own, and a name may begin before its last capitals
        if not any(_core(words).endswith(name) or name.endswith(_core(words)) for name in known):
            yield Contradiction(notice.notice_id, Aspect.RECIPIENT, Fault.SAID_NOT_DECLARED, words, words)


def _targeting(notice: Notice, text: str) -> Iterator[Contradiction]:
    """Compare the criteria of the sentences that speak of selecting the person."""
    said = _said(_CRITERIA, _selecting_sentences(text))
    yield from _differences(notice, Aspect.TARGETING, notice.targeting_by, said)


def _selecting_sentences(text: str) -> str:
    return " ".join(one for one in re.split(r"(?<=[.;:!?])\s", text) if re.search(rf"\b(?:{_SELECTING})\b", one))


def _differences(
    notice: Notice, aspect: Aspect, declared: Sequence[str], said: Mapping[str, str]
) -> Iterator[Contradiction]:
    for value in declared:
        if value not in said:
            yield Contradiction(notice.notice_id, aspect, Fault.DECLARED_NOT_SAID, value, "")
    for value, words in said.items():
        if value not in declared:
            yield Contradiction(notice.notice_id, aspect, Fault.SAID_NOT_DECLARED, value, words)


def _said(vocabulary: Mapping[str, str], text: str) -> dict[str, str]:
    """Return the values whose words are in the text and are not denied there, with the first such words."""
    found: dict[str, str] = {}
    for value, words in vocabulary.items():
        for match in re.finditer(rf"\b(?:{words})\b", text):
            if not _DENIAL.search(text[: match.start()]):
                found[value] = match[0]
                break
    return found


def _core(name: str) -> str:
    """Return a name as it is compared: no accents, no case, no legal form."""
    return re.sub(rf"[\s,]+(?:{_LEGAL_FORMS})$", "", _plain(name).strip())


def _plain(text: str) -> str:
    """Return a text without accents and case, apostrophes and spaces of one kind."""
    bare = "".join(sign for sign in normalize("NFKD", text) if not combining(sign))
    return re.sub(r"\s+", " ", bare.replace("’", "'")).casefold()
