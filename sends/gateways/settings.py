"""What an operator writes about a gateway in `config/gateways/NAME.yaml`, typed.

Secrets are not here: they come from the environment. Talking to a gateway belongs to its own module.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sends.fields import read_document
from terms.errors import UsageError
from terms.reasons import Channel


class GatewayKind(StrEnum):
    """Which route: one client module each."""

    HTTP_SIMULATOR = "http_simulator"


@dataclass(frozen=True)
class GatewaySettings:
    """One gateway: where it is, what the operator allows there, and its limits in seconds and messages."""

    name: str
    kind: GatewayKind
    url: str
    channels: tuple[Channel, ...]
    stop_short_code: str
    stop_short_code_in_service: bool
    appends_stop_line: bool
    rate_per_second: int
    timeout_seconds: int
    quiet_seconds: int
    heartbeat_limit_seconds: int
    receipt_margin_minutes: int
    generic_senders: frozenset[str]
    protected_senders: frozenset[str]
    sender_authorisations: frozenset[str]

    @property
    def is_local_simulator(self) -> bool:
        """Return whether nothing that is handed over can leave this machine."""
        return self.kind is GatewayKind.HTTP_SIMULATOR and _is_loopback(urlsplit(self.url).hostname)


def read_gateway(folder: Path, name: str) -> GatewaySettings:
    """Read one gateway's settings.

    Raises:
        UsageError: there is no file of this name.
        FileInvalid: a field is wrong, or a simulator is not on this machine.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml"))) or "none"
        raise UsageError(f"The gateway {name!r} is not known (known: {known}).", "Add it to config/gateways/.")
    top = read_document(path).top
    settings = GatewaySettings(
        name=top.text("name"),
        kind=top.choice("kind", GatewayKind),
        url=top.text("url", r"http://\S+"),
        channels=tuple(Channel(item) for item in top.texts("channels", "sms|voice")),
        stop_short_code=top.text("stop_short_code", r"3[68]\d{3}"),
        stop_short_code_in_service=top.boolean("stop_short_code_in_service"),
        appends_stop_line=top.boolean("appends_stop_line"),
        rate_per_second=top.integer("rate_per_second", 1),
        timeout_seconds=top.integer("timeout_seconds", 1),
        quiet_seconds=top.integer("quiet_seconds"),
        heartbeat_limit_seconds=top.integer("heartbeat_limit_seconds", 1),
        receipt_margin_minutes=top.integer("receipt_margin_minutes"),
        generic_senders=frozenset(top.texts("generic_senders")),
        protected_senders=frozenset(top.texts("protected_senders")),
        sender_authorisations=frozenset(top.texts("sender_authorisations")),
    )
    top.finish()
    if settings.name != name:
        raise top.invalid("name", f"is not the name of its file ({name})")
    if settings.kind is GatewayKind.HTTP_SIMULATOR and not settings.is_local_simulator:
        raise top.invalid("url", "is not on this machine (127.0.0.1): a simulator is local")
    return settings


def _is_loopback(host: str | None) -> bool:
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False  # a name could be resolved to anywhere: only an address says where it is
