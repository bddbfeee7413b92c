-- What `partners_ingest.reports.partner_value` asks the base. `value_rows` are the agreements of the deliveries in
-- question, `value_answers` what the judgement says of their contacts.

-- name: value_rows
create or replace temp table value_rows as
select *
from opt_ins
where partner_id = $partner and flag = 'given' and list_contains($ids::varchar[], delivery_id);

-- name: value_asked
create or replace temp table value_asked as
select distinct contact_id from value_rows;

-- name: grades
select
    evidence_grade,
    count(*) as acts
from value_rows
group by evidence_grade
order by evidence_grade;

-- name: missing
select
    element,
    count(*) as acts
from (select unnest(list_concat(evidence_missing, bundle_missing)) as element from value_rows)
group by element
order by acts desc, element asc;

-- name: value_judged
create or replace temp table value_judged as
select
    value_rows.delivery_id,
    value_rows.line_number,
    answers.verdict,
    answers.codes
from value_rows
inner join value_answers as answers on value_rows.contact_id = answers.contact_id;

-- name: sendable
select
    delivery_id,
    count(*) as acts
from value_judged
where verdict = 'SENDABLE'
group by delivery_id
order by delivery_id;

-- name: reasons
with counted as (
    select
        code,
        count(*) as acts
    from (
        select unnest(codes) as code from value_judged
        where verdict <> 'SENDABLE'
    )
    group by code
),

told as (
    select
        code,
        any_value(sentence) as sentence
    from rules
    where
        profile = $profile and $at::timestamp >= applies_from and $at::timestamp < applies_until
        and known_until = 'infinity'
    group by code
)

select
    counted.code,
    coalesce(told.sentence, '') as sentence,
    counted.acts
from counted
left join told on counted.code = told.code
order by counted.acts desc, counted.code asc;

-- The newest audit of each form version, an audit of the partner as a whole counting for all of them.
-- name: audits
with forms as (
    select
        form_version,
        last_seen_at is null as is_live
    from dossier_form_versions
    where partner_id = $partner and known_until = 'infinity'
),

audits as (
    select
        form_version,
        audited_on,
        auditor,
        finding
    from dossier_audits
    where partner_id = $partner and known_until = 'infinity'
)

select
    forms.form_version,
    forms.is_live,
    max(audits.audited_on) as audited_on,
    arg_max(audits.auditor, audits.audited_on) as auditor,
    arg_max(audits.finding, audits.audited_on) as finding,
    if(forms.is_live, (max(audits.audited_on) + interval 12 month)::date, null) as due_on
from forms
left join audits on audits.form_version in (forms.form_version, '*')
group by forms.form_version, forms.is_live
order by forms.is_live desc, forms.form_version asc;
