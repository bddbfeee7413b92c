"""ledgers that came from a backup

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        'restorations',
        sa.Column('restored_at', sa.BigInteger(), nullable=False),
        sa.Column('backup_made_at', sa.BigInteger(), nullable=False),
        sa.Column('restored_by', sa.String(), nullable=False),
        sa.Column('cleared_at', sa.BigInteger(), nullable=True),
        sa.Column('cleared_by', sa.String(), nullable=True),
        sa.Column('why', sa.String(), nullable=True),
        sa.PrimaryKeyConstraint('restored_at'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
