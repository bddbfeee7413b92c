"""Fetching a partner's files from its SFTP server into its landing folder, where they are taken in as any other.

Only the host keys of the dossier are believed. A file is copied beside, resumed after a break, and renamed when whole;
nothing is ever written, moved or deleted on the partner's server. What was fetched is in `fetched_files`; secrets come
from a folder that the environment names.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import paramiko
from paramiko.hostkeys import HostKeyEntry
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from consent.dossiers.transport import CompleteWhen, SftpServer, Transport
from partners_ingest.arrival.completeness import SIDECAR_SUFFIXES, is_sidecar
from partners_ingest.arrival.fetched_files import RemoteFile, fetched_versions, record_fetched
from partners_ingest.arrival.file_names import is_plain_name, storable_name
from partners_ingest.arrival.landing import is_finished
from stores.all_stores import Stores
from terms import failpoint
from terms.clock import to_micros
from terms.errors import FiliationError, SecretMissing, UsageError
from terms.identifiers import digest

#: Seconds within which a server answers, or the attempt has failed.
TIMEOUT_SECONDS = 30

_BLOCK_BYTES = 1 << 20
#: Requests on the way at a time: enough for a distant server, no burden for a small one.
_REQUESTS = 32
_ATTEMPTS = 3


class FetchFailed(FiliationError):
    """A partner's server that could not be read: who, why, and what to do; what was fetched before is kept."""


class _Broken(Exception):
    """The connection broke: another attempt can help."""


@dataclass(frozen=True)
class FetchReport:
    """What one fetch did; `bytes` were transferred now, what an earlier break had left was not again."""

    partner_id: str
    fetched: int
    waiting: int
    bytes: int


@dataclass(frozen=True)
class Fetched:
    """What came from each server, and why some gave nothing."""

    reports: tuple[FetchReport, ...]
    problems: tuple[FiliationError, ...]


def fetch_all(stores: Stores, transports: Mapping[str, Transport]) -> Fetched:
    """Fetch from every partner that has a server, each whatever becomes of the others."""
    reports: list[FetchReport] = []
    problems: list[FiliationError] = []
    for partner_id, transport in transports.items():
        if transport.sftp is None:
            continue
        try:
            reports.append(fetch(stores, partner_id, transport))
        except FiliationError as problem:
            problems.append(problem)
    return Fetched(tuple(reports), tuple(problems))


def fetch(
    stores: Stores, partner_id: str, transport: Transport, pause: Callable[[float], None] = time.sleep
) -> FetchReport:
    """Fetch what is new and complete on a partner's server.

    Args:
        stores: where it goes.
        partner_id: whose folder.
        transport: of the partner's dossier, with its `sftp`.
        pause: waits between two looks and between attempts.

    Raises:
        SecretMissing: neither key nor password is there for this partner.
        FetchFailed: the server cannot be reached, shows another host key, does not let us in, or broke off three times.
    """
    server = transport.sftp
    if server is None:
        raise UsageError(f"The dossier of {partner_id} names no server.", "Its files are dropped into its account.")
    secret = _Secret.of(stores.settings.transport_secrets, partner_id)
    attempts = Retrying(
        retry=retry_if_exception_type(_Broken),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(max=TIMEOUT_SECONDS),
        sleep=pause,
        reraise=True,
    )
    try:
        return attempts(_fetch_once, stores, partner_id, transport, server, secret, pause)
    except _Broken:
        raise FetchFailed(
            f"The server of {partner_id} could not be reached or broke off {_ATTEMPTS} times.",
            "What had come is kept and resumed: fetch again later, or ask the partner.",
        ) from None


