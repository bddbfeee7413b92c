"""Which streets of BAN a delivered text names: by equal words first, then by nearly equal letters.

It works for `territories.addresses` on its connection. Each text is matched once, however many addresses have it; a
*spot* is a text in a place (postcode and town). House numbers, and which match counts, belong to
`territories.addresses`.
"""

from __future__ import annotations

import duckdb

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
_TYPE_WORDS = "|".join(sorted({*STREET_TYPES, *TYPES}))
#: Beyond any distance in letters.
_NO_TYPE, _TYPE_MISSPELT = 1000, 1001
#: An earlier reading of a text goes before a later one, whatever the distances.
_READING = 10_000


def gather_streets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `streets`, their `names`, and `number_words`, from the part of BAN that postcodes and towns can mean.

    Reads `places`, `towns` and `ban`. `street_id` follows the order of commune, postcode and name.
    """
    connection.execute(
        """
        create or replace temp table towns_near as
        select distinct commune_code from towns
        where postcode in (select postcode from places where is_french)
            or (town, department) in (select (town, department) from places where is_french and town <> '')
            or town in (select town from places where is_french and town <> '' and coalesce(postcode, '') = '')
        """
    )
    connection.execute(
        """
        create or replace temp table published_streets as
        select distinct commune_code, postcode, street, former_code
        from ban where commune_code in (select commune_code from towns_near)
        """
    )
    connection.execute(
        """
        create or replace temp table spellings as
        select street, street_words(street) as words, array_to_string(words, ' ') as name
        from (select distinct street from published_streets)
        """
    )
    _measure_names(connection)
    connection.execute(
        """
        create or replace temp table streets as
        select row_number() over (order by commune_code, postcode, street, former_code) as street_id, commune_code, postcode,
            street, former_code, department(postcode) as department, name_id
        from published_streets inner join spellings using (street) inner join names using (name)
        """
    )
    connection.execute(
        """
        create or replace temp table number_words as
        select distinct word from (select unnest(words) as word from names) where word between '0' and ':'
        """
    )


def _measure_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `names`: each name once, with what near names are compared by."""
    bears = " ".join(f"when letters >= {least} then {count}" for count, least in reversed(list(enumerate(BEARS, 1))))
    connection.execute(
        f"""
        create or replace temp table names as
        with worded as (
            select row_number() over () as name_id, name, any_value(words) as words, loose_words(any_value(words)) as loose
            from spellings group by name
        )
        select *, words[1] as type, len(words) as name_words, array_to_string(words[2:], ' ') as bare_name,
            len(loose) as loose_count, array_to_string(loose, ' ') as loose_name,
            regexp_replace(name, '[^0-9]', '', 'g') as digits,
            length(regexp_replace(loose_name, '[^A-Z]', '', 'g')) - length(words[1]) as letters,
            case {bears} else 0 end as bears, letter_set(loose_name) as loose_set, letter_set(name) as name_set
        from worded
        """
    )


