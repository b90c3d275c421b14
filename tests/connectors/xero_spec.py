"""Holds what we send against Xero's own description of its interface (specs/xero.json, see LICENSE-xero beside it)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft7Validator  # type: ignore[import-untyped] # has no types

SPEC: dict[str, Any] = json.loads((Path(__file__).parent / "specs" / "xero.json").read_text())
BELOW = "/api.xro/2.0"


def _strict(schema: Any) -> Any:
    """The same, and nothing may be sent that it does not name."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _strict(one) for name, one in schema.items()}
    return {**made, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else made


_SCHEMAS = {"components": {"schemas": {name: _strict(one) for name, one in SPEC["components"]["schemas"].items()}}}


def complaints(asked: dict[str, Any]) -> list[str]:
    """What is wrong with one request of the ledger; [] if it is as Xero describes it."""
    if not asked["path"].startswith(BELOW):
        return []
    place = asked["path"].removeprefix(BELOW)
    template = next((one for one in sorted(SPEC["paths"]) if re.fullmatch(re.sub(r"{\w+}", "[^/]+", one), place)), "")
    operation = SPEC["paths"].get(template, {}).get(asked["method"].lower())
    if operation is None:
        return [f"there is no {asked['method']} {place}"]
    unknown = {name for name, _ in parse_qsl(asked["query"])} - set(operation["parameters"])
    said = [f"{asked['method']} {place} takes no {name}" for name in sorted(unknown)]
    if asked["method"] == "GET":
        return said
    # A change of something that is there names only what changes; what must be there is for new ones.
    schema = {"$ref": f"#/components/schemas/{operation['body']}", **_SCHEMAS}
    return said + [problem.message[:200] for problem in Draft7Validator(schema).iter_errors(json.loads(asked["body"]))]
