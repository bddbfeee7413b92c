"""The words of an address as SQL macros: what counts as the same number, suffix, street and town.

Both sides of a match go through the same macros. Finding the BAN row belongs to `territories.addresses`.
Source of the rules: partners README §2 "Address"; abbreviations as La Poste (NF Z 10-011) and partners write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_uppercase
from types import MappingProxyType

import duckdb

#: Types of street, abbreviated, as the first word only: `R` elsewhere is an initial.
STREET_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "R": "RUE",
        "AV": "AVENUE",
        "AVE": "AVENUE",
        "BD": "BOULEVARD",
        "BLD": "BOULEVARD",
        "BVD": "BOULEVARD",
        "BLVD": "BOULEVARD",
        "BOUL": "BOULEVARD",
        "PL": "PLACE",
        "IMP": "IMPASSE",
        "ALL": "ALLEE",
        "CH": "CHEMIN",
        "CHE": "CHEMIN",
        "CHEM": "CHEMIN",
        "RTE": "ROUTE",
        "QU": "QUAI",
        "Q": "QUAI",
        "PAS": "PASSAGE",
        "PASS": "PASSAGE",
        "PSG": "PASSAGE",
        "SQ": "SQUARE",
        "CRS": "COURS",
        "CIT": "CITE",
        "VLA": "VILLA",
        "VEN": "VENELLE",
        "RLE": "RUELLE",
        "SEN": "SENTIER",
        "ESP": "ESPLANADE",
        "PTE": "PORTE",
        "HAM": "HAMEAU",
        "MTE": "MONTEE",
        "PROM": "PROMENADE",
        "TRA": "TRAVERSE",
        "LOT": "LOTISSEMENT",
        "RES": "RESIDENCE",
    }
)

#: Words that begin the name of a street and are no part of it: the name is looked for without a type only if none of these
#: stands there.
TYPES = (
    *sorted(set(STREET_TYPES.values())),
    *(
        "BERGE",
        "CARREFOUR",
        "CHAUSSEE",
        "CLOS",
        "CORNICHE",
        "COTE",
        "COUR",
        "DESCENTE",
        "DOMAINE",
        "ENCLOS",
        "FAUBOURG",
    ),
    *(
        "GALERIE",
        "JARDIN",
        "LIEU",
        "MAIL",
        "PARC",
        "PARVIS",
        "PASSERELLE",
        "PONT",
        "PORT",
        "QUARTIER",
        "RAMPE",
        "ROCADE",
    ),
    *("ROND", "SENTE", "TERRASSE", "VOIE", "ZONE"),
)

#: Abbreviations anywhere in a street's name.
STREET_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "ST": "SAINT",
        "STE": "SAINTE",
        "FG": "FAUBOURG",
        "FBG": "FAUBOURG",
        "FAUB": "FAUBOURG",
        "GAL": "GENERAL",
        "GEN": "GENERAL",
        "MAL": "MARECHAL",
        "DR": "DOCTEUR",
        "PDT": "PRESIDENT",
        "CDT": "COMMANDANT",
        "CAP": "CAPITAINE",
        "COL": "COLONEL",
        "LT": "LIEUTENANT",
        "PROF": "PROFESSEUR",
        "MGR": "MONSEIGNEUR",
    }
)

#: Suffixes of a house number that BAN writes with one letter in some communes and in full in others.
NUMBER_SUFFIXES: Mapping[str, str] = MappingProxyType({"BIS": "B", "TER": "T", "QUATER": "Q"})

#: Words that partners leave out or add without meaning another street.
ARTICLES = ("DE", "DU", "DES", "D", "LA", "LE", "LES", "L", "ET", "A", "AU", "AUX")


def _case(operand: str, mapping: Mapping[str, str], otherwise: str) -> str:
    arms = " ".join(f"when '{key}' then '{value}'" for key, value in mapping.items())
    return f"case {operand} {arms} else {otherwise} end"


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros of this module as temporary macros of the connection.

    plain_text(text)      capitals and digits, one space between words, neither accents nor punctuation.
    plain_words(plain)    VARCHAR[]: words of a street's name, abbreviations written out, of a plain text.
    street_words(text)    the same of any text.
    street_name(text)     those words joined by a space.
    loose_words(words)    without articles: the same for "RUE FAUBOURG" and "RUE DU FAUBOURG".
    suffix_key(text)      B, T, A, ...; the empty text for no suffix.
    town_name(text)       name of a commune without CEDEX and arrondissement, Saint and sur written out.
    letter_set(plain)     INTEGER: one bit for each letter in it.
    department(postcode)  its first two digits, three overseas.
    """
    word = _case("word", STREET_WORDS, "word")
    first = _case("word", STREET_TYPES, word)
    abbreviated = f"^({'|'.join(STREET_TYPES)})( |$)|(^| )({'|'.join(STREET_WORDS)})( |$)"
    longest = max(map(len, (*STREET_TYPES, *STREET_WORDS)))
    articles = ", ".join(f"'{article}'" for article in ARTICLES)
    macros = {
        "plain_text(entry)": "trim(regexp_replace(strip_accents(replace(replace(upper(entry), 'Œ', 'OE'), 'Æ', 'AE')),"
        " '[^A-Z0-9]+', ' ', 'g'))",
        # Most texts hold no abbreviation: looking for one is cheaper than asking each word.
        "plain_words(entry)": f"case when regexp_matches(entry, '{abbreviated}') then list_transform(string_split(entry, ' '),"
        f" lambda word, place: case when length(word) > {longest} then word when place = 1 then {first} else {word} end)"
        " else string_split(entry, ' ') end",
        "street_words(entry)": "plain_words(plain_text(entry))",
        "street_name(entry)": "array_to_string(street_words(entry), ' ')",
        "loose_words(words)": f"list_filter(words, lambda word: word not in ({articles}))",
        "suffix_key(entry)": f"coalesce({_case('plain_text(entry)', NUMBER_SUFFIXES, 'plain_text(entry)')}, '')",
        "town_name(entry)": "replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(plain_text(entry),"
        r" ' CEDEX( .*)?$', ''), '( [0-9]+ ?(ER|E|EME|ND|NDE)?)?( ARRONDISSEMENT)?$', ''),"
        r" '\bSTE\b', 'SAINTE', 'g'), '\bST\b', 'SAINT', 'g'), ' S ', ' SUR ')",
        "letter_set(entry)": " | ".join(
            f"(contains(entry, '{letter}')::integer << {place})" for place, letter in enumerate(ascii_uppercase)
        ),
        "department(postcode)": "left(postcode, case when postcode[1:2] in ('97', '98') then 3 else 2 end)",
    }
    for signature, body in macros.items():
        connection.execute(f"create or replace temp macro {signature} as {body}")
