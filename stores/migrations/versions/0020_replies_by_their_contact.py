"""an index of replies by who wrote: a trace, an access answer and an erasure ask for those of some contacts

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index('replies_of_contact', 'replies', ['contact_id'])


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