@dataclass(frozen=True)
class _Secret:
    """How we show who we are: a private key, or else a password."""

    key: Path | None
    password: str | None

    @classmethod
    def of(cls, folder: Path | None, partner_id: str) -> _Secret:
        """Return the secret of a partner from `PARTNER.key` or `PARTNER.password` in a folder."""
        key, password = ((folder / f"{partner_id}.{kind}") if folder else None for kind in ("key", "password"))
        for file in (key, password):
            if file is not None and file.is_file():
                if file.stat().st_mode & 0o077:
                    raise UsageError(f"{file.name} can be read by others.", "Run `chmod 600` on it.")
                return cls(file, None) if file is key else cls(None, file.read_text().rstrip("\r\n"))
        raise SecretMissing(
            f"There is no key and no password for the server of {partner_id}.",
            f"Put {partner_id}.key or {partner_id}.password into the folder of FILIATION_TRANSPORT_SECRETS.",
        )


def _fetch_once(
    stores: Stores,
    partner_id: str,
    transport: Transport,
    server: SftpServer,
    secret: _Secret,
    pause: Callable[[float], None],
) -> FetchReport:
    with _connected(partner_id, server, secret) as sftp:
        listed = _list(sftp, server, transport)
        known = fetched_versions(stores.engine, partner_id)
        new = [item for item in listed if item.storable() not in known]
        ready = _complete(sftp, server, transport, listed, new, lambda: pause(stores.settings.quiet_seconds))
        transferred = [_fetch_file(stores, sftp, server, partner_id, item) for item in ready]
    return FetchReport(partner_id, len(ready), len(new) - len(ready), sum(transferred))


