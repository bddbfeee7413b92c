"""Connections of clients that hand messages over by HTTP: no retries, no proxy, and what a failure proves.

Addresses, fields and answers belong to each client.
"""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError


def open_session() -> requests.Session:
    """Return a session that never repeats a request and heeds no proxy of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(max_retries=0))
    return session


def was_refused(error: requests.ConnectionError) -> bool:
    """Return whether no connection was made at all: the one failure that proves that nothing left."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
