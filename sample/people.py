"""Invented persons: name, sex, birth date, address and a number of ARCEP's fiction range 06 39 98 xx xx.

How a person writes a number or a street belongs here; which files a person appears in does not.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sample.place import COMMUNE, POSTCODE, Address, Place

#: The person of the README's example: 06 39 98 00 42.
SHOWN_NUMBER = "0639980042"
SHOWN_BIRTH = date(1963, 7, 27)
#: Day of the demo clock, from which ages are counted.
DEMO_DAY = date(2026, 11, 24)

_WOMEN = (
    "Adèle Agathe Alice Anaïs Aurore Béatrice Camille Capucine Chloé Claire Clémence Colette Delphine Éléonore Élise Emma "
    "Estelle Fanny Flore Garance Gisèle Hélène Inès Irène Jeanne Joséphine Juliette Laure Léonie Louise Lucie Madeleine "
    "Manon Margaux Marguerite Mathilde Nadia Odile Pauline Rose Salomé Samira Solène Suzanne Sylvie Thérèse Yasmine Zoé"
).split()
_MEN = (
    "Adrien Alain Amaury André Antoine Arthur Augustin Baptiste Basile Bruno Cédric Clément Cyril Damien Denis Édouard "
    "Émile Étienne Fabien Félix Gaspard Gaël Guillaume Henri Hugo Ismaël Jacques Jérôme Julien Karim Laurent Léon "
    "Loïc Lucien Marc Mathieu Maxime Nicolas Noël Olivier Pascal Quentin Raphaël Rémi Samuel Théo Tristan Victor Yann"
).split()
_FAMILIES = (
    "Abadie Alazard Arnal Astruc Aubrac Bessière Bonnafous Bousquet Brajon Calmels Cambon Carrière Castanet Cayla Clavel "
    "Combes Costecalde Crouzet Delmas Delrieu Enjalbert Fabre Falguières Fournols Gineste Grousset Hermet Jalabert Jouve "
    "Laporte Laurens Malaval Marcillac Mazars Molinier Nogaret Olier Pagès Palobart Pouget Puech Raynal Rouquette Roustan "
    "Salvan Servières Talon Tarayre Teissier Trémolet Valadier Vayssade Verdier Veyrac Viala Vidal"
).split()
#: Postcode and town of persons who live elsewhere; their streets are in no file of addresses here.
_ELSEWHERE = (("48000", "Mende"), ("12000", "Rodez"), ("30000", "Nîmes"), ("63000", "Clermont-Ferrand"))
_ELSEWHERE_STREETS = ("rue des Lauzes", "chemin du Mas Perdu", "avenue du Levant", "impasse des Grives")


@dataclass(frozen=True)
class Person:
    """One invented person, with the street as that person writes it."""

    given_name: str
    family_name: str
    sex: str
    birth_date: date | None
    number: str
    email: str
    address: Address | None
    street: str
    postcode: str
    city: str


def build_people(random: Random, place: Place, count: int) -> list[Person]:
    """Return persons, the first being the one with `SHOWN_NUMBER`; all numbers differ.

    Args:
        random: draws names, ages, addresses and numbers; the same seed gives the same persons.
        place: the invented commune in which they live.
        count: how many, the first one counted.
    """
    suffixes = random.sample(range(1_000, 10_000), count - 1)
    people = [_shown_person(place)]
    people += [_person(random, place, index + 1, f"063998{suffix:04d}") for index, suffix in enumerate(suffixes)]
    return people


def _shown_person(place: Place) -> Person:
    home = next(address for address in place.addresses if address.number == 12 and "Trois Tilleuls" in address.street)
    return Person(
        "Solène",
        "Marcillac",
        "F",
        SHOWN_BIRTH,
        SHOWN_NUMBER,
        "solene.marcillac@exemple.test",
        home,
        "12 av. des Trois Tilleuls",
        POSTCODE,
        COMMUNE,
    )


def _person(random: Random, place: Place, index: int, number: str) -> Person:
    sex = random.choice("FM")
    given, family = random.choice(_WOMEN if sex == "F" else _MEN), random.choice(_FAMILIES)
    email = f"{plain(given)}.{plain(family)}{index}@exemple.test"
    birth = _birth_date(random, index)
    if random.random() < 0.88:
        home = random.choice(place.addresses)
        street = _written_street(random, home)
        return Person(given, family, sex, birth, number, email, home, street, POSTCODE, _written_city(random))
    postcode, city = random.choice(_ELSEWHERE)
    street = f"{random.randint(1, 80)} {random.choice(_ELSEWHERE_STREETS)}"
    return Person(given, family, sex, birth, number, email, None, street, postcode, city)


def _birth_date(random: Random, index: int) -> date | None:
    """Return a birth date: mostly an elector's, now and then none, seventeen, younger, or a child's at consent."""
    years = {11: 17, 12: 16, 13: 14}.get(index % 150)
    if index % 60 == 7:
        return None
    if years is not None:
        return DEMO_DAY - timedelta(days=round(365.25 * years) + 100)
    return DEMO_DAY - timedelta(days=random.randint(19 * 366, 88 * 365))


def plain(text: str) -> str:
    """Return text without accents, in lower case."""
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode().lower()


def written_number(random: Random, number: str) -> str:
    """Return a national number in one of the ways in which people write it."""
    pairs = [number[start : start + 2] for start in range(0, 10, 2)]
    forms = (
        number,
        number,
        " ".join(pairs),
        ".".join(pairs),
        "-".join(pairs),
        "+33" + number[1:],
        "+33 " + number[1] + " " + " ".join(pairs[1:]),
        "0033" + number[1:],
        "33" + number[1:],
        "\u202f".join(pairs),
        "+33 (0)" + number[1:],
        "Tél. " + " ".join(pairs),
    )
    return random.choice(forms)


def _written_city(random: Random) -> str:
    return random.choice((COMMUNE, COMMUNE, COMMUNE.upper(), COMMUNE.lower()))


_SHORT = (
    ("Rue du Faubourg", "rue du fbg"),
    ("Avenue", "av."),
    ("Boulevard", "bd"),
    ("Impasse", "imp."),
    ("Chemin", "ch."),
    ("Place", "pl."),
    ("Allée", "all."),
    ("Passage", "pass."),
    ("Square", "sq."),
)
_SUFFIXES = {"": ("",), "b": ("bis", " bis", " b", "B"), "t": ("ter", " ter", " T")}


def _written_street(random: Random, home: Address) -> str:
    suffix = random.choice(_SUFFIXES[home.suffix])
    street = random.choice((home.street, home.street, plain(home.street).upper(), _shortened(home.street)))
    comma = random.choice((" ", " ", ", "))
    tail = random.choice(("",) * 8 + (" Bât. C", " Résidence Les Aubépines"))
    return f"{home.number}{suffix}{comma}{street}{tail}"


def _shortened(street: str) -> str:
    for long, short in _SHORT:
        if street.startswith(long):
            street = short + street[len(long) :]
    return street.replace("Saint-", "St ")
