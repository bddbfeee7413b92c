"""How a partner's files reach us: when one is complete, and from which server they are fetched, read and checked.

A new key of `transport` is a field here, a line in its reader and a line in docs/schemas/dossier.schema.json. No secret
is in a dossier: keys and passwords come from the environment. Fetching and looking belong to `partners_ingest`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from configuration.marked_yaml import Marked


class CompleteWhen(StrEnum):
    """What shows that a file of a drop account is complete; FTP and SFTP have no end-of-file mark (feeds.md 5.1)."""

    QUIET = "quiet"  # it has not changed for a while
    MARKER = "marker"  # a file of its name and the marker's suffix lies beside it
    SHA256 = "sha256"  # NAME.sha256, as sha256sum writes it, fits it
    MANIFEST = "manifest"  # NAME.manifest.json names its bytes and sha256, and they fit


@dataclass(frozen=True)
class SftpServer:
    """A partner's SFTP server. Only what fits one of `patterns` (globs) is fetched; `host_keys` are pinned."""

    host: str
    port: int
    user: str
    folder: str
    patterns: tuple[str, ...]
    host_keys: tuple[str, ...]


@dataclass(frozen=True)
class Transport:
    """The way of a partner's files; `marker_suffix` is given where a marker tells, `sftp` where we fetch."""

    complete_when: CompleteWhen
    marker_suffix: str | None
    sftp: SftpServer | None


#: A partner whose dossier says nothing drops its files into its account, and they count when they have come to rest.
DROPPED = Transport(CompleteWhen.QUIET, None, None)

_HOST_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}")


def read_transport(item: Marked | None) -> Transport:
    """Return the dossier's `transport`, or `DROPPED` where there is none.

    Raises:
        MarkedValueError: names file, line and key of what is wrong.
    """
    if item is None or item.is_null():
        return DROPPED
    keys = item.keys(frozenset({"complete_when", "marker_suffix", "sftp"}))
    when = CompleteWhen(keys["complete_when"].one_of(*CompleteWhen))
    suffix, sftp = keys["marker_suffix"].optional_text(), keys["sftp"]
    if (when is CompleteWhen.MARKER) != bool(suffix):
        raise keys["marker_suffix"].fail("a marker has a suffix such as '.done'; without a marker it is null")
    return Transport(when, suffix, None if sftp.is_null() else _read_sftp(sftp))


def _read_sftp(item: Marked) -> SftpServer:
    keys = item.keys(frozenset({"host", "port", "user", "folder", "patterns", "host_keys"}))
    port = keys["port"].integer()
    if not 1 <= port <= 65_535:
        raise keys["port"].fail("a port is a number from 1 to 65535")
    host_keys = tuple(_read_host_key(key) for key in keys["host_keys"].items())
    if not host_keys:
        raise keys["host_keys"].fail("the server's own keys are pinned: at least one is needed")
    return SftpServer(
        host=keys["host"].text(),
        port=port,
        user=keys["user"].text(),
        folder=keys["folder"].text(),
        patterns=keys["patterns"].texts(),
        host_keys=host_keys,
    )


def _read_host_key(item: Marked) -> str:
    text = item.text()
    if not _HOST_KEY.fullmatch(text):
        raise item.fail("a host key is written as ssh-keyscan prints it, without the host: 'ssh-ed25519 AAAA…'")
    return text
