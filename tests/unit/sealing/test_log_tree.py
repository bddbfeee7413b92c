"""The log's tree, tiles and notes: published vectors, every small tree, and a verifier that shares no code."""

from hashlib import sha256

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealing.log.checkpoint import Checkpoint, LogKey
from sealing.log.tiles import DamagedTile, Tiles
from sealing.log.tree import (
    EMPTY_ROOT,
    consistency_path,
    inclusion_path,
    leaf_hash,
    nodes_of,
    root_by_path,
    root_of,
)
from stores.evidence.merkle import tree_hash
from verifier import filiation_verify as stranger

#: Leaves and roots of the reference tests of Certificate Transparency (RFC 6962 and RFC 9162 hash alike).
CT_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: A note and its key from the tests of C2SP signed notes.
NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo"
    " Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
NOTE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def _leaves(count):
    return [leaf_hash(str(i).encode()) for i in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size):
    leaves = [leaf_hash(data) for data in CT_LEAVES[:size]]
    assert root_of(nodes_of(leaves), size).hex() == CT_ROOTS[size - 1]
    with duckdb.connect() as connection:
        connection.execute("create table leaves as select unnest($p) as position, unnest($l::blob[]) as leaf",
                           {"p": list(range(size)), "l": CT_LEAVES[:size]})  # fmt: skip
        assert tree_hash(connection, "leaves").hex() == CT_ROOTS[size - 1]


def test_the_empty_tree():
    assert root_of(nodes_of([]), 0) == EMPTY_ROOT == sha256(b"").digest()


def test_every_leaf_of_every_small_tree_is_proved_to_a_stranger():
    leaves = _leaves(20)
    for size in range(1, 21):
        nodes = nodes_of(leaves[:size])
        root = root_of(nodes, size)
        for index in range(size):
            path = inclusion_path(nodes, index, size)
            assert root_by_path(leaves[index], index, size, path) == root
            assert stranger.root_from_path(leaves[index], index, size, path) == root


def test_every_small_tree_continues_every_smaller_one_to_a_stranger():
    leaves = _leaves(20)
    roots = [root_of(nodes_of(leaves[:size]), size) for size in range(21)]
    for new in range(1, 21):
        nodes = nodes_of(leaves[:new])
        for old in range(1, new + 1):
            path = consistency_path(nodes, old, new)
            stranger.check_consistency((old, roots[old]), (new, roots[new]), path)
            with pytest.raises(stranger.Unproved):
                stranger.check_consistency((old, roots[old]), (new, leaf_hash(b"other")), path)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300), st.data())
def test_no_changed_path_leads_to_the_root(size, data):
    leaves = _leaves(size)
    nodes = nodes_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(nodes, index, size)
    if path:
        which, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        changed = bytearray(path[which])
        changed[bit // 8] ^= 1 << bit % 8
        wrong = [*path[:which], bytes(changed), *path[which + 1 :]]
        assert stranger.root_from_path(leaves[index], index, size, wrong) != root_of(nodes, size)
    for wrong in (path + [leaves[0]], path[:-1]):
        if wrong != path:
            with pytest.raises(stranger.Unproved):
                stranger.root_from_path(leaves[index], index, size, wrong)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_tiles_grow_to_the_same_nodes_whatever_the_steps(tmp_path_factory, steps):
    tiles = Tiles(tmp_path_factory.mktemp("log"))
    leaves, size = _leaves(sum(steps)), 0
    for step in steps:
        tiles.extend(size, leaves[size : size + step])
        tiles.extend(size, leaves[size : size + step])  # as after a crash before the checkpoint
        size += step
        assert root_of(tiles.node, size) == root_of(nodes_of(leaves[:size]), size)
    assert all(file.exists() for file in tiles.files(size))


def test_a_missing_tile_is_named(tmp_path):
    tiles = Tiles(tmp_path)
    tiles.extend(0, _leaves(300))
    (tmp_path / "tile" / "0" / "000").unlink()
    with pytest.raises(DamagedTile, match="000"):
        tiles.node(0, 3)


def test_tiles_lie_where_the_format_says(tmp_path):
    files = Tiles(tmp_path).files(1_234_067 * 256 + 5)
    assert tmp_path / "tile" / "0" / "x001" / "x234" / "066" in files
    assert tmp_path / "tile" / "0" / "x001" / "x234" / "067.p" / "5" in files


def test_a_published_note_opens_and_a_changed_one_does_not():
    assert stranger.signed_text(NOTE, NOTE_KEY) == "This is an example message.\n"
    with pytest.raises(stranger.Unproved):
        stranger.signed_text(NOTE.replace("an example", "another"), NOTE_KEY)
    with pytest.raises(stranger.Unproved, match="key is damaged"):
        stranger.signed_text(NOTE, NOTE_KEY.replace("530d903a", "530d903b"))


def test_a_stranger_opens_our_checkpoints():
    key, checkpoint = LogKey.of(b"\1" * 32), Checkpoint(7, leaf_hash(b"x"))
    note = key.sign(checkpoint)
    assert key.opened(note) == checkpoint
    assert stranger.open_checkpoint(note, key.verifier_key()) == (7, checkpoint.root)
    other = LogKey.of(b"\2" * 32)
    assert other.opened(note) is None
    with pytest.raises(stranger.Unproved):
        stranger.open_checkpoint(note, other.verifier_key())


def test_no_flipped_bit_of_a_checkpoint_goes_unseen():
    key = LogKey.of(b"\1" * 32)
    note = key.sign(Checkpoint(7, leaf_hash(b"x"))).encode()
    for position in range(len(note)):
        for bit in range(8):
            changed = bytearray(note)
            changed[position] ^= 1 << bit
            opened = key.opened(bytes(changed).decode(errors="replace"))
            # the base64 of a signature ends in bits that say nothing: the chain's check compares the whole note
            assert opened is None or key.sign(opened).encode() == note
