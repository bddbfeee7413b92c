"""what persons signed, and their register: one table, and a kind of journal line

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

_ACTS = (
    "'approve', 'reduce', 'lift', 'release', 'allow_loss', 'form_stop', 'erase', 'readmit', 'purge', 'standing_purge', "
    "'restored', 'staff', 'sign_staff', 'sign_rules', 'sign_retention', 'sign_prices', 'sign_dossiers', 'break_glass'"
)

#: Kinds of journal lines, the new one last.
_KINDS = (
    "'delivery', 'delivery_decision', 'reread_failed', 'snapshot', 'open_data', 'base', "
    "'base_abandoned', 'base_decision', 'opt_out', 'contact_fact', 'acts_file', 'form_stop', 'request', "
    "'request_answer', 'plan', 'lift', 'approval', 'sends', 'look_up', 'sealed_files', 'sealed_messages', "
    "'paper', 'restoration', 'redaction', 'erasure', 'readmission', 'purge', 'key_rotation', 'signature'"
)


def upgrade() -> None:
    """Make the table of signatures, and let the journal have lines about them."""
    op.create_table('signatures',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('record_json', sa.String(), nullable=False),
    sa.Column('record_sha256', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('key_fingerprint', sa.String(), nullable=False),
    sa.Column('signed_at', sa.BigInteger(), nullable=False),
    sa.Column('signature', sa.String(), nullable=False),
    sa.CheckConstraint(f"act in ({_ACTS})", name=op.f('signatures_act_known')),
    sa.CheckConstraint(
        "length(record_sha256) = 64 and ltrim(record_sha256, '0123456789abcdef') = ''",
        name=op.f('signatures_record_sha256_is_a_hash'),
    ),
    sa.CheckConstraint("trim(person_id) <> ''", name=op.f('signatures_person_id_filled')),
    sa.CheckConstraint("trim(key_fingerprint) <> ''", name=op.f('signatures_key_fingerprint_filled')),
    sa.CheckConstraint("trim(signature) <> ''", name=op.f('signatures_signature_filled')),
    sa.PrimaryKeyConstraint('number'),
    )
    op.create_index('signatures_of_subject', 'signatures', ['act', 'subject'])
    with op.batch_alter_table('journal') as batch:
        batch.drop_constraint(op.f('journal_kind_known'), type_='check')
        batch.create_check_constraint(op.f('journal_kind_known'), sa.text(f'kind in ({_KINDS})'))


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
