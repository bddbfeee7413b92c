"""from which act on the mark of a purged person lets in; marks that stand stay closed

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: an empty `acts_from` lets nothing in, as every mark did before."""
    op.add_column('suppression_marks', sa.Column('acts_from', sa.BigInteger(), nullable=True))
    op.add_column('suppression_marks', sa.Column('returned_at', sa.BigInteger(), nullable=True))
    op.add_column('erasures', sa.Column('acts_from', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
