"""labels and notices of political advertising

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the notice of an earlier plan is made when it is first asked for."""
    op.create_table(
        'transparency_notices',
        sa.Column('plan_id', sa.String(), nullable=False),
        sa.Column('version', sa.BigInteger(), nullable=False),
        sa.Column('notice_json', sa.String(), nullable=False),
        sa.Column('notice_text', sa.String(), nullable=False),
        sa.Column('sha256', sa.String(), nullable=False),
        sa.Column('made_at', sa.BigInteger(), nullable=False),
        sa.Column('kept_until', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('plan_id', 'version'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
