"""what a plan held and when, kept for good

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and fill it with what is reserved now."""
    op.create_table(
        'bureau_holdings',
        sa.Column('plan_id', sa.String(), nullable=False),
        sa.Column('election', sa.String(), nullable=False),
        sa.Column('round', sa.BigInteger(), nullable=False),
        sa.Column('sponsor_id', sa.String(), nullable=False),
        sa.Column('bureau_code', sa.String(), nullable=False),
        sa.Column('bureau_map', sa.String(), nullable=False),
        sa.Column('age_from', sa.BigInteger(), nullable=False),
        sa.Column('age_to', sa.BigInteger(), nullable=False),
        sa.Column('held_from', sa.BigInteger(), nullable=False),
        sa.Column('held_until', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('plan_id', 'bureau_code'),
    )
    op.create_index('holdings_of_bureau', 'bureau_holdings', ['election', 'round', 'bureau_code'])
    op.execute(
        "insert into bureau_holdings select r.plan_id, r.election, r.round, r.sponsor_id, r.bureau_code,"
        " max(r.bureau_map), min(r.age), max(r.age), max(p.planned_at), max(r.expires_at)"
        " from bureau_reservations as r join plans as p on p.plan_id = r.plan_id"
        " group by r.plan_id, r.election, r.round, r.sponsor_id, r.bureau_code"
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
