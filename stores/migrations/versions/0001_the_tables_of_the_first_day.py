"""the tables of the first day

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, each by a function of its own."""
    _create_access_log()
    _create_approvals()
    _create_bureau_reservations()
    _create_contact_reservations()
    _create_deliveries()
    _create_delivery_decisions()
    _create_gateway_heartbeats()
    _create_journal()
    _create_message_events()
    _create_messages()
    _create_open_data_attempts()
    _create_open_data_vintages()
    _create_opt_outs()
    _create_plan_lifts()
    _create_plans()
    _create_replies()
    _create_snapshots()


def _create_access_log() -> None:
    op.create_table('access_log',
    sa.Column('access_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('command', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('case_id', sa.String(), nullable=True),
    sa.Column('subjects', sa.BigInteger(), nullable=False),
    sa.Column('subjects_json', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('access_id')
    )


def _create_approvals() -> None:
    op.create_table('approvals',
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('approved_by', sa.String(), nullable=False),
    sa.Column('approved_at', sa.BigInteger(), nullable=False),
    sa.Column('approved_sha256', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id')
    )


def _create_bureau_reservations() -> None:
    op.create_table('bureau_reservations',
    sa.Column('election', sa.String(), nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('bureau_code', sa.String(), nullable=False),
    sa.Column('age', sa.BigInteger(), nullable=False),
    sa.Column('bureau_map', sa.String(), nullable=False),
    sa.Column('sponsor_id', sa.String(), nullable=False),
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('election', 'round', 'bureau_code', 'age')
    )


def _create_contact_reservations() -> None:
    op.create_table('contact_reservations',
    sa.Column('election', sa.String(), nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.String(), nullable=False),
    sa.Column('sponsor_id', sa.String(), nullable=False),
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('election', 'round', 'contact_id')
    )


def _create_deliveries() -> None:
    op.create_table('deliveries',
    sa.Column('delivery_id', sa.String(), nullable=False),
    sa.Column('partner_id', sa.String(), nullable=False),
    sa.Column('feed_id', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=True),
    sa.Column('mode', sa.String(), nullable=True),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('container', sa.String(), nullable=True),
    sa.Column('content_sha256', sa.String(), nullable=True),
    sa.Column('content_fingerprint', sa.String(), nullable=True),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('data_rows', sa.BigInteger(), nullable=True),
    sa.Column('accepted_rows', sa.BigInteger(), nullable=True),
    sa.Column('quarantined_rows', sa.BigInteger(), nullable=True),
    sa.Column('reading', sa.BigInteger(), nullable=False),
    sa.Column('judged_with', sa.String(), nullable=True),
    sa.Column('line_count', sa.BigInteger(), nullable=True),
    sa.Column('evidence_root', sa.String(), nullable=True),
    sa.Column('exported_at', sa.BigInteger(), nullable=True),
    sa.Column('arrived_at', sa.BigInteger(), nullable=False),
    sa.Column('taken_in_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('delivery_id')
    )


def _create_delivery_decisions() -> None:
    op.create_table('delivery_decisions',
    sa.Column('delivery_id', sa.String(), nullable=False),
    sa.Column('decided_at', sa.BigInteger(), nullable=False),
    sa.Column('decided_by', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('delivery_id', 'decided_at')
    )


def _create_gateway_heartbeats() -> None:
    op.create_table('gateway_heartbeats',
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('gateway')
    )


def _create_journal() -> None:
    op.create_table('journal',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('payload_json', sa.String(), nullable=False),
    sa.Column('payload_sha256', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('sequence')
    )


def _create_message_events() -> None:
    op.create_table('message_events',
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('send_id', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('known_at', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('detail', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('event_id')
    )


def _create_messages() -> None:
    op.create_table('messages',
    sa.Column('send_id', sa.String(), nullable=False),
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('contact_id', sa.String(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('bureau_code', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('state_at', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.BigInteger(), nullable=False),
    sa.Column('run_id', sa.String(), nullable=True),
    sa.Column('planned_base_version', sa.String(), nullable=False),
    sa.Column('judged_base_version', sa.String(), nullable=True),
    sa.Column('judged_rule_set_sha256', sa.String(), nullable=True),
    sa.Column('codes_json', sa.String(), nullable=False),
    sa.Column('claimed_at', sa.BigInteger(), nullable=True),
    sa.Column('handed_over_at', sa.BigInteger(), nullable=True),
    sa.Column('gateway_message_id', sa.String(), nullable=True),
    sa.Column('message_sha256', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('send_id'),
    sa.UniqueConstraint('plan_id', 'contact_id'),
    sa.UniqueConstraint('plan_id', 'position')
    )


def _create_open_data_attempts() -> None:
    op.create_table('open_data_attempts',
    sa.Column('attempt_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('source_id', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('message', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('attempt_id')
    )


def _create_open_data_vintages() -> None:
    op.create_table('open_data_vintages',
    sa.Column('source_id', sa.String(), nullable=False),
    sa.Column('vintage', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('loaded_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('source_id', 'vintage', 'sha256')
    )


def _create_opt_outs() -> None:
    op.create_table('opt_outs',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('opt_out_id', sa.String(), nullable=False),
    sa.Column('contact_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('sponsor_id', sa.String(), nullable=True),
    sa.Column('effective_at', sa.BigInteger(), nullable=False),
    sa.Column('known_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sequence'),
    sa.UniqueConstraint('opt_out_id')
    )


def _create_plan_lifts() -> None:
    op.create_table('plan_lifts',
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('lifted_by', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('lifted_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id', 'code')
    )


def _create_plans() -> None:
    op.create_table('plans',
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('campaign_id', sa.String(), nullable=False),
    sa.Column('order_json', sa.String(), nullable=False),
    sa.Column('order_sha256', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('election', sa.String(), nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('sponsor_id', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('profile', sa.String(), nullable=False),
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('base_version', sa.String(), nullable=False),
    sa.Column('rule_set_sha256', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('findings_json', sa.String(), nullable=False),
    sa.Column('excluded_json', sa.String(), nullable=False),
    sa.Column('excluded_by_code_json', sa.String(), nullable=False),
    sa.Column('contacts', sa.BigInteger(), nullable=False),
    sa.Column('bureaux', sa.BigInteger(), nullable=False),
    sa.Column('message_sha256', sa.String(), nullable=False),
    sa.Column('parts_per_message', sa.BigInteger(), nullable=False),
    sa.Column('unit_price_cents', sa.BigInteger(), nullable=False),
    sa.Column('total_cents', sa.BigInteger(), nullable=False),
    sa.Column('price_list', sa.String(), nullable=False),
    sa.Column('window_from', sa.BigInteger(), nullable=False),
    sa.Column('window_to', sa.BigInteger(), nullable=False),
    sa.Column('starts_at', sa.BigInteger(), nullable=False),
    sa.Column('ends_at', sa.BigInteger(), nullable=False),
    sa.Column('planned_by', sa.String(), nullable=False),
    sa.Column('planned_at', sa.BigInteger(), nullable=False),
    sa.Column('is_paused', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id')
    )


def _create_replies() -> None:
    op.create_table('replies',
    sa.Column('reply_id', sa.String(), nullable=False),
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('contact_id', sa.String(), nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('known_at', sa.BigInteger(), nullable=False),
    sa.Column('meaning', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('reply_id')
    )


def _create_snapshots() -> None:
    op.create_table('snapshots',
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('taken_at', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'number')
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
