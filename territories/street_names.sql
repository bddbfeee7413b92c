-- How `territories.street_names` finds the streets of BAN that a delivered text names, in the temporary tables of one
-- connection. It reads `places`, `towns`, `texts`, `spots` and `ban`, and the macros of `territories.words`.

-- name: towns_near
create or replace temp table towns_near as
select distinct commune_code from towns
where
    postcode in (
        select postcode from places
        where is_french
    )
    or (
        town, department) in (
        select (town, department) from places
        where is_french and town <> ''
    )
    or town in (
        select town from places
        where is_french and town <> '' and coalesce(postcode, '') = ''
    );

-- name: published_streets
create or replace temp table published_streets as
select distinct
    commune_code,
    postcode,
    street,
    former_code
from ban
where commune_code in (select commune_code from towns_near);

-- name: spellings
create or replace temp table spellings as
select
    street,
    street_words(street) as words,
    array_to_string(words, ' ') as name
from (select distinct street from published_streets);

-- name: streets
create or replace temp table streets as
select
    row_number() over (order by commune_code, postcode, street, former_code) as street_id,
    commune_code,
    postcode,
    street,
    former_code,
    department(postcode) as department,
    name_id
from published_streets inner join spellings using (street) inner join names using (name);

-- name: number_words
create or replace temp table number_words as
select distinct word from (select unnest(words) as word from names)
where word between '0' and ':';

-- name: names
create or replace temp table names as
with worded as (
    select
        row_number() over () as name_id,
        name,
        any_value(words) as words,
        loose_words(any_value(words)) as loose
    from spellings
    group by name
)

select
    *,
    words[1] as type,
    len(words) as name_words,
    array_to_string(words[2:], ' ') as bare_name,
    len(loose) as loose_count,
    array_to_string(loose, ' ') as loose_name,
    regexp_replace(name, '[^0-9]', '', 'g') as digits,
    length(regexp_replace(loose_name, '[^A-Z]', '', 'g')) - length(words[1]) as letters,
    (letters >= $one_from)::integer + (letters >= $two_from)::integer + (letters >= $three_from)::integer as bears,
    letter_set(loose_name) as loose_set,
    letter_set(name) as name_set
from worded;

-- name: entries
create or replace temp table entries as
select
    text_id,
    is_numbered,
    regexp_replace(plain_text(if(is_numbered, '0' || text, text)), '^(N|NO|NUMERO) ([0-9])', '\2') as entry
from texts;

-- name: parses
create or replace temp table parses as
with split as (
    select
        text_id,
        is_numbered,
        regexp_extract(
            entry, '^(\d{1,5})((?: (?:A |ET )?\d{1,5})?) ?([A-Z].*)$',
            ['number', 'range', 'tail']
        ) as found
    from entries
    where entry[1:1] between '0' and '9'
),

numbered as (
    select
        text_id,
        if(is_numbered, null, found.number::integer) as number,
        found.range = '' as is_single,
        found.tail,
        strpos(found.tail, ' ') as gap,
        left(found.tail, gap - 1) as first
    from split
    where found.tail <> ''
),

lined as (
    select
        text_id,
        regexp_extract(
            entry, $lined,
            ['number', 'suffix', 'rest']
        ) as found
    from entries
    where entry[1:1] not between '0' and '9' or regexp_matches(entry, ' \d')
),

readings as (
    select
        text_id,
        1 as reading,
        number,
        suffix_key(first) as suffix,
        substr(tail, gap + 1) as rest
    from numbered
    where is_single and gap > 0 and (gap = 2 or gap = 3 or first in ('BIS', 'TER', 'QUATER'))
    union all
    select
        text_id,
        2,
        number,
        '',
        tail
    from numbered
    union all
    select
        text_id,
        3,
        null,
        '',
        entry
    from entries
    where entry[1:1] between 'A' and 'Z'
    union all
    select
        text_id,
        4,
        found.number::integer,
        suffix_key(found.suffix),
        found.rest
    from lined
    where found.rest <> ''
)

select
    text_id,
    reading,
    number,
    suffix,
    plain_words(rest) as words
from readings
where rest <> '';

-- name: named_streets
create or replace temp table named_streets as
select
    spot_id,
    street_id,
    number,
    suffix,
    $reading_rank * reading + is_other_postcode::integer as rank,
    likeness
from street_hits
union all
select
    spot_id,
    street_id,
    number,
    suffix,
    $reading_rank * reading + distance,
    likeness
from near_streets;

-- name: text_names
create or replace temp table text_names as
with prefixes as (
    select
        text_id,
        reading,
        number,
        suffix,
        array_to_string(words[1:length], ' ') as name,
        length
    from (select
        *,
        unnest(range(1, least(len(words), $most_words) + 1)) as length
    from parses)
)

select
    text_id,
    reading,
    number,
    suffix,
    length,
    name_id
from prefixes inner join names using (name);

-- name: places_near
create or replace temp table places_near as
select distinct
    place_id,
    places.postcode,
    department,
    towns.commune_code
from places inner join towns using (town, department)
union all
select distinct
    place_id,
    places.postcode,
    null,
    towns.commune_code
from places inner join towns using (town)
where coalesce(places.postcode, '') = '';

