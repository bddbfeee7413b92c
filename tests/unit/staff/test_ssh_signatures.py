"""Signatures are OpenSSH's, both ways; a signature that is damaged, of another text, key or purpose is none."""

import base64
import shutil
import subprocess
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from staff.ssh_signatures import (
    KeyUnfit,
    PublicKey,
    SignatureInvalid,
    check_signature,
    public_key_of,
    read_public_key,
    sign_text,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEY = public_key_of(PRIVATE)
TEXT = '{"act":"approve"}'
with_openssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH's client is not installed")


def test_a_signature_is_of_its_text_and_key():
    made = sign_text(PRIVATE, TEXT)
    check_signature(KEY, TEXT, made)
    with pytest.raises(SignatureInvalid, match="not of this text"):
        check_signature(KEY, TEXT + " ", made)
    with pytest.raises(SignatureInvalid, match="another key"):
        check_signature(public_key_of(Ed25519PrivateKey.generate()), TEXT, made)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_signature_is_none(data):
    made = sign_text(PRIVATE, TEXT)
    blob = bytearray(base64.b64decode("".join(made.splitlines()[1:-1])))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    armoured = "\n".join([made.splitlines()[0], base64.b64encode(bytes(blob)).decode(), made.splitlines()[-1]])
    with pytest.raises(SignatureInvalid):
        check_signature(KEY, TEXT, armoured)


@pytest.mark.parametrize("cut", [0, 6, 40, 100])
def test_a_signature_that_is_cut_or_goes_on_is_none(cut):
    made = sign_text(PRIVATE, TEXT).splitlines()
    blob = base64.b64decode("".join(made[1:-1]))
    for spoilt in (blob[:cut], blob + b"\0"):
        with pytest.raises(SignatureInvalid):
            check_signature(KEY, TEXT, "\n".join([made[0], base64.b64encode(spoilt).decode(), made[-1]]))


@with_openssh
def test_openssh_checks_what_we_sign(tmp_path):
    (tmp_path / "allowed").write_text(f"person {KEY.line}\n")
    (tmp_path / "signature").write_text(sign_text(PRIVATE, TEXT))
    command = ["ssh-keygen", "-Y", "verify", "-n", "filiation", "-I", "person"]
    command += ["-f", str(tmp_path / "allowed"), "-s", str(tmp_path / "signature")]
    assert subprocess.run(command, input=TEXT.encode(), capture_output=True, check=False).returncode == 0


@with_openssh
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_we_check_what_openssh_signs_for_us_and_nothing_else(tmp_path, kind):
    file = tmp_path / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(file)], check=True)
    key = read_public_key(file.with_suffix(".pub").read_text())
    made = {}
    for purpose in ("filiation", "git"):
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", purpose, "-f", str(file)]
        made[purpose] = subprocess.run(command, input=TEXT, capture_output=True, text=True, check=True).stdout
    check_signature(key, TEXT, made["filiation"])
    with pytest.raises(SignatureInvalid, match="something else"):
        check_signature(key, TEXT, made["git"])
    with pytest.raises(SignatureInvalid, match="not of this text"):
        check_signature(key, "x", made["filiation"])


def _text(data):
    return len(data).to_bytes(4, "big") + data


def _hardware(flags):
    """Return the key and the signature of a token, as PROTOCOL.u2f of OpenSSH says; this test is the token."""
    kind, application = b"sk-ssh-ed25519@openssh.com", b"ssh:"
    point = PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = PublicKey(_text(kind) + _text(point) + _text(application), kind)
    data = b"SSHSIG" + _text(b"filiation") + _text(b"") + _text(b"sha256") + _text(sha256(TEXT.encode()).digest())
    after = bytes([flags]) + (7).to_bytes(4, "big")
    signed = PRIVATE.sign(sha256(application).digest() + after + sha256(data).digest())
    blob = b"SSHSIG" + (1).to_bytes(4, "big") + _text(key.blob) + _text(b"filiation") + _text(b"") + _text(b"sha256")
    blob += _text(_text(kind) + _text(signed) + after)
    armoured = f"-----BEGIN SSH SIGNATURE-----\n{base64.b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"
    return key, armoured


def test_a_hardware_key_counts_when_it_was_touched():
    key, made = _hardware(flags=1)
    check_signature(read_public_key(key.line), TEXT, made)
    key, untouched = _hardware(flags=0)
    with pytest.raises(SignatureInvalid, match="touched"):
        check_signature(key, TEXT, untouched)


@with_openssh
def test_openssh_reads_the_hardware_signature_alike(tmp_path):
    key, made = _hardware(flags=1)
    (tmp_path / "allowed").write_text(f"person {key.line}\n")
    (tmp_path / "signature").write_text(made)
    command = ["ssh-keygen", "-Y", "verify", "-n", "filiation", "-I", "person"]
    command += ["-f", str(tmp_path / "allowed"), "-s", str(tmp_path / "signature")]
    assert subprocess.run(command, input=TEXT.encode(), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "line",
    ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa AAAAB3NzaC1yc2E=", f"ssh-ed25519 {'A' * 40}", "x " + KEY.line],
)
def test_a_key_that_is_none_is_refused(line):
    with pytest.raises(KeyUnfit):
        read_public_key(line)


def test_a_key_is_known_by_openssh_fingerprint():
    assert KEY.fingerprint == "SHA256:" + base64.b64encode(sha256(KEY.blob).digest()).decode().rstrip("=")
