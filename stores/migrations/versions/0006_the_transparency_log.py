"""the transparency log

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; lines written before are sealed by the next refresh, in their order."""
    op.create_table('log_leaves',
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('journal_sequence', sa.BigInteger(), nullable=False),
    sa.Column('salt', sa.String(), nullable=True),
    sa.Column('leaf_hash', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('position'),
    sa.UniqueConstraint('journal_sequence')
    )
    op.create_table('log_checkpoints',
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('signed_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('size')
    )
    op.create_table('sealed_files',
    sa.Column('path', sa.String(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('batch', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('path', 'batch')
    )
    op.create_table('sealed_messages',
    sa.Column('plan_id', sa.String(), nullable=False),
    sa.Column('batch', sa.BigInteger(), nullable=False),
    sa.Column('messages', sa.BigInteger(), nullable=False),
    sa.Column('root', sa.String(), nullable=False),
    sa.Column('sealed_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id', 'batch')
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
