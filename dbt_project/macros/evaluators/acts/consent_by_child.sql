{#- R-15: under 15 on the consent's date in Paris, by the row's birth date, else by what we believe of the contact. -#}
{% macro act__consent_by_child() -%}
select {{ act_finding('CONSENT_BY_CHILD') }}
from acts
where consented_at is not null and birth_date is not null and consented_on < {{ birthday('birth_date', 15) }}
union all
select
    {{ act_finding(
        'CONSENT_BY_CHILD', known_from='greatest(received_at, believed_from)', known_until='believed_until'
    ) }}
from acts_and_beliefs
where
    consented_at is not null
    and birth_date is null
    and consented_on < {{ birthday('believed_birth_date', 15) }}
    and received_at < believed_until
{%- endmacro %}
