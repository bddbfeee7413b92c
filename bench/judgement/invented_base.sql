-- The rows of `bench.judgement.invented_base`.

-- Rows of one file: row `i` of all is told by its slot (percent), quarter and number; the first half of all rows are
-- the first acts of as many contacts, the others are further acts of a skewed part of them.
-- name: opt_ins
with numbered as (
    select
        ks.k * 1200 + $quarter * 100 + slots.slot as i,
        row_number() over (order by ks.k, slots.slot) as line_number
    from range($rows_each) as ks (k)
    cross join range($first_slot, $first_slot + $slots) as slots (slot)
),

drawn as (
    select
        line_number,
        i,
        case when i < $contacts then i else floor($contacts * pow((hash(i) % 1000000) / 1e6, 1.5))::bigint end
            as contact,
        hash(i, 'draw') % 1000 as draw
    from numbered
),

placed as (
    select
        *,
        hash(contact, 'person') as person
    from drawn
)

select
    $delivery_id as delivery_id,
    line_number,
    line_number * 200 as byte_offset,
    199::bigint as byte_length,
    $partner_id as partner_id,
    'web' as feed_id,
    $exported_at::timestamp as exported_at,
    $exported_at::timestamp + interval 10 minutes as received_at,
    md5(contact::varchar)::uuid as contact_id,
    case when draw >= 20 then md5(concat($partner_id, '-', contact)) end as source_key,
    md5(concat('address-', contact // 2)) as address_key,
    case
        when draw < 1 then md5(concat('office-', hash(i, 'office') % 40))
        when draw < 900 then md5(concat('ip-', contact))
    end as ip_key,
    case when draw between 30 and 69 then 'refused' else 'given' end as flag,
    case
        when draw between 100 and 129 then null
        else $exported_at::timestamp - to_seconds(60 + hash(i, 'instant') % (90 * 86400 - 60))
    end as consented_at,
    case when draw between 100 and 129 then null when draw < 400 then 'zone_assumed' else 'exact_utc' end
        as consented_at_quality,
    null as source_consent_id,
    case when draw < 500 then 'full' when draw < 520 then 'unheard' end as notice_id,
    case when consented_at < '2025-02-01' then 'F1' when consented_at < '2026-02-01' then 'F2' else 'F3' end
        as form_version,
    case when draw between 600 and 619 then ['email'] end as channels,
    null::varchar[] as purposes,
    null::varchar[] as recipients,
    case when person % 2 = 0 then 'F' else 'M' end as sex,
    case
        when person % 10 = 0 then null
        when draw = 999 then date '1971-01-01'
        else date '1940-01-01' + (person % 25600)::integer
    end as birth_date,
    lpad(((person % 95) * 1000 + 1000)::varchar, 5, '0') as postcode,
    'FR' as country,
    case when person % 50 = 0 then 'landline' else 'mobile' end as number_kind,
    'metropole' as number_zone,
    false as is_fiction,
    []::varchar[] as repairs,
    []::varchar[] as unread,
    true as has_page_url
from placed;
