-- Macros that know a number or an e-mail address by its shape, for `stores.identity_shapes`. Every pattern is RE2's:
-- linear in the length of the text.

-- name: macros
-- Digits and signs of other widths as ASCII, every blank and dash alike, format characters off.
create or replace temp macro folded_for_search(text) as if(strlen(text) = length(text), text, regexp_replace(
    regexp_replace(translate(
        regexp_replace(nfc_normalize(text), '[\x00\p{Cf}]', '', 'g'),
        '０１２３４５６７８９＋（）．／＠－，٠١٢٣٤٥٦٧٨٩', '0123456789+()./@-,0123456789'
    ), '[\p{Zs}\x{0085}]', ' ', 'g'), '[\p{Pd}]', '-', 'g'
));

-- A day, or a day with a time: its digits are no number.
create or replace temp macro is_day_or_time(folded) as regexp_full_match(
    folded,
    '[0-9]{1,4}[\-/.][0-9]{1,2}[\-/.][0-9]{1,4}(?:[T ]+[0-9]{1,2}[:h][0-9:.,+Z\-]*)?'
);

-- A number as it is told: with a 0 or the code of a country, whatever lies between its digits (three signs at most).
-- A hash is one long word: its digits stand beside letters.
create or replace temp macro is_coded_number(folded) as regexp_matches(
    folded,
    '(?:^|[^0-9A-Za-z])(?:'
    || '(?:(?:\+|00)[ .\-/_(),]{0,3})?(?:33|262|590|594|596|508|687|689|681)[ .\-/_(),]{0,3}'
    || '(?:\(?0\)?[ .\-/_(),]{0,3})?'
    || '[1-9](?:[ .\-/_(),]{0,3}[0-9]){8}'
    || '|\(?0\)?[ .\-/_(),]{0,3}[1-9](?:[ .\-/_(),]{0,3}[0-9]){8}'
    || '|(?:\+|00)[ .\-/_(),]{0,3}[1-9](?:[ .\-/_(),]{0,3}[0-9]){6,14}'
    || ')(?:$|[^0-9A-Za-z])'
) and not is_day_or_time(folded);

-- Nine digits without the 0 that a spreadsheet took off.
create or replace temp macro is_bare_number(folded) as
regexp_matches(folded, '(?:^|[^0-9A-Za-z])[1-9](?:[ .\-/_(),]{0,3}[0-9]){8}(?:$|[^0-9A-Za-z])')
and not is_day_or_time(folded);

-- A code of open data joins its parts by _ (48271_0190_00037 is an address): they are one word.
create or replace temp macro looks_like_coded_number(text) as coalesce(
    is_coded_number(replace(folded_for_search(text), '_', 'x')), false
);

-- (A list of one, so that the folded text stands in the plan once: a macro is pasted where it is named.)
create or replace temp macro looks_like_number(text) as coalesce(
    list_transform(
        [folded_for_search(text)], lambda folded: is_coded_number(folded) or is_bare_number(folded)
    )[1],
    false
);

create or replace temp macro looks_like_email(text) as coalesce(
    regexp_matches(folded_for_search(text), '[0-9A-Za-z._%+\-]+ ?@ ?[0-9A-Za-z.\-]+\.[A-Za-z]{2,}'), false
);

-- Shorter names are parts of other words too often.
create or replace temp macro names_person(text, name) as coalesce(
    length(name) >= 3 and contains(lower(strip_accents(text)), lower(strip_accents(name))), false
);
