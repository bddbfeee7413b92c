"""Addresses as people write them, made of BAN rows by a seeded generator: typos, abbreviations, missing parts, lines too many.

Each is made of one BAN row in one way, and knows which row is meant, or that none is. Matching them is measured by
`address_holdout`. The ways are those seen in partners' files and in La Poste's norm (NF Z 10-011); words are the generator's own,
so that a word which the matcher lacks shows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType


@dataclass(frozen=True)
class House:
    """A BAN row; `suffix` as published, empty for none."""

    address_id: str
    number: int
    suffix: str
    street: str
    postcode: str
    city: str


@dataclass(frozen=True)
class Written:
    """An address as it might be delivered; `meant` is the BAN id, None where no row can be meant.

    `made_of` is the commune of the row that it was made of, as its BAN id begins.
    """

    way: str
    street: str
    postcode: str
    city: str
    meant: str | None
    made_of: str = ""


Way = Callable[[Random, House], Written]

_TYPES = {"Rue": ["R", "R.", "RUE"], "Avenue": ["Av", "AV.", "Ave"], "Boulevard": ["Bd", "BLD", "Bvd", "Boul."]}
_TYPES |= {
    "Place": ["Pl", "PL."],
    "Impasse": ["Imp", "IMP."],
    "Passage": ["Pas", "PASS", "Psg"],
    "Allée": ["All", "ALL."],
}
_TYPES |= {"Square": ["Sq"], "Cité": ["Cite"], "Quai": ["Qu", "Q."], "Chemin": ["Ch", "Che", "Chem."], "Route": ["Rte"]}
_TYPES |= {"Cour": ["Cr", "Cour"], "Villa": ["Vla"], "Sentier": ["Sent"], "Ruelle": ["Rle"], "Faubourg": ["Fbg", "FG"]}
_WORDS = {
    "Saint": ["St", "ST."],
    "Sainte": ["Ste"],
    "Faubourg": ["Fg", "FBG", "Fbg", "Faub."],
    "Général": ["Gal", "Gén."],
}
_WORDS |= {"Docteur": ["Dr", "Dr."], "Maréchal": ["Mal"], "Président": ["Pdt"], "Professeur": ["Pr", "Prof"]}
_SUFFIXES = {"b": ["bis", "BIS", " bis", "B", " b"], "t": ["ter", " TER", "T"], "q": ["quater", " Q"]}
_LINES_AFTER = (
    "Bât B",
    "bat. 2 esc. A",
    "Résidence Les Lilas",
    "3e étage",
    "appt 14",
    "porte gauche",
    "\nEscalier C",
    "BP 12",
)
_LINES_BEFORE = (
    "Appt 14",
    "Bât B",
    "Esc 2",
    "Résidence Les Lilas",
    "Chez Mme Martin",
    "3e étage gauche",
    "Apt 3 bât A",
)
_OTHER_STREETS = ("rue des Trois Sirènes", "avenue du Lac Bleu", "place de la Vieille Forge", "impasse Zéphirin Camus")


def _number(house: House) -> str:
    return f"{house.number}{house.suffix}"


def _written(way: str, house: House, street: str, **changed: str | None) -> Written:
    commune = house.address_id.partition("_")[0]
    return replace(Written(way, street, house.postcode, house.city, house.address_id, commune), **changed)  # type: ignore[arg-type]


def _as_published(random: Random, house: House) -> Written:
    return _written("as published", house, f"{_number(house)} {house.street}")


def _plain(random: Random, house: House) -> Written:
    text = f"{_number(house)}{random.choice([' ', ', ', ' , '])}{house.street}"
    bare = unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()
    shown = random.choice([bare, bare.upper(), text.lower(), bare.replace("-", " ").replace("'", " ").upper()])
    return _written("case, accents, punctuation", house, shown)


def _abbreviated(random: Random, house: House) -> Written:
    words = re.split(r"([ -])", house.street)
    short = [
        random.choice(_TYPES[word]) if place == 0 and word in _TYPES else random.choice(_WORDS.get(word, [word]))
        for place, word in enumerate(words)
    ]
    return _written("abbreviations", house, f"{_number(house)} {''.join(short)}")


def _suffixed(random: Random, house: House) -> Written:
    suffix = random.choice(_SUFFIXES.get(house.suffix, [house.suffix or ""]))
    return _written("bis, ter, letters", house, f"{house.number}{suffix} {house.street}")


def _without_articles(random: Random, house: House) -> Written:
    street = re.sub(r"\b((de la|des|du|de|la|le|les) |[dl]['’])", "", house.street, flags=re.IGNORECASE)
    return _written("articles left out", house, f"{_number(house)} {street}")


def _building_after(random: Random, house: House) -> Written:
    return _written("building line after", house, f"{_number(house)} {house.street}, {random.choice(_LINES_AFTER)}")


def _building_before(random: Random, house: House) -> Written:
    return _written("building line before", house, f"{random.choice(_LINES_BEFORE)}, {_number(house)} {house.street}")


def _ranged(random: Random, house: House) -> Written:
    """A range tells no suffix: a house that has one is written as published."""
    if house.suffix:
        return _as_published(random, house)
    sign = random.choice(["-", "/", " à ", " et "])
    return _written("range of numbers", house, f"{house.number}{sign}{house.number + 2} {house.street}")


def _typos(count: int, way: str) -> Way:
    def write(random: Random, house: House) -> Written:
        kind, _, name = house.street.partition(" ")
        for _ in range(count):
            name = _typo(random, name)
        return _written(way, house, f"{_number(house)} {kind} {name}")

    return write


def _typo(random: Random, text: str) -> str:
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    if not places:
        return text
    place = random.choice(places)
    other = random.choice("aeiourstlnmcdp")
    return random.choice(
        [
            text[:place] + text[place + 1 :],
            text[:place] + text[place] + text[place:],
            text[:place] + other + text[place + 1 :],
            text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :],
        ]
    )


def _typo_in_type(random: Random, house: House) -> Written:
    kind, _, name = house.street.partition(" ")
    return _written("typo in the type", house, f"{_number(house)} {_typo(random, kind)} {name}")


def _without_type(random: Random, house: House) -> Written:
    return _written("type left out", house, f"{_number(house)} {house.street.partition(' ')[2] or house.street}")


def _other_postcode(random: Random, house: House) -> Written:
    wrong = f"{house.postcode[:3]}{random.randint(1, 20):02}"
    return _written(
        "another postcode of the city", house, f"{_number(house)} {house.street}", postcode=wrong, city=_city(house)
    )


def _city(house: House) -> str:
    return re.sub(r" \d+(er|e).*$", "", house.city)


def _other_city(random: Random, house: House) -> Written:
    city = random.choice([_city(house).upper(), f"{_city(house)} CEDEX", "", f"{_city(house)} {house.postcode[3:]}"])
    return _written("city in other words", house, f"{_number(house)} {house.street}", city=city)


def _without_postcode(random: Random, house: House) -> Written:
    return _written("no postcode", house, f"{_number(house)} {house.street}", postcode="", city=_city(house))


def _without_number(random: Random, house: House) -> Written:
    return _written("no number", house, house.street, meant=None)


def _unknown_number(random: Random, house: House) -> Written:
    return _written("number that is not there", house, f"{random.randint(2000, 8999)} {house.street}", meant=None)


def _unknown_street(random: Random, house: House) -> Written:
    return _written("street that is not there", house, f"{house.number} {random.choice(_OTHER_STREETS)}", meant=None)


#: Each with its weight: what partners deliver most is measured most.
WAYS: Mapping[Way, int] = MappingProxyType(
    {
        _as_published: 2,
        _plain: 3,
        _abbreviated: 4,
        _suffixed: 2,
        _without_articles: 2,
        _building_after: 2,
        _building_before: 1,
        _ranged: 1,
        _typos(1, "one typo"): 4,
        _typos(2, "two typos"): 2,
        _typo_in_type: 1,
        _without_type: 1,
        _other_postcode: 1,
        _other_city: 1,
        _without_postcode: 1,
        _without_number: 1,
        _unknown_number: 1,
        _unknown_street: 1,
    }
)


def write_addresses(houses: Sequence[House], hidden: frozenset[str], count: int, seed: int) -> list[Written]:
    """Return `count` addresses made of `houses`.

    Args:
        houses: BAN rows, those that the matcher will not see too.
        hidden: BAN ids that the matcher will not see: nothing can be meant by an address made of one.
        count: how many.
        seed: the same seed gives the same addresses.
    """
    random = Random(seed)
    ways, weights = list(WAYS), list(WAYS.values())
    made = []
    for _ in range(count):
        house = random.choice(houses)
        written = random.choices(ways, weights)[0](random, house)
        if house.address_id in hidden:
            written = replace(written, way="street that BAN lacks", meant=None)
        made.append(written)
    return made
