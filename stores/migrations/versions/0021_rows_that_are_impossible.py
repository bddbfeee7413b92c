"""what no row may break: references, closed lists, hashes, flags, counts, and states that have their instant

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from collections.abc import Iterator
from typing import Any

from alembic import op
import sqlalchemy as sa

from terms.errors import UsageError

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

_Rule = tuple[str, str]

AT_ONCE: dict[str, Any] = {}
AT_COMMIT: dict[str, Any] = {'deferrable': True, 'initially': 'DEFERRED'}


def _hashes(*columns: str) -> list[_Rule]:
    """Return the rules of columns that hold a SHA-256 as hex digits."""
    is_hash = "length({0}) = 64 and ltrim({0}, '0123456789abcdef') = ''"
    return [(f'{column}_is_a_hash', is_hash.format(column)) for column in columns]


def _not_below(least: int, *columns: str) -> list[_Rule]:
    return [(f'{column}_not_below', f'{column} >= {least}') for column in columns]


def _filled(*columns: str) -> list[_Rule]:
    return [(f'{column}_filled', f"trim({column}) <> ''") for column in columns]


def _flags(*columns: str) -> list[_Rule]:
    return [(f'{column}_is_flag', f'{column} in (0, 1)') for column in columns]


#: By table: name without the table's, and what holds of each row.
_RULES: dict[str, list[_Rule]] = {
    'access_log': [
        *_not_below(0, 'subjects'),
    ],
    'base_decisions': [
        *_not_below(0, 'contacts_at_least'),
        *_filled('why'),
    ],
    'bureau_reservations': [
        *_not_below(-1, 'age'),
        *_not_below(1, 'round'),
    ],
    'contact_facts': [
        ('kind_known', "kind in ('click', 'reply', 'form', 'access_request', 'access_answer', 'unknown_subscriber')"),
        ('known_once_occurred', "occurred_at <= known_at"),
    ],
    'contact_reservations': [
        *_not_below(1, 'round'),
    ],
    'deliveries': [
        ('kind_known', "kind in ('optins', 'withdrawals')"),
        ('mode_known', "mode in ('full', 'delta')"),
        ('container_known', "container in ('none', 'gzip', 'zip', 'xlsx', 'parquet')"),
        ('encoding_rule_known', "encoding_rule in ('mark', 'dossier', 'rows', 'assumed')"),
        ('outcome_known', "outcome in ('accepted', 'held', 'refused', 'duplicate')"),
        (
            'reason_known',
            "reason in ('FILE_EMPTY', 'DOSSIER_INVALID', 'UNKNOWN_FILE', 'SEAL_NOT_OPENED', 'SEAL_DAMAGED', "
            "'GZIP_TRUNCATED', 'ZIP_MULTIPLE_MEMBERS', 'DUPLICATE_BYTES', 'HTML_NOT_DATA', 'FORMAT_MISMATCH', "
            "'NO_READER', 'KNOWN_BAD_EXPORT', 'WRONG_PARTNER', 'UNKNOWN_HEADER', 'DUPLICATE_CONTENT', "
            "'ROW_COUNT_LOW', 'ROW_COUNT_CHANGE')",
        ),
        ('accepted_was_read', "outcome <> 'accepted' or (reading >= 1 and reason is null)"),
        ('lines_have_a_root', "(line_count is null) = (evidence_root is null)"),
        ('repeats_another', "duplicate_of is null or (outcome = 'duplicate' and duplicate_of <> delivery_id)"),
        ('rows_add_up', "data_rows = accepted_rows + quarantined_rows"),
        *_hashes('sha256', 'content_sha256', 'content_fingerprint', 'evidence_root'),
        *_not_below(0, 'bytes', 'data_rows', 'accepted_rows', 'quarantined_rows', 'reading', 'line_count'),
    ],
    'fetched_files': [
        *_not_below(0, 'remote_bytes'),
    ],
    'form_stops': [
        *_filled('why'),
    ],
    'journal': [
        (
            'kind_known',
            "kind in ('delivery', 'delivery_decision', 'reread_failed', 'snapshot', 'open_data', 'base', "
            "'base_abandoned', 'base_decision', 'opt_out', 'contact_fact', 'acts_file', 'form_stop', 'request', "
            "'request_answer', 'plan', 'lift', 'approval', 'sends', 'look_up', 'sealed_files', 'sealed_messages', "
            "'paper', 'restoration', 'redaction', 'erasure', 'readmission', 'purge', 'key_rotation')",
        ),
        *_hashes('payload_sha256'),
    ],
    'log_checkpoints': [
        *_not_below(1, 'size'),
    ],
    'message_texts': [
        *_hashes('message_sha256'),
        *_flags('gives_origin'),
    ],
    'open_data_attempts': [
        ('outcome_known', "outcome in ('loaded', 'unchanged', 'failed', 'absent')"),
    ],
    'open_data_vintages': [
        *_hashes('sha256'),
        *_not_below(0, 'rows'),
    ],
    'opt_outs': [
        ('kind_known', "kind in ('stop', 'withdrawal', 'objection', 'erasure')"),
        ('channel_known', "channel in ('sms', 'voice')"),
        ('known_once_effective', "effective_at <= known_at"),
    ],
    'plans': [
        ('kind_known', "kind in ('selected', 'invitation')"),
        ('channel_known', "channel in ('sms', 'voice')"),
        ('profile_known', "profile in ('strict', 'market')"),
        ('state_known', "state in ('planned', 'approved', 'stopped', 'released')"),
        ('paused_once_approved', "is_paused = 0 or state <> 'planned'"),
        ('starts_in_its_window', "window_from <= starts_at and starts_at <= ends_at"),
        ('window_has_an_end', "window_from < window_to"),
        *_hashes('order_sha256', 'rule_set_sha256', 'message_sha256'),
        *_not_below(0, 'contacts', 'bureaux', 'unit_price_cents', 'total_cents'),
        *_not_below(1, 'round', 'parts_per_message'),
        *_flags('is_paused'),
    ],
    'redacted_lines': [
        *_not_below(1, 'line_number'),
    ],
    'redactions': [
        *_hashes('sha256'),
        *_not_below(0, 'lines'),
        *_not_below(1, 'number'),
    ],
    'replies': [
        ('meaning_known', "meaning in ('stop', 'yes', 'other')"),
    ],
    'requests': [
        ('kind_known', "kind in ('withdrawal', 'objection', 'erasure', 'access', 'complaint')"),
        ('complaint_is_of_a_campaign', "(kind = 'complaint') = (campaign_id is not null)"),
        ('complaint_is_of_nobody', "kind <> 'complaint' or contact_id is null"),
        ('entered_once_received', "received_at <= entered_at"),
        ('late_after_receipt', "received_at < late_at"),
    ],
    'restorations': [
        ('answer_is_whole', "(cleared_at is null) = (cleared_by is null) and (cleared_at is null) = (why is null)"),
    ],
    'sealed_files': [
        *_hashes('sha256'),
        *_not_below(0, 'bytes'),
        *_not_below(1, 'batch'),
    ],
    'seen_files': [
        *_hashes('sha256'),
        *_not_below(0, 'bytes', 'inode'),
    ],
    'snapshots': [
        *_hashes('sha256'),
        *_not_below(1, 'number'),
    ],
    'suppression_marks': [
        ('returned_by_an_open_one', "returned_at is null or acts_from is not null"),
        *_hashes('mark'),
    ],
    'told_audiences': [
        *_hashes('audience_sha256'),
    ],
    'approvals': [
        *_hashes('approved_sha256'),
        *_filled('approved_by'),
    ],
    'bureau_holdings': [
        ('ages_in_order', "age_from <= age_to"),
        *_not_below(-1, 'age_from'),
        *_not_below(1, 'round'),
    ],
    'delivery_decisions': [
        ('kind_known', "kind in ('release', 'refuse', 'reread')"),
        ('refusal_is_applied', "kind <> 'refuse' or applied_at is not null"),
        *_filled('why'),
    ],
    'log_leaves': [
        *_hashes('salt', 'leaf_hash'),
        *_not_below(0, 'position'),
    ],
    'messages': [
        (
            'state_known',
            "state in ('PLANNED', 'CLAIMED', 'EXCLUDED', 'REJECTED', 'UNKNOWN', 'ACCEPTED', 'DELIVERED', "
            "'UNDELIVERED', 'EXPIRED', 'NO_RECEIPT', 'CANCELLED')",
        ),
        ('claim_is_whole', "(attempt = 0) = (claimed_at is null) and (attempt = 0) = (run_id is null)"),
        ('handed_over_after_a_claim', "handed_over_at is null or claimed_at is not null"),
        ('judgement_is_whole', "(judged_base_version is null) = (judged_rule_set_sha256 is null)"),
        (
            'state_follows_a_claim',
            "claimed_at is not null or state in ('PLANNED', 'CANCELLED', 'DELIVERED', 'UNDELIVERED', 'EXPIRED')",
        ),
        *_not_below(0, 'attempt'),
        *_not_below(1, 'position'),
    ],
    'plan_lifts': [
        *_filled('lifted_by', 'why'),
    ],
    'request_answers': [
        ('entered_once_answered', "answered_at <= entered_at"),
    ],
    'sealed_messages': [
        *_hashes('root'),
        *_not_below(1, 'batch', 'messages'),
    ],
    'transparency_notices': [
        *_hashes('sha256'),
        *_not_below(1, 'version'),
    ],
    'erased_rows': [
        *_not_below(1, 'reading', 'accepted_rows'),
    ],
    'message_events': [
        (
            'state_known',
            "state in ('PLANNED', 'CLAIMED', 'EXCLUDED', 'REJECTED', 'UNKNOWN', 'ACCEPTED', 'DELIVERED', "
            "'UNDELIVERED', 'EXPIRED', 'NO_RECEIPT', 'CANCELLED')",
        ),
        ('source_known', "source in ('sender', 'report', 'reconciliation', 'control')"),
    ],
}

#: Table and column, table and column referred to, when it is looked at.
_REFERENCES = [
    ('deliveries', 'duplicate_of', 'deliveries', 'delivery_id', AT_COMMIT),
    ('agreement_exports', 'fact_id', 'contact_facts', 'fact_id', AT_COMMIT),
    ('approvals', 'plan_id', 'plans', 'plan_id', AT_ONCE),
    ('bureau_holdings', 'plan_id', 'plans', 'plan_id', AT_COMMIT),
    ('delivery_decisions', 'delivery_id', 'deliveries', 'delivery_id', AT_ONCE),
    ('erasures', 'mark', 'suppression_marks', 'mark', AT_ONCE),
    ('log_leaves', 'journal_sequence', 'journal', 'sequence', AT_ONCE),
    ('messages', 'plan_id', 'plans', 'plan_id', AT_ONCE),
    ('plan_lifts', 'plan_id', 'plans', 'plan_id', AT_ONCE),
    ('request_answers', 'request_id', 'requests', 'request_id', AT_COMMIT),
    ('sealed_messages', 'plan_id', 'plans', 'plan_id', AT_ONCE),
    ('transparency_notices', 'plan_id', 'plans', 'plan_id', AT_ONCE),
    ('erased_rows', 'erasure_id', 'erasures', 'erasure_id', AT_ONCE),
    ('message_events', 'send_id', 'messages', 'send_id', AT_COMMIT),
]


def upgrade() -> None:
    """Refuse where rows break what is asked for from now on; else ask for it, table by table."""
    broken = [*_broken_rules(), *_broken_references()]
    if broken:
        raise UsageError(
            'Rows of the operations database break what its new schema asks for; nothing was changed.\n'
            + ''.join(broken),
            'List these rows with the queries above. Correct each by what the journal says of it, or restore a backup'
            ' from before it; then run `filiation init` again.',
        )
    tables = sorted({*_RULES, *(table for table, *_ in _REFERENCES)}, key=_parents_first)
    for table in tables:
        with op.batch_alter_table(table) as batch:
            for name, holds in _RULES.get(table, []):
                batch.create_check_constraint(op.f(f'{table}_{name}'), sa.text(holds))
            for own, column, target, key, when in _REFERENCES:
                if own == table:
                    batch.create_foreign_key(op.f(f'{table}_{column}_exists'), target, [column], [key], **when)


def _broken_rules() -> Iterator[str]:
    """Yield a line for each rule that rows break: how many, which, and the query that lists them."""
    for table, rules in _RULES.items():
        for name, holds in rules:
            listing = f'from {table} where not ({holds})'
            yield from _told(table, f'break {table}_{name}', listing)


def _broken_references() -> Iterator[str]:
    for table, column, target, key, _ in _REFERENCES:
        gone = f'not exists (select 1 from {target} as other where other.{key} = {table}.{column})'
        listing = f'from {table} where {column} is not null and {gone}'
        yield from _told(table, f'have a {column} that is in no row of {target}', listing)


def _told(table: str, what: str, listing: str) -> Iterator[str]:
    rows: int = op.get_bind().execute(sa.text(f'select count(*) {listing}')).scalar_one()
    if rows:
        yield f'{table}: {rows} rows {what}: select * {listing}\n'


def _parents_first(table: str) -> tuple[int, str]:
    """Return a key by which tables that others refer to come before these."""
    targets = {target for own, _, target, _, _ in _REFERENCES if own == table and target != table}
    return (1 + max(_parents_first(target)[0] for target in targets) if targets else 0, table)


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
