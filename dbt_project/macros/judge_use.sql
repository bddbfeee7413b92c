{#- The judgement, shipped inside the base as DuckDB table macros: one place decides consent and person.
    `asked` names a relation with contact_id; `live_facts` one with contact_id, kind, channel, sponsor_id,
    occurred_at, known_at, and delivery_id, line_number of the act that it is about (null = the contact). Asked contacts filter inside the scans: a filter around a macro is not pushed down. -#}

{#- Where a model failed there is nothing to judge on, and the failure itself is what dbt must report. -#}
{% macro create_judgement_macros() %}
    {% if execute and flags.WHICH in ('build', 'run') and has_marts(['acts', 'findings', 'rules', 'situations', 'sponsors']) %}
        {% for statement in [verdict_rank_sql(), decision_rank_sql(), names_sql(), acts_asked_sql(), findings_asked_sql(),
                             suppressions_asked_sql(), renewed_asked_sql(), codes_asked_sql(), effects_asked_sql(),
                             judge_acts_sql(), judge_use_sql(), judge_every_use_sql(), judge_quiet_contacts_sql(),
                             judge_rules_sql(), judge_situations_sql()] %}
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

{#- True where what a finding says concerns the use that is asked. -#}
{% macro concerns_use(finding) -%}
    ({{ finding }}.channel is null or {{ finding }}.channel = use_channel)
    and ({{ finding }}.criteria_kinds is null or list_has_any({{ finding }}.criteria_kinds, use_criteria_kinds))
    and ({{ finding }}.number_rules is null or list_contains({{ finding }}.number_rules, use_number_rules))
    and ({{ finding }}.adult_on is null or {{ finding }}.adult_on > use_eligible_on)
    and case
        when {{ finding }}.sponsors_named is null then true
        when use_sponsor_id is null then len({{ finding }}.sponsors_named) = 0
        else not list_has_any({{ finding }}.sponsors_named, coalesce((
            select list_filter([s.legal_name, s.candidate], lambda name: name is not null)
            from sponsors as s
            where s.sponsor_id = use_sponsor_id
        ), []))
    end
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
        and {{ concerns_use('f') }}
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

{#- Codes that speak, whatever their effect: findings of the night, and what the units of macros/evaluators/live say of
    the day's own facts; what such a unit may read stands here. -#}
{% macro codes_asked_sql() -%}
    create or replace macro main.codes_asked(
        asked, live_facts, use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules,
        use_moment, use_known_by
    ) as table
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
        select facts.contact_id, facts.kind, facts.occurred_at, facts.delivery_id, facts.line_number
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
    )

    select contact_id, delivery_id, line_number, code, applies_from, applies_until, is_later
    from coded
{%- endmacro %}

{#- What a code does, by the rule in force: `later_act_effect` is for an act after the person took consent back. -#}
{% macro effect_of(coded, rule) -%}
    case when {{ coded }}.is_later then coalesce({{ rule }}.later_act_effect, {{ rule }}.effect) else {{ rule }}.effect end
{%- endmacro %}

{#- True where a rule was the law at the moment, as the registry said by then. -#}
{% macro in_force(rule) -%}
    {{ rule }}.applies_from <= use_moment and {{ rule }}.applies_until > use_moment
    and {{ rule }}.known_from <= use_known_by and {{ rule }}.known_until > use_known_by
{%- endmacro %}

{#- Codes with an effect in the profile on that day. -#}
{% macro effects_asked_sql() -%}
    create or replace macro main.effects_asked(asked, live_facts, {{ use_parameters() }}) as table
    select
        coded.contact_id,
        coded.delivery_id,
        coded.line_number,
        coded.code,
        coded.applies_from,
        coded.applies_until,
        {{ effect_of('coded', 'r') }} as effect
    from codes_asked(
        asked, live_facts, use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules,
        use_moment, use_known_by
    ) as coded
    inner join rules as r on coded.code = r.code
    where r.profile = use_profile and {{ in_force('r') }}
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

{% macro columns_of(relation, names) -%}
    {%- for name in names %}{{ relation }}.{{ name }}{{ ", " if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro same(left, right, names) -%}
    {%- for name in names %}{{ left }}.{{ name }} = {{ right }}.{{ name }}{{ " and " if not loop.last }}{% endfor -%}
{%- endmacro %}

{#- What a use's codes do together: the worst of each act, the best act, then the worse of it and the subject's own.
    `subject` are the columns of what is judged, `act` those that name one of its acts, `order` which of equally
    good acts is best; `effects` (subject, act, code, effect), `acts` (subject, act, order) and `asked` (subject) are
    relations. A row of effects without act is the subject's own. -#}
{% macro merged_judgement(subject, act, order, asked, acts, effects) -%}
    {{ merged_relations(subject, act, order, asked, acts, effects) }}

    select
        {{ subject | join(', ') }},
        verdict_name(v) as verdict,
        decision_name(d) as decision,
        {{ merged_codes() }} as codes,
        case
            when d = 0 then null
            when best_d > own_d then best_code
            when own_d > best_d then own_code
            else least(best_code, own_code)
        end as worst_code
        {%- for name in act %},
        best.{{ name }} as best_{{ name }}
        {%- endfor %}
    from joined
{%- endmacro %}

{% macro merged_codes() -%}
    case when d = 0 then [] else list_sort(list_distinct(codes)) end
{%- endmacro %}

{#- The relations behind it: `summed` per act, `joined` per subject. -#}
{% macro merged_relations(subject, act, order, asked, acts, effects) -%}
    ranked as (
        select
            {{ (subject + act) | join(', ') }},
            code,
            verdict_rank(effect) as v,
            decision_rank(effect, len(use_criteria_kinds) > 0) as d
        from {{ effects }}
    ),

    -- Acts first; the null act sums up the subject's own codes.
    summed as (
        select
            {{ (subject + act) | join(', ') }},
            max(v) as v,
            max(d) as d,
            list(code) filter (where d > 0) as codes,
            coalesce(
                min(code) filter (where d = 3), min(code) filter (where d = 2), min(code) filter (where d = 1)
            ) as worst_code
        from ranked
        group by {{ (subject + act) | join(', ') }}
    ),

    acts_judged as (
        select
            {{ columns_of('acts', subject) }},
            min(coalesce(summed.v, 0)) as v,
            list(summed.codes) filter (where summed.codes is not null) as codes,
            min(struct_pack(
                d := coalesce(summed.d, 0),
                v := coalesce(summed.v, 0),
                {% if order %}age := {{ order }},{% endif %}
                {%- for name in act %}
                {{ name }} := acts.{{ name }},
                {%- endfor %}
                worst_code := summed.worst_code
            )) as best
        from {{ acts }} as acts
        left join summed on {{ same('acts', 'summed', subject + act) }}
        group by {{ columns_of('acts', subject) }}
    ),

    joined as (
        select
            {{ columns_of('subjects', subject) }},
            acts_judged.best,
            greatest(coalesce(acts_judged.v, 4), coalesce(own.v, 0)) as v,
            greatest(coalesce(acts_judged.best.d, 3), coalesce(own.d, 0)) as d,
            coalesce(acts_judged.best.d, 3) as best_d,
            coalesce(own.d, 0) as own_d,
            acts_judged.best.worst_code as best_code,
            own.worst_code as own_code,
            list_concat(flatten(coalesce(acts_judged.codes, [])), coalesce(own.codes, [])) as codes
        from {{ asked }} as subjects
        left join acts_judged on {{ same('subjects', 'acts_judged', subject) }}
        left join (select * from summed where {{ act[0] }} is null) as own
            on {{ same('subjects', 'own', subject) }}
    )
{%- endmacro %}

{#- One row per asked contact. -#}
{% macro judge_use_sql() -%}
    create or replace macro main.judge_use(asked, live_facts, {{ use_parameters() }}) as table
    with

    {{ merged_judgement(
        subject=['contact_id'],
        act=['delivery_id', 'line_number'],
        order="-epoch_us(coalesce(acts.consented_at, '1900-01-01'::timestamp))",
        asked='(select distinct a.contact_id from query_table(asked) as a)',
        acts='acts_asked(asked, use_moment, use_known_by)',
        effects='effects_asked(asked, live_facts, ' ~ use_parameters() ~ ')',
    ) }}
{%- endmacro %}

{#- What a look-up tells of a number: one row per asked contact, channel and profile (act null), and one per act of it,
    for a use that is otherwise the same. One plan instead of eight, which are most of what a look-up costs. -#}
{% macro judge_every_use_sql() -%}
    create or replace macro main.judge_every_use(asked, live_facts, {{ every_use_parameters() }}) as table
    with

    coded as (
        {%- for channel in ['sms', 'voice'] %}
        select '{{ channel }}' as channel, *
        from codes_asked(asked, live_facts, '{{ channel }}', {{ every_use_parameters() }})
        {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    {{ every_use_of_coded() }}
{%- endmacro %}

{#- The same of contacts without live facts, who are most: of the units that judge the day only `consent_not_given` can
    speak then, and what the night found is read once for all channels. A test compares both. -#}
{% macro judge_quiet_contacts_sql() -%}
    create or replace macro main.judge_quiet_contacts(asked, {{ every_use_parameters() }}) as table
    with

    known_acts as (
        from acts_asked(asked, use_moment, use_known_by)
    ),

    -- first the few rows of who is asked: crossed with the channels before, every finding would be
    believed as materialized (
        select f.*
        from findings as f
        where
            f.contact_id in (select a.contact_id from query_table(asked) as a)
            and f.applies_from <= use_moment and f.applies_until > use_moment
            and f.known_from <= use_known_by and f.known_until > use_known_by
    ),

    coded as (
        select uses.use_channel as channel, f.contact_id, f.delivery_id, f.line_number, f.code, false as is_later
        from believed as f
        cross join (values ('sms'), ('voice')) as uses (use_channel)
        where {{ concerns_use('f') }}
        union all
        select channels.channel, silent.contact_id, silent.delivery_id, silent.line_number, silent.code, silent.is_later
        from ({{ live__consent_not_given() }}) as silent
        cross join (values ('sms'), ('voice')) as channels (channel)
    ),

    {{ every_use_of_coded() }}
{%- endmacro %}

{% macro every_use_parameters() -%}
    use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules, use_moment, use_known_by
{%- endmacro %}

{#- The rest of a query whose relation `coded` tells codes by channel. -#}
{% macro every_use_of_coded() -%}
    uses as (
        select channel, profile
        from (values ('sms'), ('voice')) as channels (channel)
        cross join (values ('strict'), ('market')) as profiles (profile)
    ),

    effects as (
        select
            coded.contact_id,
            coded.channel,
            r.profile,
            coded.delivery_id,
            coded.line_number,
            coded.code,
            {{ effect_of('coded', 'r') }} as effect
        from coded
        inner join rules as r on coded.code = r.code
        where {{ in_force('r') }}
    ),

    used_acts as (
        select acts.*, uses.channel, uses.profile
        from acts_asked(asked, use_moment, use_known_by) as acts
        cross join uses
    ),

    {{ merged_relations(
        subject=['contact_id', 'channel', 'profile'],
        act=['delivery_id', 'line_number'],
        order="-epoch_us(coalesce(acts.consented_at, '1900-01-01'::timestamp))",
        asked='(select distinct a.contact_id, uses.channel, uses.profile from query_table(asked) as a cross join uses)',
        acts='used_acts',
        effects='effects',
    ) }}

    select
        contact_id,
        channel,
        profile,
        null as delivery_id,
        null as line_number,
        verdict_name(v) as verdict,
        {{ merged_codes() }} as codes
    from joined
    union all
    select
        acts.contact_id,
        acts.channel,
        acts.profile,
        acts.delivery_id,
        acts.line_number,
        verdict_name(coalesce(summed.v, 0)) as verdict,
        list_sort(list_distinct(coalesce(summed.codes, []))) as codes
    from used_acts as acts
    left join summed
        on {{ same('acts', 'summed', ['contact_id', 'channel', 'profile', 'delivery_id', 'line_number']) }}
{%- endmacro %}

{#- One row per situation: the same judgement of what many contacts share (see the mart `situations`), by the law of the
    moment. What the day brought is no part of a situation: who has live facts is asked by `judge_use`. -#}
{% macro judge_situations_sql() -%}
    create or replace macro main.judge_situations(
        use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules, use_profile, use_moment
    ) as table
    with

    seen as (
        select f.situation_id, nullif(f.act_number, 0) as act_number, f.code
        from situations as f
        where f.kind_id <> 0 and {{ concerns_use('f') }}
        union all
        select f.situation_id, null as act_number, 'CONSENT_NOT_GIVEN' as code
        from situations as f
        group by f.situation_id
        having max(f.act_number) = 0
    ),

    effects as (
        select seen.situation_id, seen.act_number, seen.code, r.effect
        from seen
        inner join rules as r
            on seen.code = r.code and r.profile = use_profile
        where
            r.applies_from <= use_moment and r.applies_until > use_moment
            and r.known_until = {{ for_ever() }}
    ),

    acts as (
        select f.situation_id, f.act_number
        from situations as f
        where f.kind_id = 0 and f.act_number > 0
    ),

    {{ merged_judgement(
        subject=['situation_id'],
        act=['act_number'],
        order=none,
        asked='(select f.situation_id from situations as f where f.kind_id = 0 and f.act_number = 0)',
        acts='acts',
        effects='effects',
    ) }}
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
            and {{ in_force('rules') }}
{%- endmacro %}
