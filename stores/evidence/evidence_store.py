"""Evidence: each delivered file byte for byte, encrypted, with salted commitments to its lines.

`land` is the only way in. `open` is the only way out; `lineage.lookups.evidence_reading` builds its verified reading on
it. After an erasure, `partners_ingest.erased.redaction` replaces the bytes by `rewrite` and `replace`. Unpacking,
encodings and records belong to `partners_ingest`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import duckdb

from stores.engine import connect_for_few
from stores.evidence.merkle import tree_hash
from stores.files.encrypted_file import CHUNK_BYTES, DecryptingReader, EncryptingWriter
from stores.files.growing_file import GrowingFile
from stores.files.parquet import read_sql, write_table
from stores.home import Home
from stores.keys import FileKeys
from stores.schemas.vault_tables import LINE_COMMITMENTS, SALTS
from stores.vault import Vault
from terms.identifiers import DeliveryId

if TYPE_CHECKING:  # a look-up begins sooner without it
    import pyarrow as pa


@dataclass(frozen=True)
class Landed:
    """A file that is now evidence: its delivery, and sha256 and size of the delivered bytes."""

    delivery_id: DeliveryId
    sha256: str
    bytes: int


@dataclass(frozen=True)
class LineCommitments:
    """What the journal keeps about a delivery's lines: their number and the Merkle root (hex)."""

    lines: int
    root: str


