"""What an operator writes about a gateway in `config/gateways/NAME.yaml`, typed.

Secrets are not here: they come from the environment. Talking to a gateway belongs to its own module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from urllib.parse import urlsplit

from configuration.documents import read_document
from configuration.field_types import Count, Exactly, Number, Text, Unfit, WholeNumber, YesNo, written
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


@written()
@dataclass(frozen=True)
class BreakerLimits:
    """When a run pauses its plan: shares of the messages tried, from `min_messages` on; complaints as a number."""

    min_messages: Count
    max_error_share: Number
    max_stop_share: Number
    max_complaints: Count


class ListensAs(StrEnum):
    """How the session for DLRs and MOs binds: operators allow one or the other."""

    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


@written()
@dataclass(frozen=True)
class SmppSettings:
    """The account at an operator's SMSC and how many `submit_sm` may wait for their answer."""

    system_id: Annotated[str, Exactly(r"\S{1,15}")]
    window: Count
    listens_as: ListensAs


@written()
@dataclass(frozen=True)
class KannelSettings:
    """The account of `sendsms`, connections used at once, the bearerbox's admin port, and our port for callbacks."""

    username: Annotated[str, Exactly(r"\S+")]
    connections: Count
    admin_port: Count
    callback_port: Count


_SCHEMES: Mapping[GatewayKind, str] = MappingProxyType(
    {GatewayKind.HTTP_SIMULATOR: "http", GatewayKind.SMPP: "smpp", GatewayKind.KANNEL: "http"}
)

#: Where an address names no port.
_PORTS: Mapping[GatewayKind, int] = MappingProxyType(
    {GatewayKind.HTTP_SIMULATOR: 80, GatewayKind.SMPP: 2775, GatewayKind.KANNEL: 13013}
)


def _url_form(kind: GatewayKind) -> str:
    return rf"{_SCHEMES[kind]}://[^\s/:]+(:\d{{1,5}})?/?"


def _of_kind(kind: GatewayKind) -> Mapping[str, object]:
    """Return what the published schema says of a kind: the form of its address, and the account that goes with it."""
    told: dict[str, object] = {"url": {"pattern": f"^{_url_form(kind)}$"}}
    accounts = {account: {"type": "null"} for account in (GatewayKind.SMPP, GatewayKind.KANNEL) if account is not kind}
    own = [kind.value] if kind in (GatewayKind.SMPP, GatewayKind.KANNEL) else []
    told |= accounts | {account: {"type": "object"} for account in own}
    return {"if": {"properties": {"kind": {"const": kind}}}, "then": {"properties": told, "required": own}}


_BETWEEN_KEYS = {
    "allOf": [
        *(_of_kind(kind) for kind in GatewayKind),
        {
            "if": {"properties": {"kind": {"const": GatewayKind.HTTP_SIMULATOR}}},
            "then": {"properties": {"leads_to": {"const": LeadsTo.SIMULATOR}}},
        },
        {
            "if": {"properties": {"leads_to": {"const": LeadsTo.SIMULATOR}}},
            "then": {"properties": {"url": {"pattern": r"^[a-z]+://127\."}}},
        },
    ]
}


@written(keys={"breaker": "circuit_breaker"}, title="Gateway (config/gateways/)", schema=_BETWEEN_KEYS)
@dataclass(frozen=True)
class GatewaySettings:
    """One gateway: where it is, what the operator allows there, and its limits in seconds and messages."""

    name: Annotated[str, Exactly(r"[a-z][a-z0-9_]*")]
    kind: GatewayKind
    url: Text
    leads_to: LeadsTo
    channels: tuple[Channel, ...]
    stop_short_code: Annotated[str, Exactly(r"3[68]\d{3}")]
    stop_short_code_in_service: YesNo
    appends_stop_line: YesNo
    rate_per_second: Count
    timeout_seconds: Count
    quiet_seconds: WholeNumber
    heartbeat_limit_seconds: Count
    receipt_margin_minutes: WholeNumber
    generic_senders: frozenset[Text]
    protected_senders: frozenset[Text]
    sender_authorisations: frozenset[Text]
    breaker: BreakerLimits
    smpp: SmppSettings | None = None
    kannel: KannelSettings | None = None

    def __post_init__(self) -> None:
        """Refuse what its kind does not speak, and a simulator that is not on this machine."""
        for kind, own in ((GatewayKind.SMPP, self.smpp), (GatewayKind.KANNEL, self.kannel)):
            if (self.kind is kind) != (own is not None):
                raise Unfit(f"goes with kind {kind}, and only with it", kind.value)
        form = _url_form(self.kind)
        if re.fullmatch(form, self.url) is None:
            raise Unfit(f"does not have the form {form}", "url")
        if self.leads_to is LeadsTo.SIMULATOR and not self.is_local_simulator:
            raise Unfit("is not on this machine (127.0.0.1): a simulator is local", "url")
        if self.kind is GatewayKind.HTTP_SIMULATOR and self.leads_to is not LeadsTo.SIMULATOR:
            raise Unfit("is not simulator: no operator speaks this protocol", "leads_to")

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


def read_gateway(folder: Path, name: str) -> GatewaySettings:
    """Read one gateway's settings.

    Raises:
        UsageError: there is no file of this name.
        DocumentInvalid: a field is wrong, or a simulator is not on this machine.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml"))) or "none"
        raise UsageError(f"The gateway {name!r} is not known (known: {known}).", "Add it to config/gateways/.")
    document = read_document(path, GatewaySettings)
    if document.record.name != name:
        raise document.invalid(f"is not the name of its file ({name})", "name")
    return document.record


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False  # a name could be resolved to anywhere: only an address says where it is
