"""For machines that watch this hub: /healthz (alive), /readyz (database and queue), /metrics (Prometheus text)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, request
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import jobs
from app.core import sessions
from app.web import guard
from app.web.context import hub

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    """`proof`: 32 hexadecimal digits, for `patchbay doctor`, which wants to know whether the public address leads here."""
    asked = request.args.get("proof", "")
    return _text(f"ok {hub().proof(asked)}\n" if re.fullmatch(r"[0-9a-f]{32}", asked) else "ok\n")


@pages.get("/readyz")
def ready() -> Response:
    """503 without a database. Without a queue work is late but nothing is lost: still ready, and it says so."""
    try:
        with hub().db.read() as conn:
            conn.execute(select(1))
    except SQLAlchemyError:
        return _text("database: away\n", 503)
    return _text(f"database: ok\nqueue: {'ok' if _queue_answers() else 'away, work is late'}\n")


@pages.get("/metrics")
def metrics() -> Response:
    if not (_from_here() or _by_token()):
        abort(404)
    from app.web import metrics as prometheus  # its library is loaded by those who ask

    text, content_type = prometheus.page(hub(), request.headers.get("Accept", ""))
    response = make_response(text)
    response.content_type = content_type
    return response


for view in (alive, ready, metrics):
    view.act = guard.ALWAYS  # type: ignore[attr-defined]


def _queue_answers() -> bool:
    try:
        with jobs.connect(hub().settings.redis_url) as connection:
            return bool(connection.ping())
    except (RedisError, ValueError):
        return False


def _from_here() -> bool:
    """From this machine, on a hub that only this machine reaches: behind a proxy everybody seems to come from here."""
    return _is_loopback(request.remote_addr or "") and _is_loopback(urlsplit(hub().settings.address).hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _by_token() -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and sessions.token_user(hub(), token.strip()) is not None


def _text(text: str, status: int = 200) -> Response:
    response = make_response(text, status)
    response.content_type = "text/plain; charset=utf-8"
    return response
