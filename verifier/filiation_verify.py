"""filiation-verify: check a passport file, and the papers it names, against a checkpoint of the log.

This file stands alone: Python's standard library and one signature library (`cryptography`). It opens no store, no
network, and shares no code with the rest of Filiation, so that it can be read in a quarter of an hour and given away.
The form of the files is told in README.md.

    filiation-verify PASSPORT --key VERIFIER_KEY_FILE [--checkpoint FILE] [--paper FILE]

Exit code 0: everything holds. 1: something does not; each line says what. 2: a file cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "filiation-passport/1"


class Unproved(Exception):
    """A claim of the passport that does not hold."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf, RFC 9162 section 2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, RFC 9162 section 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Root that an inclusion path leads to, RFC 9162 section 2.1.3.2.

    Args:
        leaf: hash of the leaf, 32 bytes.
        index: of the leaf, counted from 0.
        size: leaves of the tree.
        path: hashes from the leaf's sibling up to the root, 32 bytes each.

    Raises:
        Unproved: the path does not fit a tree of this size.
    """
    if not 0 <= index < size:
        raise Unproved("the position lies outside the tree")
    position, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Unproved("the path is too long")
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise Unproved("the path is too short")
    return found


def check_consistency(old: tuple[int, bytes], new: tuple[int, bytes], path: list[bytes]) -> None:
    """Check that the log of one checkpoint continues the log of an earlier one, RFC 9162 section 2.1.4.2.

    Args:
        old: size and root of the earlier checkpoint.
        new: size and root of the later checkpoint.
        path: the consistency path, 32 bytes each.

    Raises:
        Unproved: the later log does not begin with the earlier one.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size == new_size:
        if old_root != new_root or path:
            raise Unproved("two checkpoints of one size differ")
        return
    is_power_of_two = old_size & (old_size - 1) == 0
    if not 0 < old_size < new_size or not (path or is_power_of_two):
        raise Unproved("the consistency path does not fit")
    nodes = [old_root, *path] if is_power_of_two else path
    if _roots_from_path(nodes, old_size, new_size) != (old_root, new_root):
        raise Unproved("the log was not only added to between the two checkpoints")


def _roots_from_path(nodes: list[bytes], old_size: int, new_size: int) -> tuple[bytes, bytes] | None:
    """Old and new root that a consistency path leads to; None if it is too short."""
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise Unproved("the consistency path is too long")
        if position & 1 or position == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, node)
        position, last = position >> 1, last >> 1
    return (old, new) if last == 0 else None


def signed_text(note: str, verifier_key: str) -> str:
    """Text of a C2SP signed note that this key signed; both the key and the note are refused if damaged."""
    name, key_id, encoded = verifier_key.strip().split("+", 2)
    key = base64.b64decode(encoded)
    if key[:1] != b"\x01" or sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_id:
        raise Unproved("the verifier key is damaged")
    text, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        mark, signer, signature = (*line.split(" "), "", "", "")[:3]
        if mark == "\u2014" and signer == name and _is_signed(text + "\n", key, signature):
            return text + "\n"
    raise Unproved("the checkpoint is not signed by this key, or was changed")


