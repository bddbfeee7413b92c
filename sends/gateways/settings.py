"""What an operator writes about a gateway in `config/gateways/NAME.yaml`, typed.

Secrets are not here: they come from the environment. Talking to a gateway belongs to its own module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from configuration.fields import Section, read_document
from terms.errors import UsageError
from terms.reasons import Channel


class GatewayKind(StrEnum):
    """Which route: one client module each."""

    HTTP_SIMULATOR = "http_simulator"
    SMPP = "smpp"
    KANNEL = "kannel"


class LeadsTo(StrEnum):
    """Where a message ends that is handed over: the operator's word, which no address proves."""

    SIMULATOR = "simulator"  # on this machine: invented numbers only
    PHONES = "phones"


@dataclass(frozen=True)
class BreakerLimits:
    """When a run pauses its plan: shares of the messages tried, from `min_messages` on; complaints as a number."""

    min_messages: int
    max_error_share: float
    max_stop_share: float
    max_complaints: int


class ListensAs(StrEnum):
    """How the session for DLRs and MOs binds: operators allow one or the other."""

    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


@dataclass(frozen=True)
class SmppSettings:
    """The account at an operator's SMSC and how many `submit_sm` may wait for their answer."""

    system_id: str
    window: int
    listens_as: ListensAs


@dataclass(frozen=True)
class KannelSettings:
    """The account of `sendsms`, connections used at once, the bearerbox's admin port, and our port for callbacks."""

    username: str
    connections: int
    admin_port: int
    callback_port: int


@dataclass(frozen=True)
class GatewaySettings:
    """One gateway: where it is, what the operator allows there, and its limits in seconds and messages."""

    name: str
    kind: GatewayKind
    url: str
    leads_to: LeadsTo
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
    breaker: BreakerLimits
    smpp: SmppSettings | None = None
    kannel: KannelSettings | None = None

    @property
    def is_local_simulator(self) -> bool:
        """Return whether nothing that is handed over can leave this machine."""
        return self.leads_to is LeadsTo.SIMULATOR and _is_loopback(self.host)

    @property
    def host(self) -> str:
        """Return the host of its address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Return the port of its address."""
        return urlsplit(self.url).port or _PORTS[self.kind]


_SCHEMES: Mapping[GatewayKind, str] = MappingProxyType(
    {GatewayKind.HTTP_SIMULATOR: "http", GatewayKind.SMPP: "smpp", GatewayKind.KANNEL: "http"}
)

#: Where an address names no port.
_PORTS: Mapping[GatewayKind, int] = MappingProxyType(
    {GatewayKind.HTTP_SIMULATOR: 80, GatewayKind.SMPP: 2775, GatewayKind.KANNEL: 13013}
)


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
    settings = _read(top)
    top.finish()
    if settings.name != name:
        raise top.invalid("name", f"is not the name of its file ({name})")
    if settings.leads_to is LeadsTo.SIMULATOR and not settings.is_local_simulator:
        raise top.invalid("url", "is not on this machine (127.0.0.1): a simulator is local")
    if settings.kind is GatewayKind.HTTP_SIMULATOR and settings.leads_to is not LeadsTo.SIMULATOR:
        raise top.invalid("leads_to", "is not simulator: no operator speaks this protocol")
    return settings


def _read(top: Section) -> GatewaySettings:
    kind = top.choice("kind", GatewayKind)
    return GatewaySettings(
        name=top.text("name", r"[a-z][a-z0-9_]*"),
        kind=kind,
        url=top.text("url", rf"{_SCHEMES[kind]}://[^\s/:]+(:\d{{1,5}})?/?"),
        leads_to=top.choice("leads_to", LeadsTo),
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
        breaker=_read_breaker(top.section("circuit_breaker")),
        smpp=_read_smpp(top.section("smpp")) if kind is GatewayKind.SMPP else None,
        kannel=_read_kannel(top.section("kannel")) if kind is GatewayKind.KANNEL else None,
    )


def _read_breaker(section: Section) -> BreakerLimits:
    limits = BreakerLimits(
        min_messages=section.integer("min_messages", 1),
        max_error_share=section.number("max_error_share"),
        max_stop_share=section.number("max_stop_share"),
        max_complaints=section.integer("max_complaints", 1),
    )
    section.finish()
    return limits


def _read_kannel(section: Section) -> KannelSettings:
    settings = KannelSettings(
        username=section.text("username", r"\S+"),
        connections=section.integer("connections", 1),
        admin_port=section.integer("admin_port", 1),
        callback_port=section.integer("callback_port", 1),
    )
    section.finish()
    return settings


def _read_smpp(section: Section) -> SmppSettings:
    settings = SmppSettings(
        system_id=section.text("system_id", r"\S{1,15}"),
        window=section.integer("window", 1),
        listens_as=section.choice("listens_as", ListensAs),
    )
    section.finish()
    return settings


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False  # a name could be resolved to anywhere: only an address says where it is
