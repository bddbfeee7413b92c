"""Settings of one process, read once from the environment into a frozen record.

A new setting is a field here, a line in `load_settings` and a row in docs/settings.md. Secrets come only from here and
are never printed. Opening what a setting points to belongs to `stores`.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from terms.clock import Clock, read_iso
from terms.environment import (
    DEMO_KEYS,
    MOVABLE_CLOCK,
    ONE_ACCOUNT,
    QUIET_SECONDS,
    Environment,
    parse_environment,
)
from terms.errors import SecretMissing, UsageError
from terms.free_text import refuse_number
from terms.limits import ReadingLimits, read_limits

#: Not a secret: it is committed so that demo, test and bench homes need no set-up.
DEMO_KEY = b"filiation demo key - never a secret"

#: Where real numbers live, a key shorter than this is refused: 10⁹ numbers times few keys can be tried by anybody.
MIN_SECRET_LETTERS = 32

#: Followed by the gateway's name in capitals.
_GATEWAY_PASSWORD = "FILIATION_GATEWAY_PASSWORD_"

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class OpenDataFrom(StrEnum):
    """Where the nightly job finds open data: in the folder as it is, or fetched into it first."""

    FOLDER = "folder"
    NETWORK = "network"


@dataclass(frozen=True)
class Settings:
    """What one process was told: where the stores live, which environment, which keys, which clock."""

    home: Path
    environment: Environment
    config: Path
    landing: Path
    partners: Path
    open_data: Path
    open_data_from: OpenDataFrom
    database_url: str
    actor: str
    contact_key: bytes = field(repr=False)
    vault_key: bytes = field(repr=False)
    new_vault_key: bytes | None = field(repr=False)
    quiet_seconds: int
    transport_secrets: Path | None
    gpg_home: Path | None
    gateway_passwords: Mapping[str, str] = field(repr=False)  # by the gateway's name
    starts_at: datetime | None = None
    staff_root: str | None = None  # fingerprint of the founder's key
    ssh_identity: Path | None = None
    limits: ReadingLimits = ReadingLimits()

    def clock(self) -> Clock:
        """Return a new clock that starts where the settings say."""
        return Clock(self.starts_at)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the `FILIATION_…` variables.

    Raises:
        UsageError: a variable is missing or cannot be read; the message names it.
        SecretMissing: staging or production without a key.
    """
    environment = parse_environment(environ.get("FILIATION_ENV"))
    home = environ.get("FILIATION_HOME")
    if not home:
        raise UsageError("FILIATION_HOME is not set.", "Set it to the folder in which all stores live.")
    root = Path(home).expanduser().resolve()
    config = Path(environ.get("FILIATION_CONFIG") or PROJECT_ROOT / "config").resolve()
    return Settings(
        home=root,
        environment=environment,
        config=config,
        landing=Path(environ.get("FILIATION_LANDING") or root.with_name(f"{root.name}-landing")).resolve(),
        partners=Path(environ.get("FILIATION_PARTNERS") or config / "partners").resolve(),
        open_data=Path(environ.get("FILIATION_OPEN_DATA") or root / "open_data").resolve(),
        open_data_from=_open_data_from(environ.get("FILIATION_OPEN_DATA_FROM")),
        database_url=environ.get("FILIATION_DATABASE_URL") or f"sqlite:///{root}/operations.sqlite",
        actor=_actor(environ.get("FILIATION_ACTOR"), environment),
        contact_key=_secret(environ, "FILIATION_CONTACT_KEY", environment),
        vault_key=_secret(environ, "FILIATION_VAULT_KEY", environment),
        new_vault_key=_optional_secret(environ, "FILIATION_NEW_VAULT_KEY", environment),
        quiet_seconds=_quiet_seconds(environ.get("FILIATION_QUIET_SECONDS"), environment),
        gateway_passwords=_gateway_passwords(environ),
        transport_secrets=_optional_folder(environ.get("FILIATION_TRANSPORT_SECRETS")),
        gpg_home=_optional_folder(environ.get("FILIATION_GPG_HOME")),
        starts_at=_starts_at(environ.get("FILIATION_NOW"), environment),
        staff_root=environ.get("FILIATION_STAFF_ROOT") or None,
        ssh_identity=_optional_folder(environ.get("FILIATION_SSH_KEY")),
        limits=read_limits(environ),
    )


def _secret(environ: Mapping[str, str], name: str, environment: Environment) -> bytes:
    value = environ.get(name)
    if value:
        if len(value) < MIN_SECRET_LETTERS and not DEMO_KEYS[environment]:
            raise UsageError(
                f"{name} has {len(value)} characters; {environment} needs at least {MIN_SECRET_LETTERS}.",
                "Make one with `openssl rand -base64 32`, and keep it: numbers can be guessed under a short key.",
            )
        return sha256(value.encode()).digest()
    if not DEMO_KEYS[environment]:
        raise SecretMissing(f"{name} is not set in {environment}.", "Set it; no default key exists there.")
    return sha256(DEMO_KEY + name.encode()).digest()


def _optional_secret(environ: Mapping[str, str], name: str, environment: Environment) -> bytes | None:
    return _secret(environ, name, environment) if environ.get(name) else None


def _open_data_from(value: str | None) -> OpenDataFrom:
    try:
        return OpenDataFrom(value or OpenDataFrom.FOLDER)
    except ValueError:
        raise UsageError(f"FILIATION_OPEN_DATA_FROM is {value!r}.", "Set it to folder or network.") from None


def _optional_folder(value: str | None) -> Path | None:
    return Path(value).expanduser().resolve() if value else None


def _quiet_seconds(value: str | None, environment: Environment) -> int:
    if not value:
        return QUIET_SECONDS[environment]
    if not value.isascii() or not value.isdigit():
        raise UsageError(f"FILIATION_QUIET_SECONDS is {value!r}.", "Give a whole number of seconds.")
    return int(value)


def _gateway_passwords(environ: Mapping[str, str]) -> Mapping[str, str]:
    names = (name for name in environ if name.startswith(_GATEWAY_PASSWORD) and environ[name])
    return MappingProxyType({name.removeprefix(_GATEWAY_PASSWORD).lower(): environ[name] for name in names})


def os_account() -> str:
    """Return the account of the operating system under which this process acts, by its effective user id.

    No variable is asked (`USER`, `LOGNAME`): whoever starts a process can set them.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def _actor(value: str | None, environment: Environment) -> str:
    if value and not ONE_ACCOUNT[environment]:
        raise UsageError(
            f"FILIATION_ACTOR is set in {environment}.",
            "Unset it: the account of the operating system says who acts there.",
        )
    refuse_number(value or "", "FILIATION_ACTOR")
    return value or os_account()


def _starts_at(value: str | None, environment: Environment) -> datetime | None:
    if not value:
        return None
    if not MOVABLE_CLOCK[environment]:
        raise UsageError(f"FILIATION_NOW is set in {environment}.", "Unset it: the clock is real there.")
    try:
        return read_iso(value)
    except ValueError:
        raise UsageError(
            f"FILIATION_NOW is {value!r}.", "Give an ISO 8601 instant with its offset: 2026-11-24T09:30:00+01:00."
        ) from None
