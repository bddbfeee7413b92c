"""what a person decided of a delivery

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the kind of the decision (until now every one was a release) and when a refresh acted on it."""
    with op.batch_alter_table('delivery_decisions') as table:
        table.add_column(sa.Column('kind', sa.String(), nullable=False, server_default='release'))
        table.add_column(sa.Column('applied_at', sa.BigInteger(), nullable=True))
    with op.batch_alter_table('delivery_decisions') as table:
        table.alter_column('kind', server_default=None)


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
