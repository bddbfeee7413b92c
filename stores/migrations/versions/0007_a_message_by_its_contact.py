"""the messages of a contact by an index: a report or a reply names a phone
"""

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the listener look up what was sent to one contact."""
    op.create_index('messages_of_contact', 'messages', ['contact_id'])


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
