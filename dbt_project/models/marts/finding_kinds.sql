{{ config(materialized="incremental", incremental_strategy="append") }}
-- Millions of findings say few things. The judgement asks which of them concern a use, then reads numbers only.
select distinct
    kind_id,
    code,
    channel,
    criteria_kinds,
    sponsors_named,
    number_rules,
    adult_on is not null as is_by_birthday
from {{ ref('findings') }}
where {{ is_new_to(this, 'kind_id') }}
