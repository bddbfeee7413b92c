-- How `territories.addresses` matches delivered addresses with BAN, in the temporary tables of one connection. It reads
-- `delivered`, `ban`, `communes`, `commune_names`, and what `territories.street_names` finds.

-- name: towns
create or replace temp table towns as
with present as (
    select distinct
        coalesce(today.commune_code, communes.commune_code) as commune_code,
        postcode,
        town_name(label) as town
    from communes left join today on communes.commune_code = today.known_code
),

parts as (
    select
        commune_code,
        town_name(label) as town,
        known_code
    from commune_names
    union
    select
        commune_code,
        town_name(former_label),
        former_code
    from (
        select distinct
            commune_code,
            former_label,
            former_code
        from ban
        where former_label is not null
    )
),

known as (
    select distinct
        commune_code,
        postcode,
        present.town,
        null as former_code,
        1 as rank
    from present
    union all
    select distinct
        parts.commune_code,
        postcode,
        parts.town,
        nullif(known_code, parts.commune_code),
        2
    from parts inner join (select distinct
        commune_code,
        postcode
    from present) using (commune_code)
    where (parts.commune_code, postcode, parts.town) not in (select (commune_code, postcode, town) from present)
)

select
    *,
    department(postcode) as department
from known
qualify rank = min(rank) over (partition by postcode, town);

-- name: places
create or replace temp table places as
with named as (
    select
        *,
        row_number() over () as place_id,
        town_name(city) as town,
        list_contains($french::varchar[], coalesce(plain_text(country), '')) as is_french
    from (select distinct
        postcode,
        city,
        country
    from delivered)
),

by_name as (
    select
        postcode,
        town,
        min(commune_code) as commune_code,
        case when count(distinct former_code) = 1 and bool_and(former_code is not null) then min(former_code) end
            as former_code
    from towns
    group by all
    having count(distinct commune_code) = 1
),

by_postcode as (
    select
        postcode,
        min(commune_code) as commune_code
    from towns
    group by all
    having count(distinct commune_code) = 1
)

select
    named.place_id,
    named.postcode,
    named.city,
    named.country,
    named.town,
    named.is_french,
    case when length(named.postcode) = 5 then department(named.postcode) end as department,
    coalesce(by_name.commune_code, by_postcode.commune_code) as commune_code,
    by_name.former_code,
    by_name.commune_code is not null as is_named
from named
left join by_name on named.is_french and named.postcode = by_name.postcode and named.town = by_name.town
left join by_postcode on named.is_french and named.postcode = by_postcode.postcode;

-- name: cut
create or replace temp table cut as
with begun as (
    select
        address_key,
        place_id,
        is_french,
        street,
        regexp_extract(street, '^[0-9]+') as digits
    from delivered
    inner join places on
        delivered.postcode is not distinct from places.postcode
        and delivered.city is not distinct from places.city and delivered.country is not distinct from places.country
)

select
    address_key,
    place_id,
    strlen(digits) between 1 and 5 as is_numbered,
    case when strlen(digits) between 1 and 5 then digits::integer end as number,
    case
        when not is_french then null
        when strlen(digits) between 1 and 5 then substr(street, strlen(digits) + 1)
        else street
    end as text
from begun;

-- name: said
create or replace temp table said as
with ended as materialized (
    select
        *,
        regexp_extract(text, ' [0-9]+$') as tail
    from cut
)

select
    address_key,
    place_id,
    number,
    is_numbered,
    case
        when tail <> '' and tail[2:] not in (select word from number_words) then left(text, length(text) - length(tail))
        else text
    end as text
from ended;

-- name: texts
create or replace temp table texts as
select
    row_number() over () as text_id,
    is_numbered,
    text
from (select distinct
    is_numbered,
    text
from said
where text is not null);

-- name: lines
create or replace temp table lines as
select
    address_key,
    place_id,
    number,
    text_id,
    (place_id << 32) + text_id as spot_id
from said left join texts using (is_numbered, text);

-- name: spots
create or replace temp table spots as
select distinct
    spot_id,
    place_id,
    text_id
from lines
where text_id is not null;

-- name: suffix_keys
create or replace temp table suffix_keys as
select
    suffix,
    suffix_key(suffix) as key
from (
    select distinct suffix from ban
    where suffix is not null
);

-- name: houses
create or replace temp view houses as
select
    street_id,
    address_id,
    number,
    coalesce(suffix_keys.key, '') as suffix
