-- Macros that clean texts, for the expressions of `partners_ingest.rows.fields`.

-- name: macros
-- Asked once of all cells of a record, put together: most have nothing that `clean_text` would take off. As many
-- bytes as characters is ASCII, of which single characters tell.
create or replace temp macro is_clean(joined) as if(
    strlen(joined) = length(joined),
    not contains(joined, chr(31) || ' ') and not contains(joined, ' ' || chr(31))
    and not contains(joined, chr(9)) and not contains(joined, chr(10)) and not contains(joined, chr(12))
    and not contains(joined, chr(13)) and not contains(joined, chr(0)),
    regexp_full_match(joined, '(?:\x1F(?:[!-~\x{00AE}-\x{05FF}](?:[ !-~\x{00AE}-\x{05FF}]*[!-~\x{00AE}-\x{05FF}])?)?)*')
);

create or replace temp macro clean_text(cell, is_clean) as if(
    is_clean, cell,
    regexp_replace(
        regexp_replace(cell, '[\x00\p{Cf}]', '', 'g'),
        '^[\s\x{0085}\x{00A0}\x{2000}-\x{200A}\x{202F}\x{3000}]+'
        || '|[\s\x{0085}\x{00A0}\x{2000}-\x{200A}\x{202F}\x{3000}]+$',
        '', 'g'
    )
);

-- Most rows are decided by their length: as many bytes as characters is ASCII.
create or replace temp macro has_invisible(text) as contains(text, chr(0))
or (strlen(text) <> length(text) and regexp_matches(text, '\p{Cf}'));

-- A leading apostrophe is a spreadsheet's guard (partners README, section 2).
create or replace temp macro unguarded(cell) as if(starts_with(cell, ''''), trim(cell[2:]), cell);
