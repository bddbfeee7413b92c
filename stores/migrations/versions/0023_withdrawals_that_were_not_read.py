"""a reason of a held delivery: a file of withdrawals of which a part was not read

Rename = add, backfill, remove. Never change a revision that has run anywhere; write the next one.
"""

from alembic import op
import sqlalchemy as sa

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

_REASONS = (
    "reason in ('FILE_EMPTY', 'DOSSIER_INVALID', 'UNKNOWN_FILE', 'SEAL_NOT_OPENED', 'SEAL_DAMAGED', "
    "'GZIP_TRUNCATED', 'ZIP_MULTIPLE_MEMBERS', 'DUPLICATE_BYTES', 'HTML_NOT_DATA', 'FORMAT_MISMATCH', "
    "'NO_READER', 'KNOWN_BAD_EXPORT', 'WRONG_PARTNER', 'UNKNOWN_HEADER', 'DUPLICATE_CONTENT', "
    "'ROW_COUNT_LOW', 'ROW_COUNT_CHANGE', 'WITHDRAWALS_UNREAD')"
)


def upgrade() -> None:
    """Let deliveries have the new reason."""
    with op.batch_alter_table('deliveries') as batch:
        batch.drop_constraint(op.f('deliveries_reason_known'), type_='check')
        batch.create_check_constraint(op.f('deliveries_reason_known'), sa.text(_REASONS))


def downgrade() -> None:
    raise NotImplementedError("A ledger is not downgraded: restore a backup instead.")
