"""Matching delivered addresses with BAN, set by set in SQL: exact, then near, then street, then commune.

It works on a connection in memory, which street text never leaves, with the relations `delivered` (address_key, street,
postcode, city, country), `ban` (columns of BAN_ADDRESSES), `communes` (of COMMUNES) and `commune_names` (of
COMMUNE_NAMES). It leaves `matches` (one row per address), and the houses or streets that an unsettled address may be.
Which street a text names belongs to `territories.street_names`, where a BAN address votes to `territories.tie`. Source
of the rules: partners README §2 "Address".

A million addresses have a few thousand texts in a few thousand places (postcode and town). Each text, each place and
each pair of both (a *spot*) is matched once; an address itself is only its number, its spot and one join with BAN.
"""

from __future__ import annotations

import duckdb

from stores.sql_files import sql_of
from territories.calibration import SURE_OF_FEW, read_confidences
from territories.serving import todays_communes
from territories.street_names import LIKENESSES, find_streets, gather_streets, read_texts
from territories.words import create_macros

#: Raised whenever the same addresses and the same BAN may be matched otherwise: ties are then made anew.
MATCHER_VERSION = 9

#: Codes and names under which a French address is delivered; blank is taken as France, as partners leave it out.
FRENCH = (
    *("FR", "FRA", "FRANCE", "FRANCE METROPOLITAINE", "GP", "GLP", "GUADELOUPE", "MQ", "MTQ", "MARTINIQUE"),
    *("GF", "GUF", "GUYANE", "GUYANE FRANCAISE", "RE", "REU", "REUNION", "LA REUNION", "YT", "MYT", "MAYOTTE"),
    *("PM", "SPM", "SAINT PIERRE ET MIQUELON", "BL", "BLM", "SAINT BARTHELEMY", "MF", "MAF", "SAINT MARTIN"),
    *("WF", "WLF", "WALLIS ET FUTUNA", "PF", "PYF", "POLYNESIE FRANCAISE", "NC", "NCL", "NOUVELLE CALEDONIE"),
)

#: From here on the BAN address, and with it bureau and IRIS, is stated; below it only candidates are kept.
STATED_FROM = 0.9


def match_addresses(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `matches`, `candidate_houses`, `candidate_streets`, `houses` and `candidate_rows` from the relations given.

    matches: address_key, match_kind, address_id (null below STATED_FROM), commune_code, match_confidence.
    candidate_houses: address_key, address_id, of addresses that may be one of several BAN rows.
    candidate_streets: address_key, street_id, of addresses that may be any house of their streets.
    houses (view): street_id, address_id, number, suffix, of BAN within the delivered postcodes and towns.
    candidate_rows (view): address_key, address_id, weight (summing to 1 per address), of both kinds of candidates.
    The confidence of a match depends on its likeness (view `settled`), as `territories.calibration` holds it.
    """
    create_macros(connection)
    _name_towns(connection)
    _resolve_places(connection)
    gather_streets(connection)
    _cut_numbers(connection)
    _read_lines(connection)
    read_texts(connection)
    find_streets(connection)
    _ask_houses(connection)
    _settle(connection)
    _keep_candidates(connection)
    _collect(connection)


def _name_towns(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `towns`: each commune of today under each name that it has or had, in each of its postcodes.

    A name of today goes before one of the past; `former_code` says which part of the commune a past or delegated name
    means.
    """
    connection.execute(f"create or replace temp table today as {todays_communes()}")
    connection.execute(sql_of(__file__, "towns"))


def _resolve_places(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `places`: each postcode, city and country as delivered, with the commune of this postcode and this name.

    Else the only commune of this postcode.
    """
    connection.execute(sql_of(__file__, "places"), {"french": ["", *FRENCH]})


def _cut_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `said`: each address with its place, the number that begins it, and what else its text says (abroad: null).

    A last number that no street is named after is a flat's and left out. Where a number could not be taken off the
    beginning, the text still says it. In three steps: one statement would look for the numbers again at each mention.
    """
    connection.execute(sql_of(__file__, "cut"))
    connection.execute(sql_of(__file__, "said"))


def _read_lines(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `texts` (each once), `lines` (one row per address, named by its `rowid`) and `spots` (text x place)."""
    connection.execute(sql_of(__file__, "texts"))
    connection.execute(sql_of(__file__, "lines"))
    connection.execute(sql_of(__file__, "spots"))


def _ask_houses(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `house_hits`: BAN rows of the number and suffix on a street that the address names, the best rank lowest.

    The only passage over all of BAN's rows but that which gathers its streets.
    """
    connection.execute(sql_of(__file__, "suffix_keys"))
    connection.execute(sql_of(__file__, "houses"))
    connection.execute(sql_of(__file__, "house_hits"))


def _settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `settled_lines` (one BAN row at the best rank) and `rivals` (several; all rows of the best rank)."""
    connection.execute(sql_of(__file__, "best_hits"))
    connection.execute(sql_of(__file__, "rivals"))
    measured = read_confidences()
    connection.execute(
        sql_of(__file__, "likenesses"),
        {
            "numbers": list(range(len(LIKENESSES))),
            "likenesses": list(LIKENESSES),
            "kinds": [likeness.partition(",")[0] for likeness in LIKENESSES],
            "confidences": [float(measured.get(likeness, SURE_OF_FEW)) for likeness in LIKENESSES],
        },
    )
    connection.execute(sql_of(__file__, "settled_lines"))
    connection.execute(sql_of(__file__, "settled"))


def _keep_candidates(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `candidate_houses`, `candidate_streets` and `candidate_rows`."""
    connection.execute(sql_of(__file__, "candidate_houses"), {"stated_from": STATED_FROM})
    connection.execute(sql_of(__file__, "candidate_streets"))
    connection.execute(sql_of(__file__, "candidate_rows"))


def _collect(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `matches` from what exact, near and street level found."""
    connection.execute(sql_of(__file__, "matches"), {"stated_from": STATED_FROM})