class PlainWriter:
    """Takes plain bytes like a file that is written forward, hashes them and passes them on to be encrypted."""

    def __init__(self, target: EncryptingWriter) -> None:
        self._target = target
        self.digest = sha256()

    def write(self, data: bytes) -> int:
        """Add bytes and return how many."""
        self.digest.update(data)
        self._target.write(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written goes to disk whole."""

    def close(self) -> None:
        """Write what is pending; the file underneath stays open."""
        self._target.close()


class GrowingCommitments:
    """The commitments to the lines of a delivery, and their salts, written while the lines are read."""

    def __init__(self, salts: GrowingFile, commitments: GrowingFile) -> None:
        self._salts, self._commitments = salts, commitments

    @property
    def is_begun(self) -> bool:
        """Whether any lines were appended."""
        return self._commitments.is_begun

    def append(self, lines: pa.Table) -> None:
        """Add lines (columns of `stores.evidence.line_commitments.COMMITTED_SCHEMA`) after those before."""
        self._salts.append(lines.select(SALTS.names()).to_reader())
        self._commitments.append(lines.select(LINE_COMMITMENTS.names()).to_reader())

    def finish(self, root: str) -> LineCommitments:
        """Let both files appear; `root` is the Merkle root (hex) over all lines that were appended."""
        self._salts.finish()
        return LineCommitments(self._commitments.finish(), root)

    def abandon(self) -> None:
        """Forget what was appended; after `finish` nothing is left to forget."""
        self._salts.abandon()
        self._commitments.abandon()


class EvidenceStore:
    """Folders `evidence/<delivery_id>/` with `delivered.enc` and `line_commitments.parquet`; append only but for `rewrite`.

    Args:
        home: whose folder of evidence.
        keys: open and close the files.
        gpg_home: GnuPG's home with our private key; None = sealed files stay sealed.
    """

    def __init__(self, home: Home, keys: FileKeys, gpg_home: Path | None = None) -> None:
        self._root = home.evidence
        self._key = keys.evidence
        self.gpg_home = gpg_home  # GnuPG's folder with the key that opens what partners sealed

    def land(self, source: Path, name: Callable[[str], DeliveryId]) -> Landed:
        """Copy and hash `source` before anything reads it.

        A crash leaves a `.partial` file that the next landing replaces; landing twice gives the same evidence.

        Args:
            source: the partner's file; never changed.
            name: gives the delivery id for the sha256 (hex) of the bytes.
        """
        partial = self._root / "landing.partial"
        digest, size = sha256(), 0
        with source.open("rb") as plain, partial.open("wb") as sealed:
            writer = EncryptingWriter(sealed, self._key)
            while block := plain.read(CHUNK_BYTES):
                digest.update(block)
                size += len(block)
                writer.write(block)
            writer.close()
            sealed.flush()
            os.fsync(sealed.fileno())
        delivery = name(digest.hexdigest())
        folder = self._root / delivery
        folder.mkdir(mode=0o700, exist_ok=True)
        os.replace(partial, folder / "delivered.enc")
        return Landed(delivery, digest.hexdigest(), size)

    def keep_name(self, delivery_id: str, name: str) -> None:
        """Keep the name that a file was delivered under, encrypted: the ledger has it masked only."""
        with self._name_file(delivery_id).open("wb") as sealed:
            writer = EncryptingWriter(sealed, self._key)
            writer.write(name.encode())
            writer.close()

    def delivered_name(self, delivery_id: str) -> str | None:
        """Return the name that a file was delivered under where the ledger has it masked, else None."""
        file = self._name_file(delivery_id)
        if not file.exists():
            return None
        with io.BufferedReader(DecryptingReader(file, self._key)) as reader:
            return reader.read().decode()

    def forget_name(self, delivery_id: str) -> None:
        """Remove the name that a file was delivered under; from then on only the masked one is known."""
        self._name_file(delivery_id).unlink(missing_ok=True)

    def _name_file(self, delivery_id: str) -> Path:
        return self._root / delivery_id / "name.enc"

    def delivered_file(self, delivery_id: str) -> Path:
        """Return the path of the delivered bytes of a delivery, encrypted."""
        return self._root / delivery_id / "delivered.enc"

    def rewrite(self, delivery_id: str, write: Callable[[PlainWriter], None]) -> str:
        """Let `write` produce the bytes that are to replace the delivered ones, in a file beside them.

        `replace` puts them in place; after a crash between the two, the next rewriting replaces the `.partial` file.

        Returns:
            The sha256 (hex) of the new bytes.
        """
        with self._rewritten(delivery_id).open("wb") as sealed:
            writer = PlainWriter(EncryptingWriter(sealed, self._key))
            write(writer)
            writer.close()
            sealed.flush()
            os.fsync(sealed.fileno())
        return writer.digest.hexdigest()

    def replace(self, delivery_id: str) -> None:
        """Put what `rewrite` made in place of the delivered bytes."""
        os.replace(self._rewritten(delivery_id), self.delivered_file(delivery_id))

    def deliveries(self) -> list[str]:
        """Return the ids of all deliveries that have evidence here, sorted."""
        return sorted(folder.name for folder in self._root.iterdir() if (folder / "delivered.enc").exists())

    def _rewritten(self, delivery_id: str) -> Path:
        return self._root / delivery_id / "delivered.enc.partial"

    def open(self, delivery_id: str) -> BinaryIO:
        """Return the delivered bytes as a seekable stream."""
        reader = DecryptingReader(self.delivered_file(delivery_id), self._key)
        return cast(BinaryIO, io.BufferedReader(reader, CHUNK_BYTES))

    def commit_lines(
        self, connection: duckdb.DuckDBPyConnection, delivery_id: str, lines: str, root: str, vault: Vault
    ) -> LineCommitments:
        """Keep the salted commitment to every physical line.

        Args:
            connection: unlocked for the vault.
            delivery_id: whose lines they are.
            lines: name of a relation with the columns of `stores.evidence.line_commitments.COMMITTED_SCHEMA`.
            root: the Merkle root (hex) over their commitments.
            vault: keeps the salts; without its salt a commitment says nothing about its line.

        Returns:
            The number of lines, and the root.
        """
        vault.write(connection, SALTS, delivery_id, f"select line_number, salt from {lines} order by line_number")
        count = write_table(
            connection,
            LINE_COMMITMENTS,
            self.commitments_file(delivery_id),
            f"select line_number, byte_offset, byte_length, commitment from {lines} order by line_number",
        )
        return LineCommitments(count, root)

    def grow_commitments(self, delivery_id: str, vault: Vault) -> GrowingCommitments:
        """Return the files of `commit_lines` to be written batch by batch, for lines that need more than one batch."""
        target = self.commitments_file(delivery_id)
        return GrowingCommitments(
            vault.grow(SALTS, delivery_id, {}),
            GrowingFile(
                LINE_COMMITMENTS,
                connect_for_few,
                lambda connection, select: write_table(connection, LINE_COMMITMENTS, target, select),
                {},
            ),
        )

    def has_committed(self, connection: duckdb.DuckDBPyConnection, delivery_id: str, lines: str) -> bool:
        """Return whether the kept commitments are about exactly these lines: same numbers, offsets and lengths.

        Args:
            connection: where the relation is.
            delivery_id: whose commitments.
            lines: name of a relation with `line_number`, `byte_offset` and `byte_length`.
        """
        kept = read_sql(LINE_COMMITMENTS, [self.commitments_file(delivery_id)])
        place = "line_number, byte_offset, byte_length"
        row = connection.execute(
            f"select (select count(*) from {lines}) = (select count(*) from ({kept})) and not exists"
            f" (select {place} from {lines} except select {place} from ({kept}))"
        ).fetchone()
        return bool(row and row[0])

    def recompute_root(self, connection: duckdb.DuckDBPyConnection, delivery_id: str) -> str:
        """Return the Merkle root (hex) over the kept commitments of a delivery."""
        relation = read_sql(LINE_COMMITMENTS, [self.commitments_file(delivery_id)])
        leaves = f"(select line_number - 1 as position, commitment as leaf from ({relation}))"
        return tree_hash(connection, leaves).hex()

    def forget_commitments(self, delivery_id: str) -> None:
        """Remove the commitments to the lines of a delivery that nothing refers to."""
        file = self.commitments_file(delivery_id)
        for made in (file, file.with_name(f"{file.name}.partial")):
            made.unlink(missing_ok=True)

    def commitments_file(self, delivery_id: str) -> Path:
        """Return the file of line commitments of a delivery."""
        return self._root / delivery_id / "line_commitments.parquet"