from ban
inner join streets using (commune_code, postcode, street)
left join suffix_keys on ban.suffix = suffix_keys.suffix
where ban.former_code is not distinct from streets.former_code;

-- name: house_hits
create or replace temp table house_hits as
with asked as (
    select
        lines.rowid as line_id,
        street_id,
        coalesce(named.number, lines.number) as number,
        suffix,
        rank,
        likeness
    from lines inner join named_streets as named using (spot_id)
)

select
    line_id,
    street_id,
    address_id,
    rank,
    likeness
from houses inner join asked using (street_id, number, suffix);

-- name: best_hits
create or replace temp table best_hits as
select
    line_id,
    count(*) as hits,
    any_value(address_id) as address_id,
    any_value(street_id) as street_id,
    any_value(likeness) as likeness
from house_hits
group by line_id;

-- name: rivals
create or replace temp table rivals as
select * from house_hits
where
    line_id in (
        select line_id from best_hits
        where hits > 1
    )
qualify rank = min(rank) over (partition by line_id);

-- name: likenesses
create or replace temp table likenesses as
select
    unnest($numbers::integer[]) as number,
    unnest($likenesses::varchar[]) as likeness,
    unnest($kinds::varchar[]) as match_kind,
    unnest($confidences::double[]) as confidence;

-- name: settled_lines
create or replace temp table settled_lines as
with found as (
    select
        line_id,
        address_id,
        street_id,
        likeness
    from best_hits
    where hits = 1
    union all
    select
        line_id,
        min(address_id),
        min(street_id),
        min(likeness)
    from rivals
    group by line_id
    having count(distinct address_id) = 1
)

select
    line_id,
    address_id,
    street_id,
    likenesses.likeness,
    match_kind,
    confidence as match_confidence
from found inner join likenesses on found.likeness = likenesses.number;

-- name: settled
create or replace temp view settled as
select
    address_key,
    match_kind,
    address_id,
    likeness,
    match_confidence
from settled_lines inner join lines on settled_lines.line_id = lines.rowid;

-- name: candidate_houses
create or replace temp table candidate_houses as
with rows as (
    select
        line_id,
        address_id
    from settled_lines
    where match_confidence < $stated_from
    union all
    select distinct
        line_id,
        address_id
    from rivals
    anti join settled_lines using (line_id)
    where likeness in (
        select number from likenesses
        where match_kind = 'exact'
    )
)

select
    address_key,
    address_id
from rows inner join lines on rows.line_id = lines.rowid;

-- name: candidate_streets
create or replace temp table candidate_streets as
with unsettled as (
    select
        address_key,
        spot_id
    from lines
    anti join settled_lines on lines.rowid = settled_lines.line_id
    anti join rivals on lines.rowid = rivals.line_id
),

nearest as (
    select distinct
        spot_id,
        street_id
    from street_hits
    where spot_id in (select spot_id from unsettled)
    qualify dense_rank() over (partition by spot_id order by is_other_postcode, reading) = 1
)

select
    address_key,
    street_id
from unsettled inner join nearest using (spot_id);

-- name: candidate_rows
create or replace temp view candidate_rows as
with rows as (
    select
        address_key,
        address_id
    from candidate_houses
    union all
    select distinct
        address_key,
        address_id
    from candidate_streets inner join houses using (street_id)
)

select
    address_key,
    address_id,
    1.0 / count(*) over (partition by address_key) as weight
from rows;

-- name: matches
create or replace temp table matches as
with found as (
    select
        lines.address_key,
        lines.place_id,
        settled_lines.match_kind,
        match_confidence,
        case when match_confidence >= $stated_from then address_id end as address_id,
        case when match_confidence >= $stated_from then street_id end as street_id
    from lines left join settled_lines on lines.rowid = settled_lines.line_id
),

open as (
    select address_key from candidate_houses
    union
    select address_key from candidate_streets
)

select
    found.address_key,
    case
        when match_kind is not null then match_kind
        when open.address_key is not null then 'street'
        when places.commune_code is not null then 'commune'
        else 'none'
    end as match_kind,
    found.address_id,
    coalesce(streets.commune_code, places.commune_code) as commune_code,
    coalesce(match_confidence, 0.0) as match_confidence
from found
inner join places using (place_id)
left join streets using (street_id)
left join open using (address_key);
