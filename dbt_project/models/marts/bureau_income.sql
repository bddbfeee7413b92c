-- Income of a bureau: the medians of its IRIS, weighted by where its addresses are. What is withheld, or has no row, is
-- missing with its reason and its share, never zero. Where IRIS are not published (communes under 5,000 people), the
-- commune's median stands for the whole bureau.
with

shares as (
    select
        parts.from_map as map,
        parts.from_code as bureau_code,
        parts.share_of_from as share,
        parts.rule,
        iris.median_euros,
        iris.income_vintage,
        case
            when iris.median_euros is null then coalesce(iris.missing_reason, 'not published')
        end as missing_reason
    from {{ source('lake', 'territory_overlaps') }} as parts
    left join {{ ref('iris') }} as iris
        on parts.to_code = iris.iris_code
    where parts.to_kind = 'iris'
),

missing_parts as (
    select
        map,
        bureau_code,
        missing_reason,
        round(sum(share), 4) as share
    from shares
    where missing_reason is not null
    group by map, bureau_code, missing_reason
),

reasons as (
    select
        map,
        bureau_code,
        map(list(missing_reason order by missing_reason), list(share order by missing_reason)) as missing
    from missing_parts
    group by map, bureau_code
),

mixed as (
    select
        map,
        bureau_code,
        least(1, coalesce(sum(share) filter (where median_euros is not null), 0)) as covered_share,
        sum(share * median_euros) / sum(share) filter (where median_euros is not null) as income_euros,
        min(income_vintage) filter (where median_euros is not null) as income_vintage,
        count(*) as iris,
        any_value(rule) as rule
    from shares
    group by map, bureau_code
)

select
    bureaux.bureau_id,
    bureaux.bureau_code,
    bureaux.map,
    -- rounded: the last digits of a sum of doubles depend on the order in which they come
    case
        when mixed.covered_share > 0 then round(mixed.income_euros, 2)
        else communes.median_euros
    end as income_euros,
    case
        when mixed.covered_share > 0 then 'iris'
        when communes.median_euros is not null then 'commune'
    end as level,
    case
        when mixed.covered_share > 0 then round(mixed.covered_share, 6)
        when communes.median_euros is not null then 1
        else 0
    end as covered_share,
    reasons.missing,
    mixed.iris,
    mixed.rule,
    case when mixed.covered_share > 0 then mixed.income_vintage else communes.vintage end as income_vintage
from {{ ref('bureaux') }} as bureaux
left join mixed
    on bureaux.bureau_code = mixed.bureau_code and bureaux.map = mixed.map
left join reasons
    on bureaux.bureau_code = reasons.bureau_code and bureaux.map = reasons.map
left join {{ ref('commune_income') }} as communes
    on
        bureaux.commune_code = communes.commune_code
        and communes.concept = 'disposable'
        and mixed.bureau_code is null
