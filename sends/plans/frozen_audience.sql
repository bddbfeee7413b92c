-- How `sends.plans.frozen_audience` decides who gets a message, in the tables of `sends.plans.temporary_tables`.

-- name: contacts
select count(*) as contacts from decided_audience
where excluded_under is null;

-- name: excluded
select
    excluded_under,
    count(*) as contacts
from decided_audience
where excluded_under is not null
group by excluded_under;

-- name: excluded_by_code
select
    code,
    count(*) as contacts
from (
    select unnest(codes) as code from decided_audience
    where excluded_under is not null
)
group by code;

-- name: sources
select distinct source
from decided_audience
where excluded_under is null and source is not null;

-- name: bureaux
select distinct bureau_code
from decided_audience
where bureau_code is not null and excluded_under is distinct from 'OUTSIDE_RESERVE'
order by bureau_code;

-- name: closed_place
select
    $zones::varchar[] as zones,
    $is_known as is_territory_known,
    $departement as departement,
    $codes::varchar[] as codes;

-- name: everybody
select contact_id::varchar as contact_id
from audience
order by contact_id;

-- name: listed
select unnest($ids::uuid[]) as contact_id;

-- name: named_sources
select
    d.delivery_id,
    p.legal_name as source
from deliveries as d
inner join dossier_partners as p on d.partner_id = p.partner_id and p.known_until = 'infinity';

-- name: outside_reserve
select contact_id from audience
where not is_aged(birth_date, $least_age::integer, $most_age::integer, $polling_on::date);

-- name: decided_audience
with judged_audience as (
    select
        a.contact_id,
        a.bureau_code,
        s.source,
        sha256($plan_id || chr(31) || a.contact_id::varchar)[:32] as send_id,
        case
            when o.contact_id is not null then 'OUTSIDE_RESERVE'
            when j.decision <> 'ALLOW' then j.worst_code
            when i.contact_id is not null then 'ALREADY_INVITED'
            when p.codes is not null then p.codes[1]
            when h.contact_id is not null then 'EXCLUSIVITY'
        end as first_code,
        list_sort(list_distinct(list_concat(
            case when o.contact_id is not null then ['OUTSIDE_RESERVE'] else [] end,
            j.codes,
            coalesce(p.codes, []),
            case when i.contact_id is not null then ['ALREADY_INVITED'] else [] end,
            case when h.contact_id is not null then ['EXCLUSIVITY'] else [] end
        ))) as codes
    from audience as a
    inner join judged as j using (contact_id)
    left join closed_places as p
        on
            a.zones = p.zones and a.is_territory_known = p.is_territory_known
            and p.departement is not distinct from a.departement
    left join held as h using (contact_id)
    left join invited as i using (contact_id)
    left join outside_reserve as o using (contact_id)
    left join named_sources as s on j.best_delivery_id = s.delivery_id
),

ranked as (
    select
        *,
        row_number() over (partition by first_code is null order by send_id) as rank
    from judged_audience
)

select
    contact_id,
    bureau_code,
    send_id,
    rank as position,
    source,
    case when first_code is null and rank > $most then 'OVER_MAX_MESSAGES' else first_code end as excluded_under,
    case when first_code is null and rank > $most then ['OVER_MAX_MESSAGES'] else codes end as codes
from ranked;