@contextmanager
def _connected(partner_id: str, server: SftpServer, secret: _Secret) -> Iterator[paramiko.SFTPClient]:
    """Give a session with the partner's server; its host key must be one of the dossier's."""
    with paramiko.SSHClient() as client:
        name = server.host if server.port == 22 else f"[{server.host}]:{server.port}"
        for text in server.host_keys:
            entry = HostKeyEntry.from_line(f"{name} {text}")
            if entry is None or entry.key is None:
                raise FetchFailed(f"A host key of {partner_id} cannot be read.", "Correct the dossier.")
            client.get_host_keys().add(name, entry.key.get_name(), entry.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        with _in_words(partner_id):
            _log_in(client, server, secret)
            with _open_session(client) as sftp:
                yield sftp


class _NamedByBytes(paramiko.Message):
    """An answer of the server; a name is bytes, and bytes that are no UTF-8 are surrogates, as Python names files."""

    def get_text(self) -> str:
        return os.fsdecode(self.get_string())


class _Session(paramiko.SFTPClient):
    """A session in which a file whose name is no UTF-8 is a file as any other; the library would refuse the whole folder."""

    def _request(self, kind: int, *words: object) -> tuple[int, paramiko.Message]:
        # the stubs leave out what the library keeps to itself; a test with a real server holds it
        answered, message = super()._request(kind, *words)  # type: ignore[misc]
        return answered, _NamedByBytes(message.get_remainder())


def _open_session(client: paramiko.SSHClient) -> paramiko.SFTPClient:
    transport = client.get_transport()
    session = _Session.from_transport(transport) if transport is not None else None
    if session is None:
        raise _Broken
    return session


def _log_in(client: paramiko.SSHClient, server: SftpServer, secret: _Secret) -> None:
    client.connect(
        server.host,
        server.port,
        server.user,
        password=secret.password,
        key_filename=str(secret.key) if secret.key else None,
        allow_agent=False,
        look_for_keys=False,
        timeout=TIMEOUT_SECONDS,
        banner_timeout=TIMEOUT_SECONDS,
        auth_timeout=TIMEOUT_SECONDS,
    )


@contextmanager
def _in_words(partner_id: str) -> Iterator[None]:
    """Say what the library met; its own text may name files of the partner."""
    try:
        yield
    except paramiko.BadHostKeyException:
        raise FetchFailed(
            f"The server of {partner_id} shows another host key than its dossier pins; nothing was sent to it.",
            "Ask the partner by another way whether its key changed, then correct `host_keys`.",
        ) from None
    except paramiko.AuthenticationException:
        raise FetchFailed(
            f"The server of {partner_id} does not accept our key or password.",
            "Give the partner our public key, or correct the secret.",
        ) from None
    except (FileNotFoundError, PermissionError):
        raise FetchFailed(
            f"The folder of {partner_id}, or a file in it, is not there or may not be read.",
            "Correct `folder`, or ask the partner.",
        ) from None
    except (paramiko.SSHException, EOFError, OSError):
        raise _Broken from None


def _list(sftp: paramiko.SFTPClient, server: SftpServer, transport: Transport) -> list[RemoteFile]:
    """Return the files that are ours to fetch, the oldest first: those of the patterns, and their markers and sidecars.

    What the server calls a name may be a path: such a file is none of the folder, and is left alone.
    """
    found = [
        RemoteFile(item.filename, item.st_size or 0, item.st_mtime or 0)
        for item in sftp.listdir_attr(server.folder)
        if is_plain_name(item.filename) and stat.S_ISREG(item.st_mode or 0) and is_finished(item.filename)
    ]
    wanted = [
        item
        for item in found
        if is_sidecar(item.remote_name, transport)
        or any(fnmatchcase(item.remote_name, pattern) for pattern in server.patterns)
    ]
    return sorted(wanted, key=lambda item: (item.remote_modified_at, item.remote_name))


def _complete(
    sftp: paramiko.SFTPClient,
    server: SftpServer,
    transport: Transport,
    listed: Sequence[RemoteFile],
    new: Sequence[RemoteFile],
    wait: Callable[[], None],
) -> list[RemoteFile]:
    """Return those of the new files that are complete: marked by another file, or the same at a second look."""
    if not new:
        return []
    if transport.complete_when is CompleteWhen.QUIET:
        wait()
        again = set(_list(sftp, server, transport))
        return [item for item in new if item in again]
    names = {item.remote_name for item in listed}
    return [
        item
        for item in new
        if is_sidecar(item.remote_name, transport) or any(name in names for name in _sidecars(item, transport))
    ]


def _sidecars(item: RemoteFile, transport: Transport) -> Iterator[str]:
    """Yield the names that a file's marker or sidecar may have."""
    stem = Path(item.remote_name)
    suffix = transport.marker_suffix or SIDECAR_SUFFIXES[transport.complete_when]
    yield f"{stem.name}{suffix}"
    while transport.complete_when is CompleteWhen.MANIFEST and stem.suffix:
        stem = stem.with_suffix("")
        yield f"{stem.name}{suffix}"


def _fetch_file(
    stores: Stores, sftp: paramiko.SFTPClient, server: SftpServer, partner_id: str, item: RemoteFile
) -> int:
    """Copy one file beside its place, go on where an earlier break left it, and rename it; return the bytes copied."""
    folder = stores.settings.landing / partner_id
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    version = digest(storable_name(item.remote_name), str(item.remote_bytes), str(item.remote_modified_at))[:16]
    partial = folder / f".{version}.partial"
    copied = _copy(sftp, os.fsencode(f"{server.folder.rstrip('/')}/{item.remote_name}"), partial)
    if partial.stat().st_size != item.remote_bytes:
        partial.unlink()
        raise _Broken
    now = stores.clock.now()
    target = folder / item.remote_name
    if target.exists():  # a corrected file of the same name: both stay
        target = folder / f"{now:%Y%m%dT%H%M%S%fZ}" / item.remote_name
        target.parent.mkdir(mode=0o700)
    os.replace(partial, target)
    failpoint.reach("fetch.renamed")
    record_fetched(
        stores.engine, partner_id, item, storable_name(target.relative_to(folder).as_posix()), to_micros(now)
    )
    return copied


def _copy(sftp: paramiko.SFTPClient, remote: bytes, partial: Path) -> int:
    """Append to `partial` what it still lacks, and return how many bytes that were."""
    copied = 0
    with sftp.open(remote, "rb") as source, partial.open("ab") as kept:
        os.fchmod(kept.fileno(), 0o600)
        source.seek(kept.tell())
        source.prefetch(max_concurrent_requests=_REQUESTS)
        while block := source.read(_BLOCK_BYTES):
            kept.write(block)
            kept.flush()
            copied += len(block)
            failpoint.reach("fetch.block_written")
        os.fsync(kept.fileno())
    return copied
