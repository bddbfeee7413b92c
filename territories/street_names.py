"""Which streets of BAN a delivered text names: by equal words first, then by nearly equal letters.

It works for `territories.addresses` on its connection. Each text is matched once, however many addresses have it; a
*spot* is a text in a place (postcode and town). House numbers, and which match counts, belong to
`territories.addresses`.
"""

from __future__ import annotations

import duckdb

from stores.sql_files import sql_of
from territories.words import STREET_TYPES, TYPES

#: Letters of a name without its type and articles, from which on one, two, three wrong ones leave it to be known again.
BEARS = (3, 5, 13)
LONG_NAME = 9
#: Words of a delivered street that can belong to its name; what follows is floor, door and building.
MAX_WORDS = 12
#: Ways in which a text and a BAN address are alike, by number; the word before the comma is the kind of match.
LIKENESSES = (
    "exact",
    "exact, another postcode",
    "exact, no postcode",
    "exact, after a line",
    "near, articles",
    "near, a letter of a long name",
    "near, a letter of a short name",
    "near, two letters of a long name",
    "near, two letters of a short name",
    "near, three letters",
    "near, no type",
    "near, type misspelt",
)
_NUMBER_OF = {likeness: number for number, likeness in enumerate(LIKENESSES)}
#: A number with its suffix, then a type of street and the rest of its name, at the end of a text.
_LINED = rf"^.* (\d{{1,5}}) ?(BIS|TER|QUATER|[A-Z])? ((?:{'|'.join(sorted({*STREET_TYPES, *TYPES}))}) .+)$"
#: Beyond any distance in letters.
_NO_TYPE, _TYPE_MISSPELT = 1000, 1001
#: An earlier reading of a text goes before a later one, whatever the distances.
_READING = 10_000


def gather_streets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `streets`, their `names`, and `number_words`, from the part of BAN that postcodes and towns can mean.

    Reads `places`, `towns` and `ban`. `street_id` follows the order of commune, postcode and name.
    """
    connection.execute(sql_of(__file__, "towns_near"))
    connection.execute(sql_of(__file__, "published_streets"))
    connection.execute(sql_of(__file__, "spellings"))
    _measure_names(connection)
    connection.execute(sql_of(__file__, "streets"))
    connection.execute(sql_of(__file__, "number_words"))


def _measure_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `names`: each name once, with what near names are compared by."""
    connection.execute(sql_of(__file__, "names"), dict(zip(("one_from", "two_from", "three_from"), BEARS, strict=True)))


def read_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `parses`: what each of `texts` may say, a letter after the number being its suffix or not.

    `9 R. KELLER` and `9 B RUE KELLER` differ only in what BAN knows: both readings are kept, the first that is an
    address wins. `30-32` is 30. Without a number there is one reading, for the street level. What stands before the
    last number that a type of street follows may be a floor or a building: `APPT 14 12 RUE KELLER`. Where the number
    was taken off the text, a 0 stands for it while it is read, and `number` is null: the address has it.
    """
    connection.execute(sql_of(__file__, "entries"))
    connection.execute(sql_of(__file__, "parses"), {"lined": _LINED})


def find_streets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `street_hits` (streets that a spot names exactly) and `named_streets` (those, and near ones elsewhere).

    named_streets: spot_id, street_id, number (null: that of the address), suffix, rank (the lowest goes first),
    likeness (place in LIKENESSES).
    """
    _hit_names(connection)
    _hit_streets(connection)
    _open_spots(connection)
    _pair_names(connection)
    _measure_pairs(connection)
    connection.execute(sql_of(__file__, "named_streets"), {"reading_rank": _READING})


def _hit_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `text_names`: names that a reading of a text begins with."""
    connection.execute(sql_of(__file__, "text_names"), {"most_words": MAX_WORDS})


def _hit_streets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `street_hits`: streets whose whole name the text of a spot begins with, the longest name only.

    A street of another postcode counts where town and department agree: partners mistake arrondissements; without a
    postcode, every town of this name. One of this postcode does not count where the delivered town is another commune
    of this postcode, or another part of its commune.
    """
    connection.execute(sql_of(__file__, "places_near"))
    connection.execute(
        sql_of(__file__, "street_hits"),
        {
            "exact": _NUMBER_OF["exact"],
            "after_a_line": _NUMBER_OF["exact, after a line"],
            "another_postcode": _NUMBER_OF["exact, another postcode"],
            "no_postcode": _NUMBER_OF["exact, no postcode"],
        },
    )


def _open_spots(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `open_spots`, which name no street exactly, and `written_names`: what their texts may name, in two forms.

    `loose` leaves articles out, `whole` does not.
    """
    connection.execute(sql_of(__file__, "open_spots"))
    connection.execute(sql_of(__file__, "written_names"), {"types": list(TYPES), "most_words": MAX_WORDS})


def _pair_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `pairs`: streets of this postcode whose names may be what was written.

    Almost: the same type and digits, articles aside up to three letters other, as the name is long (BEARS); or the type missing
    or misspelt, the name the same. A street that is known by its exact name is not corrected into another. Streets are compared
    by joins on what must be equal, then by their sets of letters (a wrong letter takes one out and puts one in), letter by
    letter last.
    """
    connection.execute(sql_of(__file__, "open_streets"))
    connection.execute(sql_of(__file__, "pairs"), {"no_type": _NO_TYPE, "type_misspelt": _TYPE_MISSPELT})


def _measure_pairs(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `near_streets` from `pairs`: those that are near enough, letters counted once per pair of names."""
    connection.execute(sql_of(__file__, "distances"))
    connection.execute(
        sql_of(__file__, "near_streets"),
        {
            "long_name": LONG_NAME,
            "no_type": _NO_TYPE,
            "articles": _NUMBER_OF["near, articles"],
            "a_letter_of_long": _NUMBER_OF["near, a letter of a long name"],
            "a_letter_of_short": _NUMBER_OF["near, a letter of a short name"],
            "two_letters_of_long": _NUMBER_OF["near, two letters of a long name"],
            "two_letters_of_short": _NUMBER_OF["near, two letters of a short name"],
            "three_letters": _NUMBER_OF["near, three letters"],
            "without_type": _NUMBER_OF["near, no type"],
            "misspelt_type": _NUMBER_OF["near, type misspelt"],
        },
    )
