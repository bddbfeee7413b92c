"""The JSON Schemas of the files that people write, `docs/schemas/`: made of the records that read them.

`python -m pipelines.published_schemas` writes them again. What a key means belongs to its record; reading to
`configuration.documents`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from configuration.documents import validator_of
from consent.dossiers.dossiers import DossierFile
from sends.gateways.settings import GatewaySettings
from sends.orders.elections import ElectionFile
from sends.orders.order_file import OrderFile
from sends.orders.price import PriceList
from sends.orders.sponsors import Sponsor
from staff.acts import ActsFile
from staff.persons import PersonsFile
from terms.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "schemas"

#: Name of the schema -> the record of the file.
PUBLISHED: Mapping[str, type] = MappingProxyType(
    {
        "acts": ActsFile,
        "dossier": DossierFile,
        "election": ElectionFile,
        "gateway": GatewaySettings,
        "order": OrderFile,
        "persons": PersonsFile,
        "price_list": PriceList,
        "sponsor": Sponsor,
    }
)

#: What pydantic says of Python and not of the file: names of classes, defaults, that a list becomes a set.
_OF_PYTHON = ("title", "default", "uniqueItems")


def schema_path(name: str) -> Path:
    """Return where a schema is published."""
    return FOLDER / f"{name}.schema.json"


def schema_text(record: type) -> str:
    """Return the JSON Schema of a record, as it is published."""
    schema = validator_of(record).json_schema()
    told = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": schema["title"], **_plain(schema)}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: _plain(value) for key, value in schema.items() if key not in _OF_PYTHON or isinstance(value, dict)}
    if isinstance(told.get("description"), str):
        told["description"] = " ".join(told["description"].split())
    if "patternProperties" in told:
        told["additionalProperties"] = False
    return told


if __name__ == "__main__":
    for name, record in PUBLISHED.items():
        schema_path(name).write_text(schema_text(record), encoding="utf-8")