-- name: street_hits
create or replace temp table street_hits as
with hits as (
    select
        spot_id,
        reading,
        number,
        suffix,
        length,
        street_id,
        false as is_other_postcode,
        if(reading = 4, $after_a_line, $exact) as likeness
    from spots
    inner join text_names using (text_id)
    inner join places using (place_id)
    inner join streets using (name_id, postcode)
    where
        not is_named
        or (places.commune_code = streets.commune_code and (places.former_code = streets.former_code) is not false)
    union all
    select
        spot_id,
        reading,
        number,
        suffix,
        length,
        street_id,
        true,
        if(coalesce(places_near.postcode, '') = '', $no_postcode, $another_postcode)
    from spots
    inner join text_names using (text_id)
    inner join places_near using (place_id)
    inner join streets using (name_id, commune_code)
    where
        coalesce(places_near.postcode, '') = ''
        or (places_near.department = streets.department and places_near.postcode <> streets.postcode)
)

select * exclude (length) from hits
qualify length = max(length) over (partition by spot_id, reading);

-- name: open_spots
create or replace temp table open_spots as
select
    spot_id,
    text_id,
    postcode,
    commune_code,
    former_code,
    is_named
from spots inner join places using (place_id)
where spot_id not in (select spot_id from street_hits);

-- name: written_names
create or replace temp table written_names as
with open_parses as (
    select
        parses.*,
        loose_words(words) as loose,
        words[1] as type,
        list_contains($types::varchar[], words[1]) as has_type
    from parses inner join texts using (text_id)
    where (number is not null or is_numbered) and text_id in (select text_id from open_spots)
),

cut as (
    select
        *,
        unnest(range(1, least(len(words), $most_words) + 1)) as word_count
    from open_parses
),

written as (
    select
        *,
        'loose' as form,
        array_to_string(loose[1:word_count], ' ') as written
    from cut
    where word_count <= len(loose)
    union all
    select
        *,
        'whole',
        array_to_string(words[1:word_count], ' ')
    from cut
)

select
    row_number() over () as written_id,
    text_id,
    reading,
    number,
    suffix,
    type,
    has_type,
    form,
    word_count,
    written,
    case when form = 'whole' and word_count > 1 then array_to_string(words[2:word_count], ' ') end as bare,
    regexp_replace(written, '[^0-9]', '', 'g') as digits,
    letter_set(written) as letters_set
from written;

-- name: open_streets
create or replace temp table open_streets as
select
    street_id,
    postcode,
    commune_code,
    former_code,
    name_id,
    type,
    name,
    name_words,
    bare_name,
    loose_name,
    loose_count,
    digits,
    bears,
    name_set,
    loose_set
from streets inner join names using (name_id)
where postcode in (select postcode from open_spots);

-- name: pairs
create or replace temp table pairs as
with forms as (
    select
        *,
        'loose' as form,
        loose_count as word_count,
        loose_name as other,
        loose_set as letters_set
    from open_streets
    union all
    select
        *,
        'whole',
        name_words,
        name,
        name_set
    from open_streets
    where name_words > loose_count
)

select
    spot_id,
    written_id,
    street_id,
    name_id,
    form,
    0 as rank
from open_spots inner join written_names as written using (text_id) inner join forms as open_streets
    using (postcode, type, form, word_count, digits)
where
    loose_count > 1 and bit_count(xor(written.letters_set, open_streets.letters_set)) <= 2 * bears
    and abs(length(written) - length(other)) <= bears
    and (open_streets.commune_code = open_spots.commune_code or not is_named)
    and (open_streets.former_code = open_spots.former_code) is not false
union all
select
    spot_id,
    written_id,
    street_id,
    name_id,
    null,
    $no_type
from open_spots
inner join written_names as written using (text_id)
inner join open_streets on open_spots.postcode = open_streets.postcode and written.written = open_streets.bare_name
where
    form = 'whole' and not has_type and (open_streets.commune_code = open_spots.commune_code or not is_named)
    and (open_streets.former_code = open_spots.former_code) is not false
union all
select
    spot_id,
    written_id,
    street_id,
    name_id,
    null,
    $type_misspelt
from open_spots
inner join written_names as written using (text_id)
inner join open_streets on open_spots.postcode = open_streets.postcode and written.bare = open_streets.bare_name
where
    not has_type
    and damerau_levenshtein(written.type, open_streets.type) <= 2
    and (open_streets.commune_code = open_spots.commune_code or not is_named)
    and (open_streets.former_code = open_spots.former_code) is not false;

-- name: distances
create or replace temp table distances as
select
    written_id,
    name_id,
    form,
    damerau_levenshtein(written, if(form = 'loose', loose_name, name)) as distance
from (select distinct
    written_id,
    name_id,
    form
from pairs
where rank = 0)
inner join (select
    written_id,
    written
from written_names) using (written_id)
inner join names using (name_id);

-- name: near_streets
create or replace temp table near_streets as
with measured as (
    select
        spot_id,
        written_id,
        street_id,
        name_id,
        rank + coalesce(distances.distance, 0) as distance,
        rank
    from pairs left join distances using (written_id, name_id, form)
)

select
    spot_id,
    street_id,
    reading,
    number,
    suffix,
    distance,
    case
        when distance = 1 and letters >= $long_name then $a_letter_of_long
        when distance = 1 then $a_letter_of_short
        when distance = 2 and letters >= $long_name then $two_letters_of_long
        when distance = 2 then $two_letters_of_short when distance = 0 then $articles
        when distance = 3 then $three_letters
        when distance = $no_type then $without_type
        else $misspelt_type
    end as likeness
from measured
inner join (select
    written_id,
    reading,
    number,
    suffix
from written_names) using (written_id)
inner join (select
    name_id,
    letters,
    bears
from names) using (name_id)
where distance <= bears + rank;
