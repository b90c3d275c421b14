"""The vendors' door: takes raw bytes, has them checked and stored, answers, then rings for a worker.

No session, no page, no form: `request.form` would empty the body before its signature can be checked.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from app.core import intake, right_of_way
from app.web import body, guard, limits, refusals
from app.web.context import hub

pages = Blueprint("hooks", __name__)
log = logging.getLogger(__name__)

# Far above what a vendor sends; what is left of a flood is then the vendor's to send again.
_deliveries = limits.Bucket(rate=1000, burst=2000)
# Who guesses addresses or signatures is slowed down long before that.
_refused = limits.Bucket(rate=10, burst=200)


@pages.post("/hooks/<slug>/<key>")
def receive(slug: str, key: str) -> Response:
    wait = _deliveries.take(f"{slug}/{key}") or _refused.take(request.remote_addr or "", 0)
    if wait:
        return _refuse(429, "rate", wait, error="too fast")
    try:
        data = body.read()
    except RequestEntityTooLarge:
        return _refuse(413, "size", error="too large")
    except BadRequest:
        return _refuse(400, "signature", error="body")
    with right_of_way.delivery():  # whoever is slow to send it holds nobody up
        return _answer(slug, key, data)


receive.act = guard.RAW  # type: ignore[attr-defined]


def _answer(slug: str, key: str, data: bytes) -> Response:
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        query = request.query_string.decode("latin-1")
        answer = intake.receive(hub(), slug, key, data, headers, request.content_type or "", query)
        if answer.status == 404 and not guard.is_set_up():
            return _later("not set up yet")  # whoever connects by the command has a hook before a first person signs in
    except SQLAlchemyError as error:
        log.error("a delivery could not be stored: %s", type(error).__name__)
        return _later("not now")
    if answer.refused:
        return _refuse(answer.status, answer.refused, error=(answer.body or {}).get("error", ""))
    _count(_said(answer))
    response = make_response(_body(answer.body), answer.status)
    response.headers.update(answer.headers)
    if answer.event_ids:
        current_app.extensions["bell"].ring(answer.event_ids)
    return response


def _body(given: Any) -> Response:
    """Nothing, text that no browser takes for a page, or JSON."""
    if given is None:
        return Response(b"")
    return Response(given[:1000], mimetype="text/plain") if isinstance(given, str) else jsonify(given)


def _said(answer: intake.Answer) -> str:
    if answer.status >= 500:
        return "not now"
    if answer.event_ids:
        return "taken"
    if answer.status == 202:
        return "unreadable"
    return "copy" if isinstance(answer.body, dict) and ("event" in answer.body or "events" in answer.body) else "other"


def _count(said: str) -> None:
    slug = (request.view_args or {}).get("slug", "")
    hub().tallies.count("deliveries", slug if slug in hub().connectors else "unknown", said)


def _refuse(status: int, kind: str, wait: float = 0, *, error: str) -> Response:
    """`kind`: signature, address, size, type or rate, as they are counted; without an `error` the answer is empty."""
    refusals.count(hub(), kind)
    _count(kind)
    if kind in ("signature", "address", "type"):
        _refused.take(request.remote_addr or "")
    response = make_response(jsonify({"error": error}) if error else b"", status)
    if wait:
        response.headers["Retry-After"] = str(math.ceil(wait))
    return response


def _later(error: str) -> Response:
    _count("not now")
    response = make_response(jsonify({"error": error}), 503)
    response.headers["Retry-After"] = "5"
    return response
