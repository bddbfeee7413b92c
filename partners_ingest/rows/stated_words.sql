-- Macros for the expressions of `partners_ingest.rows.stated_words`.

-- name: macros
-- Numbers and e-mail addresses whatever their form, and the names of the row's own person.
create or replace temp macro tells_of_person(text, given_name, family_name) as
looks_like_number(text) or looks_like_email(text)
or names_person(text, given_name) or names_person(text, family_name);

-- Of a JSON object the members of these names, as text.
create or replace temp macro told_cells(fields, cells) as to_json(map_from_entries(
    list_transform(fields, lambda field: struct_pack(k := field, v := cells ->> field))
))::varchar;
