-- Findings about the person and the number. Ages become instants in Paris; who came of age before the day from which
-- we judge has no row of age.
with

numbers as (
    select
        *,
        {{ for_ever() }} as known_until
    from {{ ref('int_contacts__latest') }}
),

beliefs as (
    select
        beliefs.*,
        {{ birthday('beliefs.birth_date', 17) }} as seventeen_on,
        {{ birthday('beliefs.birth_date', 18) }} as adult_on,
        {{ paris_midnight(birthday('beliefs.birth_date', 17)) }} as seventeen_at,
        {{ paris_midnight(birthday('beliefs.birth_date', 18)) }} as adult_at
    from {{ ref('int_contacts__beliefs') }} as beliefs
),

-- A bracket speaks where no birth date does, from its first arrival on.
brackets as (
    select
        beliefs.contact_id,
        rows.age_min,
        rows.age_max,
        greatest(beliefs.known_from, min(rows.received_at)) as known_from,
        beliefs.known_until
    from {{ ref('stg_partners__age_brackets') }} as rows
    inner join {{ ref('int_contacts__beliefs') }} as beliefs
        on rows.contact_id = beliefs.contact_id
    where beliefs.birth_date is null
    group by beliefs.contact_id, rows.age_min, rows.age_max, beliefs.known_from, beliefs.known_until
)

select
    {{ contact_finding('UNDER_17', applies_until='seventeen_at') }}
from beliefs
where seventeen_at > {{ judged_since() }}
union all
select
    {{ contact_finding('MINOR_AT_SEND', applies_from='seventeen_at', applies_until='adult_at') }}
from beliefs
where adult_at > {{ judged_since() }}
union all
select
    {{ contact_finding('NOT_ELECTOR', adult_on='adult_on') }}
from beliefs
where adult_at > {{ judged_since() }}
union all
select
    {{ contact_finding('AGE_UNKNOWN') }}
from beliefs
where birth_date is null
union all
select
    {{ contact_finding('IDENTITY_CONFLICT') }}
from beliefs
where has_conflict
union all
select
    {{ contact_finding('NOT_MOBILE', channel="'sms'") }}
from numbers
where number_kind in ('landline', 'voip', 'special')
union all
select
    {{ contact_finding('FOREIGN_NUMBER') }}
from numbers
where number_kind = 'foreign'
union all
-- Numbers that are invalid everywhere stand for mobiles on the bench, and nowhere else.
select
    {{ contact_finding('NOT_A_PERSON', number_rules="['fiction', 'live']") }}
from numbers
where number_kind = 'm2m'
union all
select
    {{ contact_finding('NUMBER_UNASSIGNED', number_rules="['fiction', 'live']") }}
from numbers
where number_kind = 'unassigned'
union all
-- ARCEP's fiction range may be used in demo and test only (R-61).
select
    {{ contact_finding('FICTION_NUMBER', number_rules="['bench', 'live']") }}
from numbers
where is_fiction
union all
select distinct
    {{ contact_finding('AGE_BRACKET_CROSSES_17') }}
from brackets
where coalesce(age_min, 0) < 17 and coalesce(age_max, 150) >= 17 and known_from < known_until