def open_checkpoint(note: str, verifier_key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint (C2SP tlog-checkpoint) that this key signed."""
    origin, size, root = signed_text(note, verifier_key).split("\n")[:3]
    if origin != verifier_key.split("+")[0]:
        raise Unproved("the checkpoint is of another log")
    return int(size), base64.b64decode(root)


def _is_signed(text: str, key: bytes, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def entry_root(proof: dict[str, Any]) -> bytes:
    """Root that a proof of the passport leads to, from the text that it shows."""
    if proof["text"] is None:  # the person was erased: the salt is destroyed, the leaf stands
        leaf = bytes.fromhex(proof["leaf"])
    else:
        content = base64.b64decode(proof["text"]) if proof["what"] == "line" else proof["text"].encode()
        leaf = leaf_hash(sha256(bytes.fromhex(proof["salt"]) + content).digest())
    if leaf.hex() != proof["leaf"]:
        raise Unproved("its text is not what was sealed")
    return root_from_path(leaf, proof["index"], proof["size"], [bytes.fromhex(node) for node in proof["path"]])


def canonical_text(value: dict[str, Any]) -> str:
    """The one form in which a passport is written, so that no byte of the file can change unseen."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_passport(data: bytes) -> dict[str, Any]:
    """The passport of a file, if it is whole; the digest finds accidents, the proofs find forgeries."""
    passport = json.loads(data)
    rest = {name: value for name, value in passport.items() if name != "digest"}
    if sha256(canonical_text(rest).encode()).hexdigest() != passport.get("digest"):
        raise Unproved("the passport is damaged: its digest does not fit")
    if canonical_text(passport).encode() != data:
        raise Unproved("the passport is damaged: it is not in the form in which it was written")
    return dict(passport)


def check_passport(passport: dict[str, Any], checkpoint: tuple[int, bytes]) -> list[str]:
    """Check every entry, message and line of a passport; return what was proved, a sentence each.

    Raises:
        Unproved: with the place of the first thing that does not hold.
    """
    if passport.get("format") != FORMAT:
        raise Unproved(f"this is not a {FORMAT} file")
    size, root = checkpoint
    proved = []
    for number, proof in enumerate(passport["entries"], 1):
        where = f"entry {number} ({proof['what']})"
        _expect(where, proof["size"] == size and entry_root(proof) == root, "it is not in the log of the checkpoint")
        kind = json.loads(proof["text"])["kind"] if proof["text"] is not None else proof["what"]
        _expect(where, kind == proof["what"], f"it is about something else ({kind})")
        proved.append(f"{where} is leaf {proof['index']} of the log")
    for number, message in enumerate(passport.get("messages", []), 1):
        where = f"message {number}"
        payload = _sealed(passport, message["batch_entry"], where)
        proof = message["proof"]
        _expect(where, proof["size"] == payload["messages"], "its batch has another size")
        _expect(where, entry_root(proof).hex() == payload["root"], "it is not in its batch")
        proved.append(f"{where} is in the sealed batch of entry {message['batch_entry'] + 1}")
    for number, line in enumerate(passport.get("lines", []), 1):
        where = f"delivered line {number}"
        payload = _sealed(passport, line["delivery_entry"], where)
        proof = line["proof"]
        _expect(where, proof["size"] == payload["line_count"], "its delivery has another number of lines")
        _expect(where, entry_root(proof).hex() == payload["evidence_root"], "it is not in its delivery")
        proved.append(f"{where} was delivered in the file of entry {line['delivery_entry'] + 1}")
    return proved


def check_paper(passport: dict[str, Any], paper: bytes) -> str:
    """Check that a paper is, byte for byte, the one that an entry of the passport names."""
    found = sha256(paper).hexdigest()
    for number, proof in enumerate(passport["entries"], 1):
        if proof["what"] == "paper" and json.loads(proof["text"] or "{}").get("payload", {}).get("sha256") == found:
            return f"the paper is the one of entry {number}, unchanged"
    raise Unproved("the paper is none of those that the passport names, or it was changed")


def _sealed(passport: dict[str, Any], entry: int, where: str) -> dict[str, Any]:
    try:
        return dict(json.loads(passport["entries"][entry]["text"])["payload"])
    except (IndexError, TypeError, KeyError, ValueError):
        raise Unproved(f"{where}: the entry that it rests on is missing") from None


def _expect(where: str, holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unproved(f"{where}: {otherwise}")


def main(arguments: list[str] | None = None) -> int:
    """Check the files that the command line names and say what holds."""
    parser = argparse.ArgumentParser(prog="filiation-verify", description="Check a passport against a checkpoint.")
    parser.add_argument("passport", type=Path, help="a .passport.json file")
    parser.add_argument("--key", type=Path, required=True, help="file with the verifier key of the log")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you have from elsewhere; default: its own")
    parser.add_argument("--paper", type=Path, help="the paper that came with the passport")
    asked = parser.parse_args(arguments)
    try:
        data = asked.passport.read_bytes()
        key, paper = asked.key.read_text().strip(), asked.paper.read_bytes() if asked.paper else None
        older = asked.checkpoint.read_text(encoding="utf-8") if asked.checkpoint else None
    except (OSError, ValueError) as error:
        print(f"filiation-verify: a file cannot be read ({type(error).__name__})", file=sys.stderr)
        return 2
    try:
        proved = _check_all(read_passport(data), key, older, paper)
    except Unproved as failure:
        print(f"DOES NOT HOLD: {failure}")
        return 1
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        print("DOES NOT HOLD: the passport is damaged")
        return 1
    print("\n".join([*proved, "HOLDS"]))
    return 0


def _check_all(passport: dict[str, Any], key: str, older: str | None, paper: bytes | None) -> list[str]:
    own = open_checkpoint(passport["checkpoint"], key)
    proved = [f"the checkpoint of {own[0]} entries is signed by {key.split('+')[0]}"]
    if older is not None:
        other = open_checkpoint(older, key)
        path = [bytes.fromhex(node) for node in passport.get("consistency", {}).get(str(other[0]), [])]
        earlier, later = sorted([other, own])
        check_consistency(earlier, later, path)
        proved.append(f"it continues your checkpoint of {other[0]} entries")
    proved += check_passport(passport, own)
    if paper is not None:
        proved.append(check_paper(passport, paper))
    return proved


if __name__ == "__main__":
    sys.exit(main())
