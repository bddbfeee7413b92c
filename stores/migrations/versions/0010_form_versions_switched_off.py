"""form versions that were switched off by command

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        'form_stops',
        sa.Column('partner_id', sa.String(), nullable=False),
        sa.Column('form_version', sa.String(), nullable=False),
        sa.Column('stopped_at', sa.BigInteger(), nullable=False),
        sa.Column('stopped_by', sa.String(), nullable=False),
        sa.Column('why', sa.String(), nullable=False),
        sa.PrimaryKeyConstraint('partner_id', 'form_version'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
