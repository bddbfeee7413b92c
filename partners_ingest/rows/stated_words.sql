-- Macros for the expressions of `partners_ingest.rows.stated_words`.

-- name: macros
-- Numbers and e-mail addresses whatever their form, and the names of the row's own person.
-- (A list of one, so that the text stands in the plan once and not in each of its parts.)
create or replace temp macro tells_of_person(text, given_name, family_name) as list_transform(
    [text],
    lambda told: looks_like_number(told) or looks_like_email(told)
    or names_person(told, given_name) or names_person(told, family_name)
)[1];

-- Of a JSON object the members of these names, as text.
create or replace temp macro told_cells(fields, cells) as to_json(map_from_entries(
    list_transform(fields, lambda field: struct_pack(k := field, v := cells ->> field))
))::varchar;
