"""How the ids that several rooms share are made: deliveries, messages, hashes of several parts.

`contact_id` needs a key and is made by `stores.keys.Keys.contact_id`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NewType

DeliveryId = NewType("DeliveryId", str)
PlanId = NewType("PlanId", str)
SendId = NewType("SendId", str)
ContactId = NewType("ContactId", str)

#: Notice of a row whose mapped text or id is blank: the hash of no text. No dossier knows it, and nobody is told of it as of one.
NO_TEXT_NOTICE_ID = "e3b0c44298fc1c14"


def delivery_id(partner_id: str, file_name: str, file_sha256: str) -> DeliveryId:
    """Return the id of one received file (16 hex digits): the same after a crash, another one for another file name.

    Args:
        partner_id: who delivered.
        file_name: as delivered.
        file_sha256: (hex) of the delivered bytes.
    """
    return DeliveryId(digest(partner_id, file_name, file_sha256)[:16])


def send_id(plan_id: str, contact_id: str) -> SendId:
    """Return the id that a message got when ids were computed (32 hex digits); new ones are drawn by chance."""
    return SendId(digest(plan_id, contact_id)[:32])


def digest(*parts: str) -> str:
    """Return the hex sha256 of the parts; a unit separator keeps ("ab", "c") and ("a", "bc") apart."""
    return sha256("\x1f".join(parts).encode()).hexdigest()
