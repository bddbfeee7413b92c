"""which audiences a sponsor was told numbers about

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; earlier plans are not in it: their audiences were told before anybody compared."""
    op.create_table(
        'told_audiences',
        sa.Column('sponsor_id', sa.String(), nullable=False),
        sa.Column('audience_sha256', sa.String(), nullable=False),
        sa.Column('audience_json', sa.String(), nullable=False),
        sa.Column('told_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('sponsor_id', 'audience_sha256'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