def read_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `parses`: what each of `texts` may say, a letter after the number being its suffix or not.

    `9 R. KELLER` and `9 B RUE KELLER` differ only in what BAN knows: both readings are kept, the first that is an
    address wins. `30-32` is 30. Without a number there is one reading, for the street level. What stands before the
    last number that a type of street follows may be a floor or a building: `APPT 14 12 RUE KELLER`. Where the number
    was taken off the text, a 0 stands for it while it is read, and `number` is null: the address has it.
    """
    connection.execute(
        r"""
        create or replace temp table entries as
        select text_id, is_numbered,
            regexp_replace(plain_text(if(is_numbered, '0' || text, text)), '^(N|NO|NUMERO) ([0-9])', '\2') as entry
        from texts
        """
    )
    connection.execute(
        rf"""
        create or replace temp table parses as
        with split as (
            select text_id, is_numbered, regexp_extract(entry, '^(\d{{1,5}})((?: (?:A |ET )?\d{{1,5}})?) ?([A-Z].*)$',
                ['number', 'range', 'tail']) as found
            from entries where entry[1:1] between '0' and '9'
        ),
        numbered as (
            select text_id, if(is_numbered, null, found.number::integer) as number, found.range = '' as is_single,
                found.tail as tail, strpos(found.tail, ' ') as gap, left(found.tail, gap - 1) as first
            from split where found.tail <> ''
        ),
        lined as (
            select text_id, regexp_extract(entry, '^.* (\d{{1,5}}) ?(BIS|TER|QUATER|[A-Z])? ((?:{_TYPE_WORDS}) .+)$',
                ['number', 'suffix', 'rest']) as found
            from entries where entry[1:1] not between '0' and '9' or regexp_matches(entry, ' \d')
        ),
        readings as (
            select text_id, 1 as reading, number, suffix_key(first) as suffix, substr(tail, gap + 1) as rest
            from numbered
            where is_single and gap > 0 and (gap = 2 or gap = 3 or first in ('BIS', 'TER', 'QUATER'))
            union all
            select text_id, 2, number, '', tail from numbered
            union all
            select text_id, 3, null, '', entry from entries where entry[1:1] between 'A' and 'Z'
            union all
            select text_id, 4, found.number::integer, suffix_key(found.suffix), found.rest from lined where found.rest <> ''
        )
        select text_id, reading, number, suffix, plain_words(rest) as words from readings where rest <> ''
        """
    )


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
    connection.execute(
        f"""
        create or replace temp table named_streets as
        select spot_id, street_id, number, suffix, {_READING} * reading + is_other_postcode::integer as rank, likeness
        from street_hits
        union all
        select spot_id, street_id, number, suffix, {_READING} * reading + distance, likeness from near_streets
        """
    )


def _hit_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `text_names`: names that a reading of a text begins with."""
    connection.execute(
        f"""
        create or replace temp table text_names as
        with prefixes as (
            select text_id, reading, number, suffix, array_to_string(words[1:length], ' ') as name, length
            from (select *, unnest(range(1, least(len(words), {MAX_WORDS}) + 1)) as length from parses)
        )
        select text_id, reading, number, suffix, length, name_id from prefixes inner join names using (name)
        """
    )


