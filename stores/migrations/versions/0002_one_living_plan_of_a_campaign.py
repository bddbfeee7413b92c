"""one living plan of a campaign; the opt-outs of a contact by an index
"""

from alembic import op
import sqlalchemy as sa

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make "one living plan" a key, and let the sender look one contact's opt-outs up."""
    living = sa.text("state IN ('planned', 'approved')")
    op.create_index(
        'living_plan_of_campaign', 'plans', ['campaign_id'], unique=True, sqlite_where=living, postgresql_where=living
    )
    op.create_index('opt_outs_of_contact', 'opt_outs', ['contact_id'])


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
