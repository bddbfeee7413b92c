"""what people ask and do: facts of a contact, requests with their clock, answers
"""

from alembic import op
import sqlalchemy as sa

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables."""
    _create_contact_facts()
    _create_requests()
    _create_request_answers()


def _create_contact_facts() -> None:
    op.create_table('contact_facts',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('fact_id', sa.String(), nullable=False),
    sa.Column('contact_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('send_id', sa.String(), nullable=True),
    sa.Column('occurred_at', sa.BigInteger(), nullable=False),
    sa.Column('known_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sequence'),
    sa.UniqueConstraint('fact_id')
    )
    op.create_index('contact_facts_of_contact', 'contact_facts', ['contact_id'])


def _create_requests() -> None:
    op.create_table('requests',
    sa.Column('request_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('contact_id', sa.String(), nullable=True),
    sa.Column('campaign_id', sa.String(), nullable=True),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('late_at', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('relayed_by', sa.String(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('entered_at', sa.BigInteger(), nullable=False),
    sa.Column('entered_by', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('request_id')
    )
    op.create_index('requests_by_clock', 'requests', ['late_at'])
    op.create_index('requests_of_contact', 'requests', ['contact_id'])


def _create_request_answers() -> None:
    op.create_table('request_answers',
    sa.Column('request_id', sa.String(), nullable=False),
    sa.Column('answered_at', sa.BigInteger(), nullable=False),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('entered_at', sa.BigInteger(), nullable=False),
    sa.Column('entered_by', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('request_id')
    )


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
