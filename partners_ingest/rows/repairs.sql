-- Macros that tell what was mended in a cell, for the expressions of `partners_ingest.rows.repairs`.

-- name: macros
-- Ways of writing a number that need no repair: ten digits, whole or in pairs, or nine after the country code.
-- Each is asked of few cells: `is_usual_phone` is asked before all of them.
create or replace temp macro is_usual_phone(cell, e164) as regexp_full_match(cell, '0[1-9](?:[ .\-]?[0-9]{2}){4}')
or (starts_with(e164, '+33') and regexp_full_match(cell, '(?:\+|00)33 ?[1-9](?:[ .\-]?[0-9]{2}){4}'));

create or replace temp macro is_scientific(cell) as
regexp_full_match(trim(cell), '\+?[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}');

create or replace temp macro has_decimal(cell) as regexp_full_match(trim(cell), '\+?[0-9]+[.,]0');

create or replace temp macro phone_figures(cell) as
regexp_replace(if(has_decimal(cell), trim(cell)[:-3], cell), '[^0-9]', '', 'g');

create or replace temp macro has_letter_o(cell) as
regexp_matches(cell, '(?:^|[^\p{L}])[oO]+(?:[^\p{L}]|$)');

-- A letter after a digit that is neither an O for a zero nor the `ou` between two numbers.
create or replace temp macro has_words_after(cell) as not is_scientific(cell) and regexp_matches(
    regexp_replace(cell, '(^|[^\p{L}])(?:o+|ou)([^\p{L}]|$)', '\1\2', 'gi'), '[0-9].*\p{L}'
);

create or replace temp macro local_of_utc(utc_at, zone) as timezone(zone, timezone('UTC', utc_at));

create or replace temp macro has_odd_prefix(cell) as contains(cell, '(0)')
or regexp_full_match(phone_figures(cell), '(?:00)?330[1-9][0-9]{8}')
or regexp_full_match(phone_figures(cell), '33[1-9][0-9]{8}') and not contains(cell, '+');

create or replace temp macro is_moved_territory(cell, e164) as not starts_with(e164, '+33')
and regexp_full_match(phone_figures(cell), '(?:00)?330?[1-9][0-9]{8}');
