"""Delivered addresses become BAN addresses, set by set in SQL: exact, then near, then street, then commune.

Works on a connection in memory (street text never leaves it) that holds the relations `delivered`
(address_key, street, postcode, city, country), `ban` (columns of BAN_ADDRESSES), `communes` (of COMMUNES) and
`commune_names` (of COMMUNE_NAMES).
Leaves `matches` (one row per address) and `candidate_rows` (BAN rows that an unsettled address may be, with weights).
Where a BAN address votes belongs to `tie`. Source of the rules: partners README §2 "Address".
"""

from __future__ import annotations

import duckdb

from stores.engine import quoted
from territories.calibration import SURE_OF_FEW, read_confidences
from territories.serving import TODAY
from territories.words import STREET_TYPES, TYPES, create_macros

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
#: Letters of a name without its type and articles, from which on one, two, three wrong ones leave it to be known again.
BEARS = (3, 5, 13)
LONG_NAME = 9
#: Words of a delivered street that can belong to its name; what follows is floor, door and building.
MAX_WORDS = 12


_TYPE_WORDS = "|".join(sorted({*STREET_TYPES, *TYPES}))


def match_addresses(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `matches` and `candidate_rows` from `delivered`, `ban` and `communes`.

    matches: address_key, match_kind, address_id (null below STATED_FROM), commune_code, match_confidence.
    candidate_rows: address_key, address_id, weight (they sum to 1 per address).
    How sure a match is depends on its likeness (`settled`), as `calibration` measured it.
    """
    create_macros(connection)
    _name_towns(connection)
    _resolve_communes(connection)
    _gather_streets(connection)
    _parse(connection)
    _find_streets(connection)
    _match_exactly(connection)
    _pair_names(connection)
    _settle_nearest(connection)
    _collect(connection)


def _name_towns(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `towns`: each commune of today under each name that it has or had, in each of its postcodes.

    A name of today goes before one of the past; `former_code` says which part of the commune a past or delegated name means.
    """
    connection.execute(f"create or replace temp table today as {TODAY}")
    connection.execute(
        """
        create or replace temp table towns as
        with present as (
            select distinct coalesce(today.commune_code, communes.commune_code) as commune_code, postcode,
                town_name(label) as town
            from communes left join today on communes.commune_code = today.known_code
        ),
        parts as (
            select commune_code, town_name(label) as town, known_code from commune_names
            union
            select commune_code, town_name(former_label), former_code from ban where former_label is not null
        ),
        known as (
            select distinct commune_code, postcode, present.town, null as former_code, 1 as rank from present
            union all
            select distinct parts.commune_code, postcode, parts.town, nullif(known_code, parts.commune_code), 2
            from parts inner join (select distinct commune_code, postcode from present) using (commune_code)
            where (parts.commune_code, postcode, parts.town) not in (select (commune_code, postcode, town) from present)
        )
        select *, department(postcode) as department from known
        qualify rank = min(rank) over (partition by postcode, town)
        """
    )


def _resolve_communes(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `homes`: the commune of this postcode and this name, else the only one of this postcode."""
    french = ", ".join(f"'{code}'" for code in FRENCH)
    connection.execute(
        f"""
        create or replace temp table homes as
        with located as materialized (
            select address_key, street, postcode, town_name(city) as town,
                coalesce(plain_text(country), '') in ('', {french}) as is_french
            from delivered
        ),
        by_name as (
            select postcode, town, min(commune_code) as commune_code,
                case when count(distinct former_code) = 1 and bool_and(former_code is not null) then min(former_code) end
                    as former_code
            from towns group by all having count(distinct commune_code) = 1
        ),
        by_postcode as (
            select postcode, min(commune_code) as commune_code
            from towns group by all having count(distinct commune_code) = 1
        )
        select located.address_key, located.street, located.postcode, located.town,
            case when length(located.postcode) = 5 then department(located.postcode) end as department,
            coalesce(by_name.commune_code, by_postcode.commune_code) as commune_code, by_name.former_code,
            by_name.commune_code is not null as is_named, located.is_french
        from located
        left join by_name on located.is_french and located.postcode = by_name.postcode and located.town = by_name.town
        left join by_postcode on located.is_french and located.postcode = by_postcode.postcode
        """
    )


def _gather_streets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `streets` and `houses` from the part of BAN that the delivered postcodes and towns can mean."""
    connection.execute(
        """
        create or replace temp table towns_near as
        select distinct commune_code from towns
        where postcode in (select postcode from homes where is_french)
            or (town, department) in (select (town, department) from homes where is_french and town <> '')
            or town in (select town from homes where is_french and town <> '' and coalesce(postcode, '') = '')
        """
    )
    connection.execute(
        """
        create or replace temp table published_streets as
        select row_number() over () as street_id, commune_code, postcode, street, former_code,
            department(postcode) as department, street_words(street) as words
        from (
            select distinct commune_code, postcode, street, former_code
            from ban where commune_code in (select commune_code from towns_near)
        )
        """
    )
    bears = " ".join(f"when letters >= {least} then {count}" for count, least in reversed(list(enumerate(BEARS, 1))))
    connection.execute(
        f"""
        create or replace temp table streets as
        with worded as (
            select *, loose_words(words) as loose, array_to_string(words, ' ') as name from published_streets
        )
        select *, words[1] as type, len(words) as name_words, array_to_string(words[2:], ' ') as bare_name,
            len(loose) as loose_count, array_to_string(loose, ' ') as loose_name,
            regexp_replace(name, '[^0-9]', '', 'g') as digits,
            length(regexp_replace(loose_name, '[^A-Z]', '', 'g')) - length(words[1]) as letters,
            case {bears} else 0 end as bears, letter_set(loose_name) as loose_set, letter_set(name) as name_set
        from worded
        """
    )
    connection.execute(
        """
        create or replace temp table houses as
        select street_id, address_id, number, suffix_key(suffix) as suffix
        from ban inner join streets using (commune_code, postcode, street)
        where ban.former_code is not distinct from streets.former_code
        """
    )


def _parse(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `parses`: what a delivered street may say, a letter after the number being its suffix or not.

    `9 R. KELLER` and `9 B RUE KELLER` differ only in what BAN knows: both readings are kept, the first that is an
    address wins. `30-32` is 30. Without a number there is one reading, for the street level. What stands before the last
    number that a type of street follows may be a floor or a building: `APPT 14 12 RUE KELLER`.
    """
    connection.execute(
        r"""
        create or replace temp table texts as
        select address_key, regexp_replace(plain_text(street), '^(N|NO|NUMERO) ([0-9])', '\2') as entry
        from homes where is_french and street is not null
        """
    )
    connection.execute(
        rf"""
        create or replace temp table parses as
        with split as (
            select address_key, regexp_extract(entry, '^(\d{{1,5}})((?: (?:A |ET )?\d{{1,5}})?) ?([A-Z].*)$',
                ['number', 'range', 'tail']) as found
            from texts where entry[1:1] between '0' and '9'
        ),
        numbered as (
            select address_key, found.number::integer as number, found.range = '' as is_single, found.tail as tail,
                strpos(found.tail, ' ') as gap, left(found.tail, gap - 1) as first
            from split where found.tail <> ''
        ),
        lined as (
            select address_key, regexp_extract(entry, '^.* (\d{{1,5}}) ?(BIS|TER|QUATER|[A-Z])? ((?:{_TYPE_WORDS}) .+)$',
                ['number', 'suffix', 'rest']) as found
            from texts where entry[1:1] not between '0' and '9' or regexp_matches(entry, ' \d')
        ),
        readings as (
            select address_key, 1 as reading, number, suffix_key(first) as suffix, substr(tail, gap + 1) as rest
            from numbered
            where is_single and gap > 0 and (gap = 2 or gap = 3 or first in ('BIS', 'TER', 'QUATER'))
            union all
            select address_key, 2, number, '', tail from numbered
            union all
            select address_key, 3, null, '', entry from texts where entry[1:1] between 'A' and 'Z'
            union all
            select address_key, 4, found.number::integer, suffix_key(found.suffix), found.rest from lined where found.rest <> ''
        )
        select address_key, reading, number, suffix, plain_words(rest) as words from readings where rest <> ''
        """
    )


def _find_streets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `street_hits`: streets whose whole name the delivered text begins with, the longest name only.

    A street of another postcode counts where town and department agree: partners mistake arrondissements; without a
    postcode, every town of this name. One of this
    postcode does not count where the delivered town is another commune of this postcode, or another part of its commune.
    """
    connection.execute(
        f"""
        create or replace temp table street_hits as
        with prefixes as (
            select address_key, reading, number, suffix, array_to_string(words[1:length], ' ') as name, length
            from (select *, unnest(range(1, least(len(words), {MAX_WORDS}) + 1)) as length from parses)
        ),
        hits as (
            select prefixes.*, streets.street_id,
                homes.commune_code is distinct from streets.commune_code
                    or coalesce(homes.former_code <> streets.former_code, false) as is_elsewhere,
                false as is_other_postcode, homes.is_named
            from prefixes
            inner join homes using (address_key)
            inner join streets on prefixes.name = streets.name and homes.postcode = streets.postcode
            union all
            select prefixes.*, streets.street_id, true, true, false
            from prefixes
            inner join homes using (address_key)
            inner join (select distinct department, town, commune_code from towns) as named
                on homes.department = named.department and homes.town = named.town
            inner join streets on prefixes.name = streets.name and named.commune_code = streets.commune_code
                and homes.department = streets.department and homes.postcode <> streets.postcode
            union all
            select prefixes.*, streets.street_id, true, true, false
            from prefixes
            inner join homes on prefixes.address_key = homes.address_key and coalesce(homes.postcode, '') = ''
            inner join (select distinct town, commune_code from towns) as named on homes.town = named.town
            inner join streets on prefixes.name = streets.name and named.commune_code = streets.commune_code
        )
        select address_key, reading, number, suffix, street_id, is_other_postcode
        from hits
        where not (is_elsewhere and is_named)
        qualify length = max(length) over (partition by address_key, reading)
        """
    )


def _match_exactly(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `exact_hits`: BAN rows of the same number, suffix and street, of the best reading and scope only."""
    connection.execute(
        """
        create or replace temp table exact_hits as
        select address_key, houses.address_id, is_other_postcode, reading
        from street_hits
        inner join houses using (street_id, number, suffix)
        qualify dense_rank() over (partition by address_key order by reading, is_other_postcode) = 1
        """
    )


#: Beyond any distance in letters.
_NO_TYPE, _TYPE_MISSPELT = 1000, 1001
_FOUND = "streets.street_id, streets.letters, streets.bears, streets.commune_code as found_commune, streets.former_code as found_part"


def _pair_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `pairs`: names of this postcode that may be what was written, for the house that is spelled almost so.

    Almost: the same type and digits, articles aside up to three letters other, as the name is long (BEARS); or the type missing
    or misspelt, the name the same. Two streets of the same likeness settle nothing, and a street that is known by its
    exact name is not corrected into another. Streets are compared by joins on what must be equal, then by
    their sets of letters (a wrong letter takes one out and puts one in), letter by letter last.
    """
    types = ", ".join(f"'{word}'" for word in TYPES)
    connection.execute(
        f"""
        create or replace temp table open_parses as
        select parses.*, loose_words(words) as loose, words[1] as type, words[1] in ({types}) as has_type, homes.postcode,
            homes.commune_code, homes.former_code, homes.is_named
        from parses
        inner join homes using (address_key)
        where number is not null and address_key not in (select address_key from street_hits)
        """
    )
    connection.execute(
        f"""
        create or replace temp table prefixes as
        with cut as (
            select *, unnest(range(1, least(len(words), {MAX_WORDS}) + 1)) as word_count from open_parses
        )
        select address_key, reading, number, suffix, type, has_type, postcode, commune_code, former_code, is_named, word_count,
            array_to_string(words[1:word_count], ' ') as whole,
            case when word_count > 1 then array_to_string(words[2:word_count], ' ') end as bare,
            case when word_count <= len(loose) then array_to_string(loose[1:word_count], ' ') end as written,
            regexp_replace(whole, '[^0-9]', '', 'g') as whole_digits,
            regexp_replace(written, '[^0-9]', '', 'g') as written_digits, letter_set(whole) as whole_set,
            letter_set(written) as written_set
        from cut
        """
    )
    connection.execute(
        f"""
        create or replace temp table pairs as
        select prefixes.*, {_FOUND}, written as one, loose_name as other, 0 as rank
        from prefixes
        inner join streets on prefixes.postcode = streets.postcode and prefixes.type = streets.type
            and prefixes.word_count = streets.loose_count and prefixes.written_digits = streets.digits
        where streets.loose_count > 1 and bit_count(xor(written_set, loose_set)) <= 2 * bears
            and abs(length(written) - length(loose_name)) <= bears
        union all
        select prefixes.*, {_FOUND}, whole, name, 0
        from prefixes
        inner join streets on prefixes.postcode = streets.postcode and prefixes.type = streets.type
            and prefixes.word_count = streets.name_words and prefixes.whole_digits = streets.digits
        where streets.loose_count > 1 and streets.name_words > streets.loose_count
            and bit_count(xor(whole_set, name_set)) <= 2 * bears and abs(length(whole) - length(name)) <= bears
        union all
        select prefixes.*, {_FOUND}, '', '', {_NO_TYPE}
        from prefixes
        inner join streets on prefixes.postcode = streets.postcode and prefixes.whole = streets.bare_name
        where not has_type
        union all
        select prefixes.*, {_FOUND}, '', '', {_TYPE_MISSPELT}
        from prefixes
        inner join streets on prefixes.postcode = streets.postcode and prefixes.bare = streets.bare_name
        where not has_type and damerau_levenshtein(prefixes.type, streets.type) <= 2
        """
    )


def _settle_nearest(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `near_hits` from `pairs`: of each address the house of the nearest name, if it is one house."""
    # A table of its own: in one statement the filter would be pushed before the cheap ones and count letters three times.
    connection.execute(
        """
        create or replace temp table compared as
        select address_key, reading, number, suffix, street_id, letters, bears, rank,
            rank + damerau_levenshtein(one, other) as distance
        from pairs where (found_commune = commune_code or not is_named) and (found_part = former_code) is not false
        """
    )
    connection.execute(
        f"""
        create or replace temp table near_hits as
        with alike as (
            select address_key, reading, number, suffix, street_id, distance, letters >= {LONG_NAME} as is_long
            from compared where distance <= bears + rank
        ),
        measured as (
            select address_key, address_id, distance, is_long
            from alike inner join houses using (street_id, number, suffix)
            qualify dense_rank() over (partition by address_key order by reading, distance) = 1
        )
        select address_key, min(address_id) as address_id,
            case min(distance)
                when 0 then 'near, articles'
                when 1 then if(bool_and(is_long), 'near, a letter of a long name', 'near, a letter of a short name')
                when 2 then if(bool_and(is_long), 'near, two letters of a long name', 'near, two letters of a short name')
                when 3 then 'near, three letters'
                when {_NO_TYPE} then 'near, no type'
                else 'near, type misspelt'
            end as likeness
        from measured group by address_key having count(distinct address_id) = 1
        """
    )


def _collect(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `matches` and `candidate_rows` from what exact, near and street level found."""
    measured = ", ".join(f"('{quoted(likeness)}', {sure}::double)" for likeness, sure in read_confidences().items())
    connection.execute(
        f"create or replace temp table confidences as from (values {measured}) as told (likeness, confidence)"
    )
    connection.execute(
        f"""
        create or replace temp table settled as
        with found as (
            select address_key, 'exact' as match_kind, min(address_id) as address_id,
                case
                    when bool_or(is_other_postcode) and any_value(coalesce(homes.postcode, '') = '') then 'exact, no postcode'
                    when bool_or(is_other_postcode) then 'exact, another postcode'
                    when min(reading) = 4 then 'exact, after a line'
                    else 'exact'
                end as likeness
            from exact_hits inner join homes using (address_key)
            group by address_key having count(distinct address_id) = 1
            union all
            select address_key, 'near', address_id, likeness from near_hits
        )
        select found.*, coalesce(confidence, {SURE_OF_FEW}) as match_confidence from found left join confidences using (likeness)
        """
    )
    connection.execute(
        f"""
        create or replace temp table candidate_rows as
        with nearest_streets as (
            select address_key, street_id from street_hits
            qualify dense_rank() over (partition by address_key order by is_other_postcode, reading) = 1
        ),
        rows as (
            select address_key, address_id from settled where match_confidence < {STATED_FROM}
            union all
            select distinct address_key, address_id from exact_hits anti join settled using (address_key)
            union all
            select distinct address_key, houses.address_id
            from nearest_streets
            anti join settled using (address_key)
            anti join exact_hits using (address_key)
            inner join houses using (street_id)
        )
        select address_key, address_id, 1.0 / count(*) over (partition by address_key) as weight from rows
        """
    )
    connection.execute(
        f"""
        create or replace temp table matches as
        with stated as (
            select settled.*, ban.commune_code
            from settled inner join ban using (address_id)
            where match_confidence >= {STATED_FROM}
        )
        select homes.address_key,
            case
                when settled.address_key is not null then settled.match_kind
                when candidates.address_key is not null then 'street'
                when homes.commune_code is not null then 'commune'
                else 'none'
            end as match_kind,
            stated.address_id, coalesce(stated.commune_code, homes.commune_code) as commune_code,
            coalesce(settled.match_confidence, 0.0) as match_confidence
        from homes
        left join settled using (address_key)
        left join stated using (address_key)
        left join (select distinct address_key from candidate_rows) as candidates using (address_key)
        """
    )
