"""How a partner's files reach us: when one is complete, and from which server they are fetched, read and checked.

A new key of `transport` is a field here. No secret is in a dossier: keys and passwords come from the environment. Fetching and looking belong to `partners_ingest`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from configuration.field_types import AnyText, Exactly, Means, NotEmpty, Text, Unfit, written


class CompleteWhen(StrEnum):
    """What shows that a file of a drop account is complete; FTP and SFTP have no end-of-file mark (feeds.md 5.1)."""

    QUIET = "quiet"  # it has not changed for a while
    MARKER = "marker"  # a file of its name and the marker's suffix lies beside it
    SHA256 = "sha256"  # NAME.sha256, as sha256sum writes it, fits it
    MANIFEST = "manifest"  # NAME.manifest.json names its bytes and sha256, and they fit


_HOST_KEY = r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}"
HostKeys = Annotated[
    tuple[Annotated[str, Exactly(_HOST_KEY)], ...],
    NotEmpty("is empty: the server's own keys are pinned, at least one is needed"),
    Means("as ssh-keyscan prints them, without the host"),
]


@written()
@dataclass(frozen=True)
class SftpServer:
    """A partner's SFTP server. Only what fits one of `patterns` (globs) is fetched; `host_keys` are pinned."""

    host: Text
    port: Annotated[int, Exactly(least=1, most=65_535)]
    user: Text
    folder: AnyText
    patterns: tuple[Text, ...]
    host_keys: HostKeys


_COMPLETE_WHEN = (
    "quiet: not changed for FILIATION_QUIET_SECONDS; marker: NAME + marker_suffix lies beside it; sha256: NAME.sha256 as"
    " sha256sum writes it; manifest: NAME.manifest.json with files[] of name, bytes, sha256."
)
_BETWEEN_KEYS = {
    "if": {"properties": {"complete_when": {"const": CompleteWhen.MARKER}}},
    "then": {"properties": {"marker_suffix": {"type": "string"}}},
    "else": {"properties": {"marker_suffix": {"type": "null"}}},
}


@written(schema=_BETWEEN_KEYS)
@dataclass(frozen=True)
class Transport:
    """The way of a partner's files; `marker_suffix` is given where a marker tells, `sftp` where we fetch."""

    complete_when: Annotated[CompleteWhen, Means(_COMPLETE_WHEN)]
    marker_suffix: Annotated[Text | None, Means("null but with a marker")]
    sftp: Annotated[
        SftpServer | None, Means("the server from which we fetch; FILIATION_TRANSPORT_SECRETS has its secret")
    ]

    def __post_init__(self) -> None:
        """Refuse a marker without a suffix, and a suffix without a marker."""
        if (self.complete_when is CompleteWhen.MARKER) != bool(self.marker_suffix):
            raise Unfit("goes with a marker: '.done' or the like with it, null without it", "marker_suffix")


#: A partner whose dossier says nothing drops its files into its account, and they count when they have come to rest.
DROPPED = Transport(CompleteWhen.QUIET, None, None)
