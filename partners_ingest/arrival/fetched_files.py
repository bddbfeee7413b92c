"""What was fetched from partners' servers: so that nothing is fetched twice, and each file has its instant of arrival.

Fetching belongs to `sftp`; what became of a file, to `partners_ingest.intake.delivery_records`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Engine, select

from partners_ingest.arrival.file_names import masked_name, storable_name
from partners_ingest.arrival.landing import Arrival
from stores.operations import database, delivery_tables
from terms.clock import from_micros


@dataclass(frozen=True)
class RemoteFile:
    """One version of a file on a partner's server; `remote_modified_at` in seconds, as the server tells it.

    `remote_name` is as the operating system names files: bytes that are no UTF-8 are surrogates.
    """

    remote_name: str
    remote_bytes: int
    remote_modified_at: int

    def storable(self) -> RemoteFile:
        """Return the version under the name that the operations database keeps, in which no number is in clear."""
        return replace(self, remote_name=masked_name(storable_name(self.remote_name)))


def fetched_versions(engine: Engine, partner_id: str) -> set[RemoteFile]:
    """Return every version that was fetched from a partner's server, `storable`."""
    table = delivery_tables.fetched_files
    columns = [table.c[name] for name in RemoteFile.__dataclass_fields__]
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).where(table.c.partner_id == partner_id))
        return {RemoteFile(**row) for row in rows.mappings()}


def record_fetched(engine: Engine, partner_id: str, remote: RemoteFile, file_name: str, fetched_at: int) -> None:
    """Write that a version now lies in the landing folder under `file_name`.

    Args:
        engine: of the operations database.
        partner_id: whose server.
        remote: the version that was fetched.
        file_name: its name in the landing folder.
        fetched_at: microseconds of UTC.
    """
    row = {
        "partner_id": partner_id,
        **asdict(remote.storable()),
        "file_name": masked_name(file_name),
        "fetched_at": fetched_at,
    }
    with database.transaction(engine) as work:
        database.insert_once(work, delivery_tables.fetched_files, [row])


def with_fetched(engine: Engine, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Give the files that we fetched the instant at which we did, and order all by arrival.

    Such a file is whole: it was copied beside and renamed.
    """
    table = delivery_tables.fetched_files
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.partner_id, table.c.file_name, table.c.fetched_at)).all()
    at = {(row.partner_id, row.file_name): from_micros(row.fetched_at) for row in rows}
    known = [(item, at.get((item.partner_id, masked_name(item.file_name)))) for item in arrivals]
    told = [replace(item, arrived_at=instant, is_logged=True) if instant else item for item, instant in known]
    return sorted(told, key=lambda item: item.arrived_at)
