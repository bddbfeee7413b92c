-- Choices among what several sources publish; they read `published_contours` and `commune_names`.

-- name: contours
select published.* from published_contours as published
inner join (
    select
        kind,
        case kind when 'bureau' then map end as bureau_map,
        commune_code,
        min_by((source_id, map), (coalesce(precedence, 1), source_id)) as first_drawn,
        max_by((source_id, map), (map, source_id)) as last_drawn
    from published_contours
    group by all
) as serving
    on
        published.kind = serving.kind and published.commune_code = serving.commune_code
        and (published.source_id, published.map)
        = case published.kind when 'bureau' then serving.first_drawn else serving.last_drawn end;

-- name: today
select
    known_code,
    min(commune_code) as commune_code
from commune_names
group by known_code
having count(distinct commune_code) = 1 and min(commune_code) <> known_code;
