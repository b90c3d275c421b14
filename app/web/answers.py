"""How views answer: a page with its JSON twin, or the way on after something was done."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, make_response, redirect, render_template, request, url_for

from app.web.context import wants_json


def page(template: str, data: Mapping[str, Any], *, status: int = 200, **html_only: Any) -> Response:
    """`data` is what the twin shows; the page gets it too, and `html_only` on top."""
    if wants_json():
        response = jsonify(plain(data))
        response.status_code = status
        return response
    return make_response(render_template(template, **{**data, **html_only}), status)


def done(endpoint: str, said: str = "", **values: Any) -> Response:
    """After a change: on to a page, which shows the sentence named `said` (words.SAID)."""
    if wants_json():
        return jsonify({"ok": True, **{k: v for k, v in values.items() if not k.startswith("_")}})
    return make_response(redirect(url_for(endpoint, said=said or None, **values), 303))


def page_size() -> int:
    """How many rows of a list the address asks for: `limit`, 50 if it does not say, at most 1000."""
    return min(max(request.args.get("limit", 50, int), 1), 1000)


def plain(value: Any) -> Any:
    """Plain JSON of dataclasses, mappings and lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
