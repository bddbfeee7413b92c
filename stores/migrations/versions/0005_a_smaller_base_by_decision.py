"""a smaller base by decision

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of what a person decided about a base that shrinks."""
    op.create_table(
        'base_decisions',
        sa.Column('base_version', sa.String(), nullable=False),
        sa.Column('contacts_at_least', sa.BigInteger(), nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=False),
        sa.Column('decided_by', sa.String(), nullable=False),
        sa.Column('why', sa.String(), nullable=False),
        sa.PrimaryKeyConstraint('base_version', 'decided_at'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
