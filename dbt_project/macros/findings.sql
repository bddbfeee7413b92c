{#- Select list of a finding about a claim in one epoch of belief; what is not given is "every" or "always". -#}
{% macro claim_finding(code, channel='null', criteria_kinds='null', sponsors_named='null',
                       applies_from=since_ever(), applies_until=for_ever()) -%}
    claim_id,
    epoch,
    '{{ code }}' as code,
    {{ channel }}::varchar as channel,
    {{ criteria_kinds }}::varchar[] as criteria_kinds,
    {{ sponsors_named }}::varchar[] as sponsors_named,
    {{ applies_from }} as applies_from,
    {{ applies_until }} as applies_until
{%- endmacro %}

{#- Select list of a finding about one act, known from the row's arrival unless said otherwise. -#}
{% macro act_finding(
    code, applies_from=since_ever(), applies_until=for_ever(), known_from='received_at', known_until=for_ever()
) -%}
    contact_id,
    delivery_id,
    line_number,
    '{{ code }}' as code,
    {{ applies_from }} as applies_from,
    {{ applies_until }} as applies_until,
    {{ known_from }} as known_from,
    {{ known_until }} as known_until
{%- endmacro %}

{#- Select list of a finding about a contact. -#}
{% macro contact_finding(code, channel='null', number_rules='null', adult_on='null',
                         applies_from=since_ever(), applies_until=for_ever()) -%}
    contact_id,
    '{{ code }}' as code,
    {{ channel }}::varchar as channel,
    {{ number_rules }}::varchar[] as number_rules,
    {{ adult_on }}::date as adult_on,
    {{ applies_from }} as applies_from,
    {{ applies_until }} as applies_until,
    known_from,
    known_until
{%- endmacro %}

{#- Select list of a finding that is made at the moment of asking: about a contact, or one of its acts. -#}
{% macro live_finding(code, applies_from=since_ever(), act_number='0', is_later='false') -%}
    contact_id,
    {{ act_number }} as act_number,
    '{{ code }}' as code,
    {{ applies_from }} as applies_from,
    {{ for_ever() }} as applies_until,
    {{ is_later }} as is_later
{%- endmacro %}

{#- True where a dossier fact `fact` was believed in the epoch `epoch`. -#}
{% macro believed(fact, epoch) -%}
    {{ epoch }}.known_from >= {{ fact }}.known_from and {{ epoch }}.known_from < {{ fact }}.known_until
{%- endmacro %}

{#- What a finding says, whoever it is about and whenever it holds, as a number; a test shows that no two share one. A
    person's birthday is not in it, so that kinds are few. -#}
{% macro finding_kind(finding) -%}
    hash(
        {{ finding }}.code, {{ finding }}.channel, {{ finding }}.criteria_kinds, {{ finding }}.sponsors_named,
        {{ finding }}.number_rules
    )
{%- endmacro %}

{#- Kinds of finding that say only that there is an act, or a contact: each standing has one of them. -#}
{% macro act_is_there() -%} 0::ubigint {%- endmacro %}
{% macro contact_is_there() -%} 1::ubigint {%- endmacro %}

{#- The kinds of finding that are said of one act, or of a contact, as a sorted list. -#}
{% macro kinds_of_standing(kinds) -%}
    list_sort(list_distinct({{ kinds }}))
{%- endmacro %}

{#- What a kind of finding adds to a standing's number, by xor: what is taken off again is as if it had never been
    there. -#}
{% macro share_of_standing(kind_id) -%} hash({{ kind_id }}, 1) {%- endmacro %}

{#- A standing's number by its `kinds_of_standing`; a test shows that no two share one. -#}
{% macro standing_id(kinds) -%}
    list_bit_xor(list_transform({{ kinds }}, lambda kind : {{ share_of_standing('kind') }}))
{%- endmacro %}

{#- What a row states that dossiers decide on, as a number; a claim's key is tested, so no two claims share one. -#}
{% macro claim_id(opt_in, slot) -%}
    hash(
        {{ opt_in }}.partner_id, {{ opt_in }}.feed_id, {{ opt_in }}.consented_at is not null, {{ slot }}.slot_from,
        {{ opt_in }}.stated_notice_id, {{ opt_in }}.stated_form_version, {{ opt_in }}.stated_channels,
        {{ opt_in }}.stated_purposes, {{ opt_in }}.stated_recipients
    )
{%- endmacro %}

{#- A finding's key from what makes it one: two hashes over the same columns in another order, as one number. -#}
{% macro finding_id() -%}
    (
        hash(
            contact_id, delivery_id, line_number, code, channel, criteria_kinds, applies_from, applies_until, known_from
        )::uhugeint << 64
    ) | hash(
        known_from, applies_until, applies_from, criteria_kinds, channel, code, line_number, delivery_id, contact_id
    )::uhugeint
{%- endmacro %}