def _hit_streets(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `street_hits`: streets whose whole name the text of a spot begins with, the longest name only.

    A street of another postcode counts where town and department agree: partners mistake arrondissements; without a
    postcode, every town of this name. One of this postcode does not count where the delivered town is another commune
    of this postcode, or another part of its commune.
    """
    here, lined, other, nowhere = (
        _NUMBER_OF[likeness]
        for likeness in ("exact", "exact, after a line", "exact, another postcode", "exact, no postcode")
    )
    connection.execute(
        """
        create or replace temp table places_near as
        select distinct place_id, places.postcode, department, towns.commune_code
        from places inner join towns using (town, department)
        union all
        select distinct place_id, places.postcode, null, towns.commune_code
        from places inner join towns using (town)
        where coalesce(places.postcode, '') = ''
        """
    )
    connection.execute(
        f"""
        create or replace temp table street_hits as
        with hits as (
            select spot_id, reading, number, suffix, length, street_id, false as is_other_postcode,
                if(reading = 4, {lined}, {here}) as likeness
            from spots
            inner join text_names using (text_id)
            inner join places using (place_id)
            inner join streets using (name_id, postcode)
            where not is_named
                or (places.commune_code = streets.commune_code and (places.former_code = streets.former_code) is not false)
            union all
            select spot_id, reading, number, suffix, length, street_id, true,
                if(coalesce(places_near.postcode, '') = '', {nowhere}, {other})
            from spots
            inner join text_names using (text_id)
            inner join places_near using (place_id)
            inner join streets using (name_id, commune_code)
            where coalesce(places_near.postcode, '') = ''
                or (places_near.department = streets.department and places_near.postcode <> streets.postcode)
        )
        select * exclude (length) from hits
        qualify length = max(length) over (partition by spot_id, reading)
        """
    )


def _open_spots(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `open_spots`, which name no street exactly, and `written_names`: what their texts may name, in two forms.

    `loose` leaves articles out, `whole` does not.
    """
    types = ", ".join(f"'{word}'" for word in TYPES)
    connection.execute(
        """
        create or replace temp table open_spots as
        select spot_id, text_id, postcode, commune_code, former_code, is_named
        from spots inner join places using (place_id)
        where spot_id not in (select spot_id from street_hits)
        """
    )
    connection.execute(
        f"""
        create or replace temp table written_names as
        with open_parses as (
            select parses.*, loose_words(words) as loose, words[1] as type, words[1] in ({types}) as has_type
            from parses inner join texts using (text_id)
            where (number is not null or is_numbered) and text_id in (select text_id from open_spots)
        ),
        cut as (
            select *, unnest(range(1, least(len(words), {MAX_WORDS}) + 1)) as word_count from open_parses
        ),
        written as (
            select *, 'loose' as form, array_to_string(loose[1:word_count], ' ') as written from cut
            where word_count <= len(loose)
            union all
            select *, 'whole', array_to_string(words[1:word_count], ' ') from cut
        )
        select row_number() over () as written_id, text_id, reading, number, suffix, type, has_type, form, word_count, written,
            case when form = 'whole' and word_count > 1 then array_to_string(words[2:word_count], ' ') end as bare,
            regexp_replace(written, '[^0-9]', '', 'g') as digits, letter_set(written) as letters_set
        from written
        """
    )


def _pair_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `pairs`: streets of this postcode whose names may be what was written.

    Almost: the same type and digits, articles aside up to three letters other, as the name is long (BEARS); or the type missing
    or misspelt, the name the same. A street that is known by its exact name is not corrected into another. Streets are compared
    by joins on what must be equal, then by their sets of letters (a wrong letter takes one out and puts one in), letter by
    letter last.
    """
    connection.execute(
        """
        create or replace temp table open_streets as
        select street_id, postcode, commune_code, former_code, name_id, type, name, name_words, bare_name, loose_name, loose_count,
            digits, bears, name_set, loose_set
        from streets inner join names using (name_id)
        where postcode in (select postcode from open_spots)
        """
    )
    belongs = (
        "(open_streets.commune_code = open_spots.commune_code or not is_named)"
        " and (open_streets.former_code = open_spots.former_code) is not false"
    )
    from_written = "from open_spots inner join written_names as written using (text_id) inner join open_streets"
    connection.execute(
        f"""
        create or replace temp table pairs as
        with forms as (
            select *, 'loose' as form, loose_count as word_count, loose_name as other, loose_set as letters_set from open_streets
            union all
            select *, 'whole', name_words, name, name_set from open_streets where name_words > loose_count
        )
        select spot_id, written_id, street_id, name_id, form, 0 as rank
        from open_spots inner join written_names as written using (text_id) inner join forms as open_streets
            using (postcode, type, form, word_count, digits)
        where loose_count > 1 and bit_count(xor(written.letters_set, open_streets.letters_set)) <= 2 * bears
            and abs(length(written) - length(other)) <= bears and {belongs}
        union all
        select spot_id, written_id, street_id, name_id, null, {_NO_TYPE}
        {from_written} on open_spots.postcode = open_streets.postcode and written.written = open_streets.bare_name
        where form = 'whole' and not has_type and {belongs}
        union all
        select spot_id, written_id, street_id, name_id, null, {_TYPE_MISSPELT}
        {from_written} on open_spots.postcode = open_streets.postcode and written.bare = open_streets.bare_name
        where not has_type and damerau_levenshtein(written.type, open_streets.type) <= 2 and {belongs}
        """
    )


def _measure_pairs(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `near_streets` from `pairs`: those that are near enough, letters counted once per pair of names."""
    connection.execute(
        """
        create or replace temp table distances as
        select written_id, name_id, form,
            damerau_levenshtein(written, if(form = 'loose', loose_name, name)) as distance
        from (select distinct written_id, name_id, form from pairs where rank = 0)
        inner join (select written_id, written from written_names) using (written_id)
        inner join names using (name_id)
        """
    )
    by_letters = "case " + " ".join(
        f"when distance = {count} then if(letters >= {LONG_NAME}, {_NUMBER_OF[f'near, {words} of a long name']},"
        f" {_NUMBER_OF[f'near, {words} of a short name']})"
        for count, words in ((1, "a letter"), (2, "two letters"))
    )
    connection.execute(
        f"""
        create or replace temp table near_streets as
        with measured as (
            select spot_id, written_id, street_id, name_id, rank + coalesce(distances.distance, 0) as distance, rank
            from pairs left join distances using (written_id, name_id, form)
        )
        select spot_id, street_id, reading, number, suffix, distance,
            {by_letters} when distance = 0 then {_NUMBER_OF["near, articles"]}
                when distance = 3 then {_NUMBER_OF["near, three letters"]}
                when distance = {_NO_TYPE} then {_NUMBER_OF["near, no type"]}
                else {_NUMBER_OF["near, type misspelt"]}
            end as likeness
        from measured
        inner join (select written_id, reading, number, suffix from written_names) using (written_id)
        inner join (select name_id, letters, bears from names) using (name_id)
        where distance <= bears + rank
        """
    )
