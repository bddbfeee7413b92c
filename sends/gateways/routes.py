"""Which client talks to which kind of gateway; a new route is a line here.

Settings and clients stand in their own modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sends.gateways.gateway import Gateway
from sends.gateways.http_simulator import HttpSimulator
from sends.gateways.settings import GatewayKind, GatewaySettings

_CLIENTS: Mapping[GatewayKind, Callable[[GatewaySettings], Gateway]] = MappingProxyType(
    {GatewayKind.HTTP_SIMULATOR: HttpSimulator}
)


def open_gateway(settings: GatewaySettings) -> Gateway:
    """Return the client of a gateway; no connection is made before the first message."""
    return _CLIENTS[settings.kind](settings)
