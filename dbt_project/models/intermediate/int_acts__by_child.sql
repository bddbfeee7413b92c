-- Under 15 on the consent's date in Paris (R-15), by the row's birth date, else by what we believe of the contact.
with

acts as (
    select * from {{ ref('int_acts') }}
    where consented_at is not null
)

select
    {{ act_finding('CONSENT_BY_CHILD') }}
from acts
where birth_date is not null and consented_on < {{ birthday('birth_date', 15) }}
union all
select
    acts.contact_id,
    acts.delivery_id,
    acts.line_number,
    'CONSENT_BY_CHILD' as code,
    {{ since_ever() }} as applies_from,
    {{ for_ever() }} as applies_until,
    greatest(acts.received_at, beliefs.known_from) as known_from,
    beliefs.known_until
from acts
inner join {{ ref('int_contacts__beliefs') }} as beliefs
    on acts.contact_id = beliefs.contact_id
where
    acts.birth_date is null
    and acts.consented_on < {{ birthday('beliefs.birth_date', 15) }}
    and acts.received_at < beliefs.known_until
