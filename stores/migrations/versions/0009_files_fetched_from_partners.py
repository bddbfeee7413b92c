"""files fetched from partners

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of what was fetched, so that nothing is fetched twice."""
    op.create_table(
        'fetched_files',
        sa.Column('partner_id', sa.String(), nullable=False),
        sa.Column('remote_name', sa.String(), nullable=False),
        sa.Column('remote_bytes', sa.BigInteger(), nullable=False),
        sa.Column('remote_modified_at', sa.BigInteger(), nullable=False),
        sa.Column('file_name', sa.String(), nullable=False),
        sa.Column('fetched_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('partner_id', 'remote_name', 'remote_bytes', 'remote_modified_at'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
