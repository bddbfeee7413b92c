-- What `partners_ingest.rows.figures` counts of a batch in `keyed`, where no configuration decides.

-- name: count_unknown_words
insert into counted
select
    $figure,
    concat(told.field, ':', told.word),
    count(*),
    null::bigint[]
from (
    select
        unnest(list_concat(
            [{ 'field': 'form_version', 'word': form_version }, { 'field': 'notice_id', 'word': notice_id }],
            list_transform(channels, lambda word: { 'field': 'channels', 'word': word }),
            list_transform(purposes, lambda word: { 'field': 'purposes', 'word': word }),
            list_transform(recipients, lambda word: { 'field': 'recipients', 'word': word })
        )) as told
    from keyed
    where len(reasons) = 0 and len(unknown_fields) > 0
)
where starts_with(told.word, $unknown)
group by told.field, told.word;
