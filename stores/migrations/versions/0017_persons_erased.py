"""persons erased: marks, erasures, what went from evidence and readings, files written again on purpose

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        'suppression_marks',
        sa.Column('mark', sa.String(), nullable=False),
        sa.Column('marked_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('mark'),
    )
    op.create_table(
        'erasures',
        sa.Column('erasure_id', sa.String(), nullable=False),
        sa.Column('mark', sa.String(), nullable=False),
        sa.Column('case_id', sa.String(), nullable=False),
        sa.Column('started_at', sa.BigInteger(), nullable=False),
        sa.Column('started_by', sa.String(), nullable=False),
        sa.Column('found_json', sa.String(), nullable=False),
        sa.Column('finished_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('erasure_id'),
    )
    op.create_index('erasures_of_mark', 'erasures', ['mark'])
    op.create_table(
        'erased_rows',
        sa.Column('erasure_id', sa.String(), nullable=False),
        sa.Column('delivery_id', sa.String(), nullable=False),
        sa.Column('reading', sa.BigInteger(), nullable=False),
        sa.Column('accepted_rows', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('erasure_id', 'delivery_id', 'reading'),
    )
    op.create_table(
        'redacted_lines',
        sa.Column('delivery_id', sa.String(), nullable=False),
        sa.Column('line_number', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('delivery_id', 'line_number'),
    )
    op.create_table(
        'redactions',
        sa.Column('delivery_id', sa.String(), nullable=False),
        sa.Column('number', sa.BigInteger(), nullable=False),
        sa.Column('lines', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(), nullable=False),
        sa.Column('redacted_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('delivery_id', 'number'),
    )
    op.create_table(
        'file_rewrites',
        sa.Column('path', sa.String(), nullable=False),
        sa.Column('announced_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('path'),
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
