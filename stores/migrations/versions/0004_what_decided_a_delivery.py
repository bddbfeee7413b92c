"""what decided a delivery: encoding, the delivery it repeats, warnings

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of deliveries judged before, encoding and the repeated delivery were not written down."""
    with op.batch_alter_table('deliveries') as table:
        for name in ('encoding', 'encoding_rule', 'duplicate_of'):
            table.add_column(sa.Column(name, sa.String(), nullable=True))
        table.add_column(sa.Column('warnings_json', sa.String(), nullable=False, server_default='[]'))
    with op.batch_alter_table('deliveries') as table:
        table.alter_column('warnings_json', server_default=None)


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
