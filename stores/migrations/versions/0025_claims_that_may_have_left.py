"""claims of a sender that marked no window: each of them may have left, and none may be planned again

From now on a claim without `handed_over_at` never left. Claims that an older sender left behind have none, so they get one.

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Mark every claim as about to leave."""
    op.execute(sa.text("update messages set handed_over_at = claimed_at where state = 'CLAIMED'"))
    op.execute(sa.text("update messages set handed_over_at = null where state = 'PLANNED'"))


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
