-- What `partners_ingest.rows.heard_numbers` looks for in a batch of withdrawals. Every pattern is RE2's: linear in
-- the text.

-- name: macros
-- A text in which every sign between words is there twice, so that two numbers can each have one beside them.
-- Instants are taken out: their digits are no number.
create or replace temp macro apart_for_search(text) as regexp_replace(regexp_replace(
    folded_for_search(text),
    '[0-9]{1,4}[\-/.][0-9]{1,2}[\-/.][0-9]{2,4}(?:[T ]+[0-9]{1,2}[:h][0-9:.,]*(?:Z|[+\-][0-9]{2}:?[0-9]{2})?)',
    ' | ', 'g'
), '([^0-9A-Za-z+()])', '\1\1', 'g');

create or replace temp macro coded_numbers_in(apart) as regexp_extract_all(
    apart,
    '(?:^|[^0-9A-Za-z])('
    || '(?:(?:\+|00)[ .\-/_()]{0,6})?(?:33|262|590|594|596|508|687|689|681)[ .\-/_()]{0,6}(?:\(?0\)?[ .\-/_()]{0,6})?'
    || '[1-9](?:[ .\-/_()]{0,6}[0-9]){8}'
    || '|\(?0\)?[ .\-/_()]{0,6}[1-9](?:[ .\-/_()]{0,6}[0-9]){8}'
    || '|(?:\+|00)[ .\-/_()]{0,6}[1-9](?:[ .\-/_()]{0,6}[0-9]){6,14}'
    || ')(?:$|[^0-9A-Za-z])', 1
);

create or replace temp macro bare_numbers_in(apart) as regexp_extract_all(
    apart, '(?:^|[^0-9A-Za-z+])([67](?:[ .\-/_()]{0,6}[0-9]){8})(?:$|[^0-9A-Za-z])', 1
);

-- Ten digits after ten digits, as a copied column is.
create or replace temp macro glued_numbers_in(text) as flatten(list_transform(
    list_filter(
        regexp_extract_all(folded_for_search(text), '[0-9]{20,}'),
        lambda digits: regexp_full_match(digits, '(?:0[1-9][0-9]{8})+')
    ),
    lambda digits: regexp_extract_all(digits, '[0-9]{10}')
));

create or replace temp macro numbers_in(text, has_phones) as list_concat(
    coded_numbers_in(apart_for_search(text)),
    if(has_phones, bare_numbers_in(apart_for_search(text)), []),
    glued_numbers_in(text)
);

-- name: heard_cells
create or replace table heard_cells as
with said as (
    select
        fields.line_number,
        keyed.country,
        keyed.postcode,
        if(
            keyed.problem is not null or keyed.e164 is null,
            concat_ws(chr(10), array_to_string(fields.phones, chr(10)), fields.record_text),
            array_to_string(fields.phones, chr(10))
        ) as told
    from fields
    inner join keyed on fields.line_number = keyed.line_number
    where keyed.reasons not in (['DUPLICATE_ROW'], ['PERSON_ERASED'])
)

select
    line_number,
    trim(unnest(numbers_in(told, $has_phones::boolean))) as cell,
    if(country = 'BE', 'BE', null) as country,
    if(postcode[:3] in ('972', '988'), postcode[:3], null) as postcode_start
from said;

-- name: read_numbers
select
    heard_cells.line_number,
    phone_read.e164
from heard_cells
inner join phone_read
    on
        heard_cells.cell = phone_read.cell
        and heard_cells.country is not distinct from phone_read.country
        and heard_cells.postcode_start is not distinct from phone_read.postcode_start
where phone_read.e164 is not null;

-- name: heard
create or replace table heard as
select
    heard_numbers.line_number,
    heard_numbers.contact_id
from heard_numbers
inner join keyed on heard_numbers.line_number = keyed.line_number
where
    heard_numbers.contact_id is distinct from keyed.contact_id
    and heard_numbers.mark not in (select closed_marks.mark from closed_marks);

-- name: erased_lines
select distinct unnest(range(fields.line_number, fields.line_number + fields.line_count)) as line_number
from fields
inner join heard_numbers on fields.line_number = heard_numbers.line_number
where heard_numbers.mark in (select closed_marks.mark from closed_marks);

-- A number that is missing or masked is not unread: nobody is there to be read. What has neither letter nor digit
-- says nothing.
-- name: counts
select
    count(*) filter (
        where keyed.contact_id is not null or keyed.source_key is not null or is_known or is_heard
    ) as named,
    count(*) filter (
        where keyed.contact_id is null and keyed.source_key is null and not is_known and not is_heard
        and not list_has_any(keyed.reasons, ['PHONE_MISSING', 'PHONE_MASKED', 'HEADER_REPEATED'])
        and regexp_matches(fields.record_text, '[\p{L}\p{N}]')
    ) as unread
from (
    select
        *,
        reasons in (['DUPLICATE_ROW'], ['PERSON_ERASED']) as is_known,
        line_number in (select heard_numbers.line_number from heard_numbers) as is_heard
    from keyed
) as keyed
inner join fields on keyed.line_number = fields.line_number;

-- name: beside_accepted
select
    delivery_id,
    line_number,
    byte_offset,
    byte_length,
    partner_id,
    feed_id,
    exported_at,
    received_at,
    contact_id,
    source_key,
    signal,
    withdrawn_at,
    withdrawn_at_quality
from keyed cross join delivery
where signal is not null and (contact_id is not null or source_key is not null);

-- name: everybody_named
select
    delivery_id,
    line_number,
    byte_offset,
    byte_length,
    partner_id,
    feed_id,
    exported_at,
    received_at,
    contact_id,
    source_key,
    coalesce(signal, 'held_withdrawal') as signal,
    withdrawn_at,
    withdrawn_at_quality
from keyed cross join delivery
where (len(reasons) = 0 or signal is not null) and (contact_id is not null or source_key is not null);

-- name: heard_beside
select
    delivery_id,
    keyed.line_number,
    byte_offset,
    byte_length,
    partner_id,
    feed_id,
    exported_at,
    received_at,
    heard.contact_id,
    null as source_key,
    'heard_number' as signal,
    withdrawn_at,
    withdrawn_at_quality
from heard
inner join keyed on heard.line_number = keyed.line_number
cross join delivery;
