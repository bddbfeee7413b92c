"""Which client talks to which kind of gateway; a new route is a line here.

Settings and clients stand in their own modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sends.gateways.gateway import Gateway
from sends.gateways.http_simulator import HttpSimulator
from sends.gateways.kannel import Kannel
from sends.gateways.settings import GatewayKind, GatewaySettings
from sends.gateways.smpp import SmppGateway
from terms.errors import SecretMissing

_CLIENTS: Mapping[GatewayKind, Callable[[GatewaySettings, str], Gateway]] = MappingProxyType(
    {GatewayKind.HTTP_SIMULATOR: HttpSimulator, GatewayKind.SMPP: SmppGateway, GatewayKind.KANNEL: Kannel}
)

#: What a local simulator is told: it lets everybody in.
_NO_SECRET = "simulator"


def open_gateway(settings: GatewaySettings, passwords: Mapping[str, str] = MappingProxyType({})) -> Gateway:
    """Return the client of a gateway; no connection is made before the first message.

    Args:
        settings: of the gateway.
        passwords: by the gateway's name (`Settings.gateway_passwords`); a local simulator needs none.

    Raises:
        SecretMissing: an operator's gateway has no password.
    """
    password = passwords.get(settings.name)
    if password is None and not settings.is_local_simulator:
        name = f"FILIATION_GATEWAY_PASSWORD_{settings.name.upper()}"
        raise SecretMissing(f"{name} is not set.", "Set it to the password of the operator's account.")
    return _CLIENTS[settings.kind](settings, password or _NO_SECRET)
