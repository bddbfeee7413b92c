{#- R-03, R-04: the channel is not among the effective ones. -#}
{% macro claim__channel_not_covered() -%}
select {{ claim_finding('CHANNEL_NOT_COVERED', channel='asked.channel') }}
from claims
cross join (select unnest(['sms', 'voice']) as channel) as asked
where notice_status = 'known' and not list_contains(claims.channels, asked.channel)
{%- endmacro %}
