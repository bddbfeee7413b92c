"""Evidence: what goes in comes out, what was changed is refused, roots follow RFC 9162."""

import io
import os
from hashlib import sha256

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.evidence.line_commitments import COMMITTED_SCHEMA, CommittedLines, GrowingTree
from stores.evidence.lines import SCHEMA, physical_lines
from stores.evidence.merkle import tree_hash
from stores.files.encrypted_file import CHUNK_BYTES, DamagedEvidence, DecryptingReader, EncryptingWriter

KEY = bytes(range(32))


def _seal(path, data: bytes) -> None:
    with path.open("wb") as handle:
        writer = EncryptingWriter(handle, KEY)
        for start in range(0, len(data), 700_001):
            writer.write(data[start : start + 700_001])
        writer.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_goes_in_comes_out(tmp_path, size):
    data = os.urandom(size)
    _seal(tmp_path / "e", data)
    assert DecryptingReader(tmp_path / "e", KEY).read() == data
    if size:
        assert data[:64] not in (tmp_path / "e").read_bytes() or size < 16


def test_it_can_be_read_at_any_offset(tmp_path):
    data = os.urandom(2 * CHUNK_BYTES + 99)
    _seal(tmp_path / "e", data)
    reader = DecryptingReader(tmp_path / "e", KEY)
    for offset in (0, 5, CHUNK_BYTES - 3, CHUNK_BYTES, 2 * CHUNK_BYTES + 98):
        reader.seek(offset)
        assert reader.read(7) == data[offset : offset + 7] or reader.tell() % CHUNK_BYTES == 0


@pytest.mark.parametrize("position", [0, 9, 40, 80, -1])
def test_a_flipped_byte_is_refused(tmp_path, position):
    _seal(tmp_path / "e", b"one line\n" * 50)
    sealed = bytearray((tmp_path / "e").read_bytes())
    sealed[position] ^= 1
    (tmp_path / "e").write_bytes(bytes(sealed))
    with pytest.raises(DamagedEvidence):
        DecryptingReader(tmp_path / "e", KEY).read()


def test_a_cut_file_is_refused(tmp_path):
    _seal(tmp_path / "e", os.urandom(2 * CHUNK_BYTES))
    sealed = (tmp_path / "e").read_bytes()
    (tmp_path / "e").write_bytes(sealed[: -(CHUNK_BYTES + 16)])
    with pytest.raises(DamagedEvidence):
        DecryptingReader(tmp_path / "e", KEY).read()


def test_another_key_does_not_open(tmp_path):
    _seal(tmp_path / "e", b"x")
    with pytest.raises(DamagedEvidence):
        DecryptingReader(tmp_path / "e", bytes(32))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 40))
def test_lines_are_the_bytes_in_order(tmp_path_factory, data, block):
    path = tmp_path_factory.mktemp("lines") / "f"
    path.write_bytes(data)
    with path.open("rb") as stream:
        batches = list(physical_lines(stream, block))
    rows = pa.Table.from_batches(batches, schema=SCHEMA).to_pylist()
    assert b"".join(row["raw"] for row in rows) == data
    assert [row["line_number"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(data[row["byte_offset"] :].startswith(row["raw"]) for row in rows)
    assert all(row["raw"].count(b"\n") == (1 if row["raw"].endswith(b"\n") else 0) for row in rows)
    assert len({row["salt"] for row in rows}) == len(rows)


def _reference(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1 as it is written: split at the largest power of two below n."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + _reference(leaves[:split]) + _reference(leaves[split:])).digest()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=40))
def test_the_tree_is_that_of_the_rfc(leaves):
    with duckdb.connect() as connection:
        connection.execute("create table leaves (position bigint, leaf blob)")
        if leaves:
            connection.executemany("insert into leaves values (?, ?)", list(enumerate(leaves)))
        assert tree_hash(connection, "leaves") == _reference(leaves)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=40), max_size=9), max_size=9))
def test_a_tree_that_grows_is_that_of_the_rfc_too(batches):
    tree = GrowingTree()
    for batch in batches:
        tree.add(batch)
    assert tree.root() == _reference([leaf for batch in batches for leaf in batch])


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 40))
def test_commitments_are_to_salt_and_line(data, block):
    committed = CommittedLines(physical_lines(io.BytesIO(data), block))
    rows = pa.Table.from_batches(committed, schema=COMMITTED_SCHEMA).to_pylist()
    assert [row["commitment"] for row in rows] == [sha256(row["salt"] + row["raw"]).digest() for row in rows]
    assert committed.root == _reference([row["commitment"] for row in rows]).hex()


def test_a_published_vector():
    """The certificate-transparency test tree of eight inputs (RFC 6962 reference implementation)."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    with duckdb.connect() as connection:
        connection.execute("create table leaves (position bigint, leaf blob)")
        connection.executemany(
            "insert into leaves values (?, ?)", [(i, bytes.fromhex(x)) for i, x in enumerate(inputs)]
        )
        root = tree_hash(connection, "leaves").hex()
    assert root == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
