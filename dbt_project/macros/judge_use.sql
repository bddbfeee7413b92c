{#- The judgement, shipped inside the base as DuckDB table macros: one place decides consent and person. `asked` names a
    relation with contact_id; `live_facts` one with contact_id, kind, channel, sponsor_id, occurred_at, known_at, and
    delivery_id, line_number of the act that it is about (null = the contact). Asked contacts filter inside the scans: a
    filter around a macro is not pushed down. -#}

{#- Where a model failed there is nothing to judge on, and the failure itself is what dbt must report. -#}
{% macro create_judgement_macros() %}
    {% set read = [
        'act_standings', 'acts', 'findings', 'finding_kinds', 'rules', 'situations', 'sponsors', 'standings'
    ] %}
    {% if execute and flags.WHICH in ('build', 'run') and has_marts(read) %}
        {% for statement in [verdict_rank_sql(), decision_rank_sql(), names_sql(), code_names_sql(), codes_of_sql(),
                             judge_acts_sql(), judge_acts_sql(by_night=true), judge_use_sql(), judge_use_sql(by_night=true),
                             judge_rules_sql(), judge_rules_sql(by_night=true), judge_all_uses_sql(),
                             judge_all_quiet_uses_sql(), is_elector_sql(), judge_situations_sql(), judge_as_known_sql(),
                             judge_as_known_sql(of_few=true)] %}
            {% do run_query(statement) %}
        {% endfor %}
        {% if has_marts(['deliveries', 'verdict_spans']) %}
            {% do run_query(situation_counts_of_sql()) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{% macro has_marts(names) -%}
    {% set found = [] %}
    {% for name in names if adapter.get_relation(target.database, 'main', name) %}
        {% do found.append(name) %}
    {% endfor %}
    {{ return(found | length == names | length) }}
{%- endmacro %}

{#- Head of a macro of the judgement. Where the day brought nothing, the one whose name ends with `_by_night` gives the
    same and is planned in two thirds of the time, which is most of what a look-up of one contact takes. -#}
{% macro judgement_of_asked(name, by_night) -%}
    create or replace macro main.{{ name }}{{ '_by_night' if by_night }}(
        asked, {{ 'live_facts,' if not by_night }} {{ use_parameters() }}
    ) as table
{%- endmacro %}

{% macro use_parameters() -%}
    use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on,
    use_number_rules, use_profile, use_moment, use_known_by
{%- endmacro %}

{#- Effects from good to bad, as ranks: a verdict is about a contact, a decision about a use (house, "Judge a use"). -#}
{% macro verdict_rank_sql() -%}
    create or replace macro main.verdict_rank(effect) as
    case effect when 'INVITE_ONLY' then 1 when 'HOLD' then 2 when 'QUARANTINED' then 3 when 'REFUSED' then 4 else 0 end
{%- endmacro %}

{#- INVITE_ONLY forbids a selection and leaves an unselected invitation alone (rules README 2.4). -#}
{% macro decision_rank_sql() -%}
    create or replace macro main.decision_rank(effect, is_selection) as
    case effect
        when 'INVITE_ONLY' then case when is_selection then 3 else 0 end
        when 'HOLD' then 1
        when 'QUARANTINED' then 2
        when 'REFUSED' then 3
        else 0
    end
{%- endmacro %}

{% macro names_sql() -%}
    create or replace macro main.verdict_name(n) as
        ['SENDABLE', 'INVITE_ONLY', 'HOLD', 'QUARANTINED', 'REFUSED'][n + 1];
    create or replace macro main.decision_name(n) as ['ALLOW', 'HOLD', 'QUARANTINE', 'REFUSE'][n + 1]
{%- endmacro %}

{#- Every code of the registry, sorted: while the judgement sums up, a code is its place here. -#}
{% macro code_names_sql() -%}
    {%- set codes = [] -%}
    {%- for row in run_query('select distinct code from main.rules order by code') -%}
        {%- do codes.append("'" ~ row[0] ~ "'") -%}
    {%- endfor -%}
    create or replace macro main.code_names() as [{{ codes | join(', ') }}]::varchar[]
{%- endmacro %}

{#- True where what a kind of finding says concerns the use that is asked. -#}
{% macro concerns_use(kind) -%}
    ({{ kind }}.channel is null or {{ kind }}.channel = use_channel)
    and ({{ kind }}.criteria_kinds is null or list_has_any({{ kind }}.criteria_kinds, use_criteria_kinds))
    and ({{ kind }}.number_rules is null or list_contains({{ kind }}.number_rules, use_number_rules))
    and case
        when {{ kind }}.sponsors_named is null then true
        when use_sponsor_id is null then len({{ kind }}.sponsors_named) = 0
        else not list_has_any({{ kind }}.sponsors_named, coalesce((
            select list_filter([s.legal_name, s.candidate], lambda name: name is not null)
            from sponsors as s
            where s.sponsor_id = use_sponsor_id
        ), []))
    end
{%- endmacro %}

{#- True where a finding does not ask for a day, or the person is an adult only after the day that the use asks for. -#}
{% macro asks_for_a_later_birthday(finding) -%}
    ({{ finding }}.adult_on is null or {{ finding }}.adult_on > use_eligible_on)
{%- endmacro %}

{#- Expressions over an effect: `place` is the code's in `code_names()`; `weight` is less the worse the effect is for
    the use, and among equals in the order of codes; null = it allows. -#}
{% macro weighed(effect, place) -%}
    case
        when decision_rank({{ effect }}, len(use_criteria_kinds) > 0) > 0
            then (3 - decision_rank({{ effect }}, len(use_criteria_kinds) > 0)) * 128 + {{ place }}
    end
{%- endmacro %}

{% macro columns_of(relation, names) -%}
    {%- for name in names %}{{ relation }}.{{ name }}{{ ", " if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro same(left, right, names) -%}
    {%- for name in names %}{{ left }}.{{ name }} = {{ right }}.{{ name }}{{ " and " if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro use_of(relation, use) -%}
    {%- for name in use %}{{ relation }}.{{ name }}, {% endfor -%}
{%- endmacro %}

{#- The rules in force, by the law of the moment and the registry as `known` says it was known: for the profile that is
    asked, or for each, told in the column `use_profile`, with the moment from the relation `instants`. -#}
{% macro rules_in_force(known, each_use=false) -%}
    select
        {{ 'r.profile as use_profile,' if each_use }}
        r.code,
        r.rule_id,
        r.sentence,
        r.source,
        list_position(code_names(), r.code) - 1 as place,
        r.effect,
        coalesce(r.later_act_effect, r.effect) as later_act_effect
    from rules as r
    {{ 'cross join instants' if each_use }}
    where
        {{ 'r.profile = use_profile and' if not each_use }}
        r.applies_from <= use_moment and r.applies_until > use_moment
        and {{ known }}
{%- endmacro %}

{#- What is said of the asked contacts, as common table expressions that end with `spoken`: one row per rule that speaks
    of a contact (act 0) or of one of its acts. Findings of the night are narrowed inside the scan; what the units of
    macros/evaluators/asked say of the asked and those of macros/evaluators/live of the day's own facts, and what such a
    unit may read, stands here. With `each_use` every row also tells its `use_channel` and `use_profile`, one of `uses`,
    and the use's two instants come from the one row of a relation: only a statement without parameters keeps its
    plan. -#}
{% macro spoken_of_asked(by_night, each_use=false) -%}
    {%- set use = ['use_channel', 'use_profile'] if each_use else [] -%}
    {% if each_use -%}
    instants as (
        select use_moment, use_known_by from query_table(told_instants)
    ),

    -- First whose rows they are, then when they hold: the other way round all rows of the base would meet the instants.
    acts_of_asked as materialized (
        select acts.contact_id, acts.act_number, acts.delivery_id, acts.line_number, acts.consented_at, acts.received_at,
            acts.exported_at
        from acts
        where acts.contact_id in (select a.contact_id from query_table(asked) as a)
    ),

    findings_of_asked as materialized (
        select f.contact_id, f.act_number, f.kind_id, f.applies_from, f.applies_until, f.known_from, f.known_until, f.adult_on
        from findings as f
        where f.contact_id in (select a.contact_id from query_table(asked) as a)
    ),

    uses as (
        select use_channel, use_profile
        from (values ('sms'), ('voice')) as channels (use_channel)
        cross join (values ('strict'), ('market')) as profiles (use_profile)
    ),

    {% endif -%}
    -- Acts that had happened by the moment and were known; one without an instant had happened by its file's export.
    known_acts as (
        select acts.contact_id, acts.act_number, acts.delivery_id, acts.line_number, acts.consented_at
        {%- if each_use %}
        from acts_of_asked as acts
        cross join instants
        where
        {%- else %}
        from acts
        where
            acts.contact_id in (select a.contact_id from query_table(asked) as a) and
        {%- endif %}
            acts.received_at <= use_known_by
            and coalesce(acts.consented_at, acts.exported_at) <= use_moment
    ),

    in_force as (
        {{ rules_in_force('r.known_from <= use_known_by and r.known_until > use_known_by', each_use) }}
    ),

    -- A kind without a rule in force has no place: it does nothing, but a unit may look for it.
    kinds as (
        select {{ use_of('uses', use) }} finding_kinds.kind_id, finding_kinds.code, in_force.place, in_force.effect
        from finding_kinds
        {{ 'cross join uses' if each_use }}
        left join in_force
            on finding_kinds.code = in_force.code {{ 'and uses.use_profile = in_force.use_profile' if each_use }}
        where {{ concerns_use('finding_kinds') }}
    ),

    seen as (
        select
            {{ use_of('kinds', use) }}
            f.contact_id, f.act_number, kinds.code, kinds.place, kinds.effect, f.applies_from, f.applies_until
        {%- if each_use %}
        from findings_of_asked as f
        inner join kinds on f.kind_id = kinds.kind_id
        cross join instants
        where
        {%- else %}
        from findings as f
        inner join kinds on f.kind_id = kinds.kind_id
        where
            f.contact_id in (select a.contact_id from query_table(asked) as a) and
        {%- endif %}
            f.applies_from <= use_moment and f.applies_until > use_moment
            and f.known_from <= use_known_by and f.known_until > use_known_by
            and {{ asks_for_a_later_birthday('f') }}
    ),

    {%- if not by_night %}

    day_facts as (
        select
            {{ 'instants.use_moment,' if each_use }}
            facts.contact_id, facts.kind, facts.occurred_at, facts.delivery_id, facts.line_number
        from query_table(live_facts) as facts
        {{ 'cross join instants' if each_use }}
        where
            facts.occurred_at <= use_moment
            and facts.known_at <= use_known_by
            and facts.contact_id in (select a.contact_id from query_table(asked) as a)
    ),

    -- Last STOP, objection, erasure or withdrawal: global, whatever its channel and sponsor (R-18).
    suppressed_acts as (
        select
            s.contact_id,
            coalesce(acts.act_number, 0) as act_number,
            s.suppressed_at,
            coalesce(acts.consented_at > s.suppressed_at, false) as is_later
        from (
            select facts.contact_id, max(facts.occurred_at) as suppressed_at
            from day_facts as facts
            where facts.kind in ('stop', 'objection', 'erasure', 'withdrawal')
            group by facts.contact_id
        ) as s
        left join known_acts as acts on s.contact_id = acts.contact_id
    ),

    -- Contacts whose own click, reply or form is younger than 36 calendar months: it renews every consent (R-11).
    renewed as (
        select facts.contact_id
        from day_facts as facts
        where facts.kind in ('click', 'reply', 'form')
        group by facts.contact_id
        having max(use_moment) < {{ paris_midnight(months_after(paris_date('max(facts.occurred_at)'), 36)) }}
    ),

    {%- endif %}

    coded as (
        {{ every_evaluator_of('asked') }}
        {%- if not by_night %}
        union all
        {{ every_evaluator_of('live') }}
        {%- endif %}
    ),

    spoken as (
        select {{ use_of('seen', use) }} contact_id, act_number, code, applies_from, applies_until, place, effect
        from seen
        where
            place is not null
            {%- if not by_night %}
            and (code <> 'CONSENT_EXPIRED' or contact_id not in (select r.contact_id from renewed as r))
            {%- endif %}
        union all
        select
            {{ use_of('uses', use) }}
            coded.contact_id,
            coded.act_number,
            coded.code,
            coded.applies_from,
            coded.applies_until,
            in_force.place,
            case when coded.is_later then in_force.later_act_effect else in_force.effect end as effect
        from coded
        inner join in_force on coded.code = in_force.code
        {{ 'inner join uses on in_force.use_profile = uses.use_profile' if each_use }}
    )
{%- endmacro %}

{#- What a use's codes do together: the worst of each act, the best act, then the worse of it and the subject's own.
    `subject` are the columns of what is judged; `asked` (subject), `acts` (subject, act_number from 1 in the order in
    which equally good acts are preferred) and `spoken` (subject, act_number, place, effect) are relations. A row of
    `spoken` about act 0 is the subject's own. Gives verdict, decision, codes, worst_code and best_act_number. -#}
{% macro merged_judgement(subject, asked, acts, spoken) -%}
    {{ summed_spoken(subject + ['act_number'], spoken) }},

    {{ parts_of_summed(subject, asked, acts) }},

    {{ merged_parts(subject) }}
{%- endmacro %}

{#- What there is to merge of `summed`: of each act, of what is said of the subject itself, and nothing of each
    subject. -#}
{% macro parts_of_summed(subject, asked, acts) -%}
    parts as (
        select
            {{ columns_of('acts', subject) }},
            coalesce(summed.v, 0) as act_v,
            {{ packed_act('summed') }} | acts.act_number as best,
            null::bigint as own,
            summed.bits
        from {{ acts }} as acts
        left join summed
            on {{ same('acts', 'summed', subject) }} and acts.act_number = summed.act_number
        union all
        select {{ subject | join(', ') }}, null, null, {{ packed_own('summed') }}, bits
        from summed
        where act_number = 0
        union all
        select {{ columns_of('subjects', subject) }}, null, null, null, null
        from {{ asked }} as subjects
    )
{%- endmacro %}

{#- Of whatever `spoken` rows are about: the worst verdict, the worst effect on the use, and all codes with one as
    bits. -#}
{% macro summed_spoken(subject, spoken) -%}
    weighed as (
        select
            {{ subject | join(', ') }},
            verdict_rank(effect) as v,
            {{ weighed('effect', 'place') }} as weight,
            1::hugeint << place::hugeint as bit
        from {{ spoken }}
    ),

    summed as (
        select
            {{ subject | join(', ') }},
            max(v) as v,
            min(weight) as weight,
            bit_or(bit) filter (where weight is not null) as bits
        from weighed
        group by {{ subject | join(', ') }}
    )
{%- endmacro %}

{#- Decision, verdict and worst code of an act packed into one number, so that with its number (below 2^36) added the
    least is the best act. Of acts that are equally bad the one counts whose worst code comes last, so that an act of
    which more is said never does (`int_act_sets__worth`); of those that are equally good, the latest. -#}
{% macro packed_act(summed) -%}
    (
                ((3 - coalesce({{ summed }}.weight, 384) // 128)::bigint << 48)
                | (coalesce({{ summed }}.v, 0)::bigint << 44)
                | ((127 - coalesce({{ summed }}.weight, 0) % 128)::bigint << 36)
            )
{%- endmacro %}

{#- What is said of the subject itself, in one number. -#}
{% macro packed_own(summed) -%}
    (coalesce({{ summed }}.weight, 384)::bigint * 8 + 7 - coalesce({{ summed }}.v, 0))
{%- endmacro %}

{#- The answer from `parts` (subject, act_v, best, own, bits). What is said of a subject without acts stands in `parts`
    already, or in `nothing_given`: one row of v, weight, bits. -#}
{% macro merged_parts(subject, with_nothing_given=false) -%}
    {{ unpacked_parts(subject, with_nothing_given) }},

    {{ read_bits_of('unpacked') }}

    select
        {{ subject | join(', ') }},
        verdict_name(v) as verdict,
        decision_name(greatest(best_d, own_d)) as decision,
        case
            when greatest(best_d, own_d) = 0 then []
            else coalesce(read_bits.codes, [])
        end as codes,
        {{ worst_code_of_unpacked() }} as worst_code,
        best_act_number
    from unpacked
    left join read_bits on unpacked.bits = read_bits.bits
{%- endmacro %}

{#- The codes of each set of bits, sorted: many subjects share few sets. -#}
{% macro read_bits_of(relation) -%}
    read_bits as (
        select bits, {{ codes_of('bits') }} as codes
        from (select distinct bits from {{ relation }} where bits is not null)
    )
{%- endmacro %}

{% macro worst_code_of_unpacked() -%}
    case
        when greatest(best_d, own_d) = 0 then null
        when best_d > own_d then code_names()[best_place + 1]
        when own_d > best_d then code_names()[own_place + 1]
        else code_names()[least(best_place, own_place) + 1]
    end
{%- endmacro %}

{#- The codes whose places are set, sorted. -#}
{% macro codes_of(bits) -%}
    list_filter(code_names(), lambda name, place: ({{ bits }} & (1::hugeint << (place - 1))) <> 0)
{%- endmacro %}

{#- The same for whoever groups answers by their codes before reading them. -#}
{% macro codes_of_sql() -%}
    create or replace macro main.codes_of(code_bits) as {{ codes_of('code_bits') }}
{%- endmacro %}

{#- `parts` merged and taken apart again, as common table expressions that end with `unpacked`. -#}
{% macro unpacked_parts(subject, with_nothing_given=false) -%}
    merged as (
        select
            {{ subject | join(', ') }},
            min(act_v) as act_v,
            min(best) as best,
            min(own) as own,
            bit_or(bits) as bits
        from parts
        group by {{ subject | join(', ') }}
    ),

    {% if with_nothing_given -%}
    filled as (
        select
            {{ columns_of('merged', subject) }},
            merged.act_v,
            merged.best,
            case
                when merged.act_v is null
                    then least(merged.own // 8, nothing_given.weight) * 8 + 7 - greatest(7 - merged.own % 8, nothing_given.v, 0)
                else merged.own
            end as own,
            case
                when merged.act_v is null then coalesce(merged.bits | nothing_given.bits, merged.bits, nothing_given.bits)
                else merged.bits
            end as bits
        from merged
        cross join nothing_given
    ),

    {% endif -%}
    unpacked as (
        select
            {{ subject | join(', ') }},
            greatest(coalesce(act_v, 4), 7 - coalesce(own, 3079) % 8) as v,
            coalesce(best >> 48, 3) as best_d,
            3 - coalesce(own, 3079) // 1024 as own_d,
            127 - (best >> 36) % 128 as best_place,
            (own // 8) % 128 as own_place,
            best % 68719476736 as best_act_number,
            bits
        from {{ 'filled' if with_nothing_given else 'merged' }}
    )
{%- endmacro %}

{#- One row per asked contact. -#}
{% macro judge_use_sql(by_night=false) -%}
    {{ judgement_of_asked('judge_use', by_night) }}
    with

    {{ spoken_of_asked(by_night) }},

    judged as (
        with

        {{ merged_judgement(
            subject=['contact_id'], asked='query_table(asked)', acts='known_acts', spoken='spoken'
        ) }}
    )

    select
        judged.contact_id,
        judged.verdict,
        judged.decision,
        judged.codes,
        judged.worst_code,
        acts.delivery_id as best_delivery_id,
        acts.line_number as best_line_number
    from judged
    left join known_acts as acts
        on judged.contact_id = acts.contact_id and judged.best_act_number = acts.act_number
{%- endmacro %}

{#- One row per act of the asked contacts: what it is worth alone, the contact's own codes aside. -#}
{% macro judge_acts_sql(by_night=false) -%}
    {{ judgement_of_asked('judge_acts', by_night) }}
    with

    {{ spoken_of_asked(by_night) }},

    summed as (
        {{ summed_by_act(['contact_id']) }}
    )

    select
        acts.contact_id,
        acts.delivery_id,
        acts.line_number,
        verdict_name(coalesce(summed.v, 0)) as verdict,
        decision_name(coalesce(summed.d, 0)) as decision,
        coalesce(summed.codes, []) as codes
    from known_acts as acts
    left join summed
        on acts.contact_id = summed.contact_id and acts.act_number = summed.act_number
{%- endmacro %}

{#- One row per rule that spoke of an asked contact or one of its acts: the answer's grounds, by the law of the
    moment. -#}
{% macro judge_rules_sql(by_night=false) -%}
    {{ judgement_of_asked('judge_rules', by_night) }}
    with

    {{ spoken_of_asked(by_night) }}

    select distinct
        spoken.contact_id,
        acts.delivery_id,
        acts.line_number,
        spoken.code,
        spoken.applies_from,
        spoken.applies_until,
        spoken.effect,
        in_force.rule_id,
        in_force.sentence,
        in_force.source
    from spoken
    inner join in_force on spoken.code = in_force.code
    left join known_acts as acts
        on spoken.contact_id = acts.contact_id and spoken.act_number = acts.act_number
    -- an act that had not happened yet says nothing, whatever its findings
    where spoken.act_number = 0 or acts.line_number is not null
{%- endmacro %}

{#- What each standing is worth, by the law of the moment and the registry as it is now, as common table expressions
    that end with `worth` (standing_id, is_elector, act_v, packed, own, bits) and `nothing_given`. Standings are few,
    and judged once each, for an elector of the day that is asked and, where a day is, for who is none: all of them, or
    those in the relation `among`. -#}
{% macro judged_standings(among=none) -%}
    {%- if among %}
    -- with the mart's name, for all that follows
    standings as (
        select every_standing.standing_id, every_standing.kind_id
        from main.standings as every_standing
        -- as a list, for DuckDB takes any relation for large and would hold all standings beside it
        where every_standing.standing_id in (select unnest(list(distinct a.standing_id)) from {{ among }} as a)
    ),
    {% endif %}
    in_force as (
        {{ rules_in_force('r.known_until = ' ~ for_ever()) }}
    ),

    electors as (
        select is_elector
        from (values (true), (false)) as answers (is_elector)
        where is_elector or use_eligible_on is not null
    ),

    spoken as (
        select electors.is_elector, standings.standing_id, in_force.place, in_force.effect
        from standings
        inner join finding_kinds on standings.kind_id = finding_kinds.kind_id
        inner join in_force on finding_kinds.code = in_force.code
        inner join electors on not (finding_kinds.is_by_birthday and electors.is_elector)
        where {{ concerns_use('finding_kinds') }}
    ),

    {{ summed_spoken(['is_elector', 'standing_id'], 'spoken') }},

    stood as (
        select standings.standing_id, electors.is_elector, max(standings.kind_id = {{ contact_is_there() }}) as is_own
        from standings
        cross join electors
        group by standings.standing_id, electors.is_elector
    ),

    worth as (
        select
            stood.standing_id,
            stood.is_elector,
            case when not stood.is_own then coalesce(summed.v, 0) end as act_v,
            case when not stood.is_own then {{ packed_act('summed') }} end as packed,
            case when stood.is_own then {{ packed_own('summed') }} end as own,
            summed.bits
        from stood
        left join summed
            on stood.standing_id = summed.standing_id and stood.is_elector = summed.is_elector
    ),

    nothing_given as (
        select
            max(verdict_rank(effect)) as v,
            min({{ weighed('effect', 'place') }}) as weight,
            bit_or(1::hugeint << place::hugeint) filter (where {{ weighed('effect', 'place') }} is not null) as bits
        from in_force
        where code = 'CONSENT_NOT_GIVEN'
    )
{%- endmacro %}

{% macro use_as_known_parameters() -%}
    use_channel, use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules, use_profile, use_moment
{%- endmacro %}

{#- One row per asked situation and whether the person is an elector on the day that is asked: the same judgement of
    what many contacts share (marts `situations`, `standings`). What the day brought is no part of a situation: who has
    live facts is asked by `judge_use`. -#}
{% macro judge_situations_sql() -%}
    create or replace macro main.judge_situations(asked, {{ use_as_known_parameters() }}) as table
    with

    {{ judged_standings() }},

    parts as (
        select
            situations.situation_id,
            worth.is_elector,
            worth.act_v,
            worth.packed as best,
            worth.own,
            worth.bits
        from situations
        inner join worth
            on situations.standing_id = worth.standing_id
        where situations.situation_id in (select a.situation_id from query_table(asked) as a)
    ),

    {{ unpacked_parts(['situation_id', 'is_elector'], with_nothing_given=true) }}

    select
        situation_id,
        is_elector,
        verdict_name(v) as verdict,
        decision_name(greatest(best_d, own_d)) as decision,
        case when greatest(best_d, own_d) = 0 then 0 else coalesce(bits, 0) end as code_bits,
        {{ worst_code_of_unpacked() }} as worst_code
    from unpacked
{%- endmacro %}

{#- One row per asked contact, as `judge_use` by night gives it with all that the base knows: the acts' standings at the
    moment instead of their findings, which are many. `judge_few_as_known` judges no standing but the asked contacts'
    own, for which it holds what is known of them: of many, that is much. A test compares all. -#}
{% macro judge_as_known_sql(of_few=false) -%}
    create or replace macro main.judge_{{ 'few_' if of_few }}as_known(asked, {{ use_as_known_parameters() }}) as table
    with

    known as {{ 'materialized' if of_few }} (
        select contact_id, act_number, standing_id, adult_on
        from act_standings
        where
            {{ 'contact_id in (select a.contact_id from query_table(asked) as a) and' if of_few }}
            from_at <= use_moment and until_at > use_moment
    ),

    {{ judged_standings(among='known' if of_few else none) }},

    parts as (
        select
            subjects.contact_id,
            worth.act_v,
            worth.packed | known.act_number as best,
            worth.own,
            worth.bits
        from query_table(asked) as subjects
        left join known
            on subjects.contact_id = known.contact_id
        left join worth
            on known.standing_id = worth.standing_id and is_elector(known.adult_on, use_eligible_on) = worth.is_elector
    ),

    judged as (
        with

        {{ merged_parts(['contact_id'], with_nothing_given=true) }}
    )

    select
        judged.contact_id,
        judged.verdict,
        judged.decision,
        judged.codes,
        judged.worst_code,
        acts.delivery_id as best_delivery_id,
        acts.line_number as best_line_number
    from judged
    left join acts
        on judged.contact_id = acts.contact_id and judged.best_act_number = acts.act_number
{%- endmacro %}

{#- Of a row of `verdict_spans`: whether the person is an elector on the day that a use asks for; true where nobody
    asks. -#}
{% macro is_elector_sql() -%}
    create or replace macro main.is_elector(adult_on, eligible_on) as coalesce(adult_on <= eligible_on, true)
{%- endmacro %}

{#- What a look-up tells of a number: one row per asked contact, channel and profile (act null), and one per act of it,
    for a use that is otherwise the same. One plan instead of eight, which are most of what a look-up costs.
    `told_instants` names a relation of one row with use_moment and use_known_by. -#}
{% macro judge_all_uses_sql() -%}
    create or replace macro main.judge_all_uses(asked, live_facts, {{ every_use_parameters() }}) as table
    {{ every_use_of_asked(by_night=false) }}
{%- endmacro %}

{#- The same of contacts without live facts, who are most. A test compares both. -#}
{% macro judge_all_quiet_uses_sql() -%}
    create or replace macro main.judge_all_quiet_uses(asked, {{ every_use_parameters() }}) as table
    {{ every_use_of_asked(by_night=true) }}
{%- endmacro %}

{% macro every_use_parameters() -%}
    told_instants, use_sponsor_id, use_criteria_kinds, use_eligible_on, use_number_rules
{%- endmacro %}

{% macro every_use_of_asked(by_night) -%}
    with

    {{ spoken_of_asked(by_night, each_use=true) }},

    used_acts as (
        select uses.use_channel, uses.use_profile, acts.*
        from known_acts as acts
        cross join uses
    ),

    {{ summed_spoken(['contact_id', 'use_channel', 'use_profile', 'act_number'], 'spoken') }},

    {{ parts_of_summed(
        subject=['contact_id', 'use_channel', 'use_profile'],
        asked='(select a.contact_id, uses.use_channel, uses.use_profile from query_table(asked) as a cross join uses)',
        acts='used_acts',
    ) }},

    {{ unpacked_parts(['contact_id', 'use_channel', 'use_profile']) }},

    answers as (
        select
            contact_id,
            use_channel,
            use_profile,
            null as delivery_id,
            null as line_number,
            v,
            case when greatest(best_d, own_d) > 0 then bits end as bits
        from unpacked
        union all
        select
            acts.contact_id,
            acts.use_channel,
            acts.use_profile,
            acts.delivery_id,
            acts.line_number,
            coalesce(summed.v, 0) as v,
            summed.bits
        from used_acts as acts
        left join summed
            on {{ same('acts', 'summed', ['contact_id', 'use_channel', 'use_profile', 'act_number']) }}
    ),

    {{ read_bits_of('answers') }}

    select
        answers.contact_id,
        answers.use_channel as channel,
        answers.use_profile as profile,
        answers.delivery_id,
        answers.line_number,
        verdict_name(answers.v) as verdict,
        coalesce(read_bits.codes, []) as codes
    from answers
    left join read_bits on answers.bits = read_bits.bits
{%- endmacro %}

{#- What each act is worth alone: of the relation `spoken`. -#}
{% macro summed_by_act(subject) -%}
    select
        {{ subject | join(', ') }},
        act_number,
        max(verdict_rank(effect)) as v,
        max(decision_rank(effect, len(use_criteria_kinds) > 0)) as d,
        list_sort(list_distinct(
            list(code) filter (where decision_rank(effect, len(use_criteria_kinds) > 0) > 0)
        )) as codes
    from spoken
    group by {{ subject | join(', ') }}, act_number
{%- endmacro %}
