{#- The judgement, shipped inside the base as DuckDB table macros: one place decides consent and person.
    `asked` names a relation with contact_id; `live_facts` one with contact_id, kind, channel, sponsor_id,
    occurred_at, known_at. Asked contacts filter inside the scans: a filter around a macro is not pushed down. -#}

{#- Where a model failed there is nothing to judge on, and the failure itself is what dbt must report. -#}
{% macro create_judgement_macros() %}
    {% if execute and flags.WHICH in ('build', 'run') and has_marts(['acts', 'findings', 'rules', 'sponsors']) %}
        {% for statement in [verdict_rank_sql(), decision_rank_sql(), names_sql(), acts_asked_sql(), findings_asked_sql(),
                             suppressions_asked_sql(), renewed_asked_sql(),
                             effects_asked_sql(), judge_acts_sql(), judge_use_sql(), judge_rules_sql()] %}
            {% do run_query(statement) %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{% macro has_marts(names) -%}
    {% set found = [] %}
    {% for name in names if adapter.get_relation(target.database, 'main', name) %}
        {% do found.append(name) %}
    {% endfor %}
    {{ return(found | length == names | length) }}
{%- endmacro %}

{% macro use_parameters() -%}
    use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on,
    use_number_rules, use_profile, use_moment, use_known_by
{%- endmacro %}

{#- Effects from good to bad, as ranks: a verdict is about a contact, a decision about a use (house, "Judge a use"). -#}
{% macro verdict_rank_sql() -%}
    create or replace macro main.verdict_rank(effect) as
    case effect when 'INVITE_ONLY' then 1 when 'HOLD' then 2 when 'QUARANTINED' then 3 when 'REFUSED' then 4 end
{%- endmacro %}

{#- INVITE_ONLY forbids a selection and leaves an unselected invitation alone (rules README 2.4). -#}
{% macro decision_rank_sql() -%}
    create or replace macro main.decision_rank(effect, is_selection) as
    case effect
        when 'INVITE_ONLY' then case when is_selection then 3 else 0 end
        when 'HOLD' then 1
        when 'QUARANTINED' then 2
        when 'REFUSED' then 3
    end
{%- endmacro %}

{% macro names_sql() -%}
    create or replace macro main.verdict_name(n) as ['SENDABLE', 'INVITE_ONLY', 'HOLD', 'QUARANTINED', 'REFUSED'][n + 1];
    create or replace macro main.decision_name(n) as ['ALLOW', 'HOLD', 'QUARANTINE', 'REFUSE'][n + 1]
{%- endmacro %}

{#- Acts of the asked contacts that had happened by the moment and were known; one without an instant had happened
    by its file's export. -#}
{% macro acts_asked_sql() -%}
    create or replace macro main.acts_asked(asked, use_moment, use_known_by) as table
    select acts.contact_id, acts.delivery_id, acts.line_number, acts.consented_at
    from acts
    where
        acts.contact_id in (select a.contact_id from query_table(asked) as a)
        and acts.received_at <= use_known_by
        and coalesce(acts.consented_at, acts.exported_at) <= use_moment
{%- endmacro %}

{#- Findings that hold at the moment, were known, and concern this use. -#}
{% macro findings_asked_sql() -%}
    create or replace macro main.findings_asked(
        asked, use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules, use_moment, use_known_by
    ) as table
    select f.contact_id, f.delivery_id, f.line_number, f.code, f.applies_from, f.applies_until
    from findings as f
    where
        f.contact_id in (select a.contact_id from query_table(asked) as a)
        and f.applies_from <= use_moment and f.applies_until > use_moment
        and f.known_from <= use_known_by and f.known_until > use_known_by
        and (f.channel is null or f.channel = use_channel)
        and (f.criteria_kinds is null or list_has_any(f.criteria_kinds, use_criteria_kinds))
        and (f.number_rules is null or list_contains(f.number_rules, use_number_rules))
        and (f.adult_on is null or f.adult_on > use_eligible_on)
        and case
            when f.sponsors_named is null then true
            when use_sponsor_id is null then len(f.sponsors_named) = 0
            else not list_has_any(f.sponsors_named, coalesce((
                select list_filter([s.legal_name, s.candidate], lambda name: name is not null)
                from sponsors as s
                where s.sponsor_id = use_sponsor_id
            ), []))
        end
{%- endmacro %}

{#- Last known STOP, objection, erasure or withdrawal of each asked contact: global, whatever its channel and sponsor (R-18). -#}
{% macro suppressions_asked_sql() -%}
    create or replace macro main.suppressions_asked(asked, live_facts, use_moment, use_known_by) as table
    select facts.contact_id, max(facts.occurred_at) as suppressed_at
    from query_table(live_facts) as facts
    where
        facts.kind in ('stop', 'objection', 'erasure', 'withdrawal')
        and facts.occurred_at <= use_moment
        and facts.known_at <= use_known_by
        and facts.contact_id in (select a.contact_id from query_table(asked) as a)
    group by facts.contact_id
{%- endmacro %}

{#- Contacts whose own click, reply or form is younger than 36 calendar months: it renews every consent (R-11). -#}
{% macro renewed_asked_sql() -%}
    create or replace macro main.renewed_asked(asked, live_facts, use_moment, use_known_by) as table
    select facts.contact_id
    from query_table(live_facts) as facts
    where
        facts.kind in ('click', 'reply', 'form')
        and facts.occurred_at <= use_moment
        and facts.known_at <= use_known_by
        and facts.contact_id in (select a.contact_id from query_table(asked) as a)
    group by facts.contact_id
    having use_moment < {{ paris_midnight(months_after(paris_date('max(facts.occurred_at)'), 36)) }}
{%- endmacro %}

{#- Codes with an effect in the profile on that day: findings of the night, and what the units of macros/evaluators/live
    say of the day's own facts; what such a unit may read stands here. -#}
{% macro effects_asked_sql() -%}
    create or replace macro main.effects_asked(asked, live_facts, {{ use_parameters() }}) as table
    with

    known_acts as (
        from acts_asked(asked, use_moment, use_known_by)
    ),

    seen as (
        from findings_asked(
            asked, use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules,
            use_moment, use_known_by
        )
    ),

    day_facts as (
        select facts.contact_id, facts.kind, facts.occurred_at
        from query_table(live_facts) as facts
        where
            facts.occurred_at <= use_moment
            and facts.known_at <= use_known_by
            and facts.contact_id in (select a.contact_id from query_table(asked) as a)
    ),

    suppressed_acts as (
        select
            s.contact_id,
            acts.delivery_id,
            acts.line_number,
            s.suppressed_at,
            coalesce(acts.consented_at > s.suppressed_at, false) as is_later
        from suppressions_asked(asked, live_facts, use_moment, use_known_by) as s
        left join known_acts as acts on s.contact_id = acts.contact_id
    ),

    coded as (
        select contact_id, delivery_id, line_number, code, applies_from, applies_until, false as is_later
        from seen
        where
            code <> 'CONSENT_EXPIRED'
            or contact_id not in (
                select renewed.contact_id from renewed_asked(asked, live_facts, use_moment, use_known_by) as renewed
            )
        union all
        {{ every_evaluator_of('live') }}
    ),

    in_force as (
        select r.code, r.effect, coalesce(r.later_act_effect, r.effect) as later_act_effect
        from rules as r
        where r.profile = use_profile and r.applies_from <= use_moment and r.applies_until > use_moment
    )

    select
        coded.contact_id,
        coded.delivery_id,
        coded.line_number,
        coded.code,
        coded.applies_from,
        coded.applies_until,
        case when coded.is_later then in_force.later_act_effect else in_force.effect end as effect
    from coded
    inner join in_force on coded.code = in_force.code
{%- endmacro %}

{#- One row per act of the asked contacts: what it is worth alone, the contact's own codes aside. -#}
{% macro judge_acts_sql() -%}
    create or replace macro main.judge_acts(asked, live_facts, {{ use_parameters() }}) as table
    with

    ranked as (
        select
            contact_id,
            delivery_id,
            line_number,
            code,
            verdict_rank(effect) as v,
            decision_rank(effect, len(use_criteria_kinds) > 0) as d
        from effects_asked(asked, live_facts, {{ use_parameters() }})
        where delivery_id is not null
    ),

    summed as (
        select
            contact_id,
            delivery_id,
            line_number,
            max(v) as v,
            max(d) as d,
            list_sort(list_distinct(list(code) filter (where d > 0))) as codes
        from ranked
        group by contact_id, delivery_id, line_number
    )

    select
        acts.contact_id,
        acts.delivery_id,
        acts.line_number,
        verdict_name(coalesce(summed.v, 0)) as verdict,
        decision_name(coalesce(summed.d, 0)) as decision,
        coalesce(summed.codes, []) as codes
    from acts_asked(asked, use_moment, use_known_by) as acts
    left join summed
        on
            acts.contact_id = summed.contact_id
            and acts.delivery_id = summed.delivery_id
            and acts.line_number = summed.line_number
{%- endmacro %}

{#- One row per asked contact: best act, then the worse of it and the contact's own codes. -#}
{% macro judge_use_sql() -%}
    create or replace macro main.judge_use(asked, live_facts, {{ use_parameters() }}) as table
    with

    ranked as (
        select
            contact_id,
            delivery_id,
            line_number,
            code,
            verdict_rank(effect) as v,
            decision_rank(effect, len(use_criteria_kinds) > 0) as d
        from effects_asked(asked, live_facts, {{ use_parameters() }})
    ),

    -- Acts first; the null delivery sums up the contact's own codes.
    summed as (
        select
            contact_id,
            delivery_id,
            line_number,
            max(v) as v,
            max(d) as d,
            list(code) filter (where d > 0) as codes,
            coalesce(
                min(code) filter (where d = 3), min(code) filter (where d = 2), min(code) filter (where d = 1)
            ) as worst_code
        from ranked
        group by contact_id, delivery_id, line_number
    ),

    acts_judged as (
        select
            acts.contact_id,
            min(coalesce(summed.v, 0)) as v,
            list(summed.codes) filter (where summed.codes is not null) as codes,
            min(struct_pack(
                d := coalesce(summed.d, 0),
                v := coalesce(summed.v, 0),
                age := -epoch_us(coalesce(acts.consented_at, '1900-01-01'::timestamp)),
                delivery_id := acts.delivery_id,
                line_number := acts.line_number,
                worst_code := summed.worst_code
            )) as best
        from acts_asked(asked, use_moment, use_known_by) as acts
        left join summed
            on
                acts.contact_id = summed.contact_id
                and acts.delivery_id = summed.delivery_id
                and acts.line_number = summed.line_number
        group by acts.contact_id
    ),

    joined as (
        select
            contacts_asked.contact_id,
            acts_judged.best,
            greatest(coalesce(acts_judged.v, 4), coalesce(own.v, 0)) as v,
            greatest(coalesce(acts_judged.best.d, 3), coalesce(own.d, 0)) as d,
            coalesce(acts_judged.best.d, 3) as best_d,
            coalesce(own.d, 0) as own_d,
            acts_judged.best.worst_code as best_code,
            own.worst_code as own_code,
            list_concat(flatten(coalesce(acts_judged.codes, [])), coalesce(own.codes, [])) as codes
        from (select distinct a.contact_id from query_table(asked) as a) as contacts_asked
        left join acts_judged on contacts_asked.contact_id = acts_judged.contact_id
        left join (select * from summed where delivery_id is null) as own
            on contacts_asked.contact_id = own.contact_id
    )

    select
        contact_id,
        verdict_name(v) as verdict,
        decision_name(d) as decision,
        case when d = 0 then [] else list_sort(list_distinct(codes)) end as codes,
        case
            when d = 0 then null
            when best_d > own_d then best_code
            when own_d > best_d then own_code
            else least(best_code, own_code)
        end as worst_code,
        best.delivery_id as best_delivery_id,
        best.line_number as best_line_number
    from joined
{%- endmacro %}

{#- One row per rule that spoke of an asked contact or one of its acts: the answer's grounds, by the law of the moment. -#}
{% macro judge_rules_sql() -%}
    create or replace macro main.judge_rules(asked, live_facts, {{ use_parameters() }}) as table
    select distinct spoken.*, rules.rule_id, rules.sentence, rules.source
    from effects_asked(asked, live_facts, {{ use_parameters() }}) as spoken
    left join rules
        on
            spoken.code = rules.code
            and rules.profile = use_profile
            and rules.applies_from <= use_moment
            and rules.applies_until > use_moment
{%- endmacro %}
