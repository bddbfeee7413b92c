-- How `outlook.suppliers` reads the published base: one statement per table of its answer. Each takes the instant $at
-- (naive UTC): what was the case then, by what was known then.

-- One row per partner: the facts of its dossier, null where it has none.
-- name: partners
with partners as (
    select partner_id from dossier_partners
    where known_from <= $at and known_until > $at
    union
    select partner_id from acts
    where received_at <= $at
)

select
    partners.partner_id,
    facts.legal_name,
    facts.sensitivity,
    facts.collected_directly,
    facts.contract_ends_on,
    coalesce(facts.contract_ends_at <= $at, false) as is_contract_over
from partners
left join dossier_partners as facts
    on partners.partner_id = facts.partner_id and facts.known_from <= $at and facts.known_until > $at
order by partners.partner_id;

-- One row per partner with acts: all, those with complete proof, those held for an audit or after the contract.
-- name: acts
with flawed as (
    select
        delivery_id,
        line_number,
        bool_or(starts_with(code, 'PROOF_')) as lacks_proof,
        bool_or(code = 'AUDIT_OVERDUE') as is_audit_overdue,
        bool_or(code = 'CONTRACT_ENDED') as is_after_contract
    from findings
    where
        code in ('PROOF_INCOMPLETE', 'PROOF_INCONSISTENT', 'PROOF_SUSPECT', 'AUDIT_OVERDUE', 'CONTRACT_ENDED')
        and applies_from <= $at and applies_until > $at
        and known_from <= $at and known_until > $at
    group by delivery_id, line_number
)

select
    acts.partner_id,
    count(*) as acts,
    count(*) filter (where not coalesce(flawed.lacks_proof, false)) as complete_proofs,
    count(*) filter (where flawed.is_audit_overdue) as held_for_audit,
    count(*) filter (where flawed.is_after_contract) as held_for_contract
from acts
left join flawed on acts.delivery_id = flawed.delivery_id and acts.line_number = flawed.line_number
where acts.received_at <= $at
group by acts.partner_id;

-- One row per partner and element that the proof bundle of some act lacks (rules.md 4.1), and one with a null
-- element for the acts that lack none: by what the base knows of dossiers.
-- name: bundles
with lacking as (
    select
        partner_id,
        list_concat(evidence_missing, bundle_missing) as missing
    from opt_ins
    where flag = 'given' and received_at <= $at
),

named as (
    select
        partner_id,
        unnest(case when len(missing) = 0 then [null] else missing end) as element
    from lacking
)

select
    partner_id,
    element,
    count(*) as acts
from named
group by partner_id, element
order by partner_id asc, acts desc, element asc;

-- One row per form version that had been seen: its state in the audit calendar, as AUDIT_OVERDUE reads it.
-- name: forms
with forms as (
    select *
    from dossier_form_versions
    where known_from <= $at and known_until > $at and first_seen_at <= $at
),

last_audits as (
    select
        forms.partner_id,
        forms.form_version,
        max(audits.audited_on) as audited_on,
        max(audits.due_at) as due_at
    from forms
    inner join dossier_audits as audits
        on forms.partner_id = audits.partner_id and audits.form_version in ('*', forms.form_version)
    where audits.known_from <= $at and audits.known_until > $at and audits.audited_at <= $at
    group by forms.partner_id, forms.form_version
),

acts as (
    select
        partner_id,
        form_version,
        count(*) as acts
    from opt_ins
    where flag = 'given' and received_at <= $at
    group by partner_id, form_version
),

states as (
    select
        forms.partner_id,
        forms.form_version,
        case
            when forms.stopped_at <= $at then 'stopped'
            when last_audits.audited_on is null then 'never audited'
            when forms.seen_until <= $at then 'retired'
            when last_audits.due_at <= $at then 'overdue'
            else 'audited'
        end as state,
        last_audits.audited_on,
        timezone('Europe/Paris', timezone('UTC', last_audits.due_at))::date as due_on,
        coalesce(acts.acts, 0) as acts
    from forms
    left join last_audits
        on forms.partner_id = last_audits.partner_id and forms.form_version = last_audits.form_version
    left join acts on forms.partner_id = acts.partner_id and forms.form_version = acts.form_version
)

select
    partner_id,
    form_version,
    state,
    audited_on,
    case when state in ('audited', 'overdue') then due_on end as due_on,
    acts
from states
order by partner_id, form_version;

-- One row per audit that found something.
-- name: audit_findings
select
    partner_id,
    audited_on,
    form_version,
    auditor,
    finding
from dossier_audits
where finding <> 'compliant' and known_from <= $at and known_until > $at and audited_at <= $at
order by partner_id, audited_on, form_version;

-- One row per partner with notices whose text contradicts what is declared of them.
-- name: contradictions
select
    partner_id,
    count(distinct notice_id) as notices
from dossier_notice_contradictions
where known_from <= $at and known_until > $at
group by partner_id;
