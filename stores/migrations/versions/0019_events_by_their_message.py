"""an index of message events by their message: without it each trace, seal and erasure read all events

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index('message_events_of_send', 'message_events', ['send_id'])


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
