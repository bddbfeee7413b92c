"""what people were shown, and which of their yeses were handed in

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; texts of earlier plans stand in their orders."""
    op.create_table(
        'message_texts',
        sa.Column('message_sha256', sa.String(), nullable=False),
        sa.Column('handed_text', sa.String(), nullable=False),
        sa.Column('shown_text', sa.String(), nullable=False),
        sa.Column('gives_origin', sa.BigInteger(), nullable=False),
        sa.Column('planned_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('message_sha256'),
    )
    op.create_table(
        'agreement_exports',
        sa.Column('fact_id', sa.String(), nullable=False),
        sa.Column('file_name', sa.String(), nullable=False),
        sa.Column('exported_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('fact_id'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
