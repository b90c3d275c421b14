"""For machines that watch this hub: /healthz (alive), /readyz (database and queue), /metrics (Prometheus text)."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, request
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import jobs
from app.core import sessions
from app.db.models import events, reviews, runs, writes
from app.web import guard, refusals
from app.web.context import hub

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    return _text("ok\n")


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
    lines = [line for table in (events, runs, writes, reviews) for line in _counts(table.name)]
    lines.append("# TYPE patchbay_refused_total counter")
    lines += [f'patchbay_refused_total{{kind="{kind}"}} {count}' for kind, count in refusals.totals(hub()).items()]
    return _text("\n".join(lines) + "\n")


for view in (alive, ready, metrics):
    view.act = guard.ALWAYS  # type: ignore[attr-defined]


def _queue_answers() -> bool:
    try:
        with jobs.connect(hub().settings.redis_url) as connection:
            return bool(connection.ping())
    except (RedisError, ValueError):
        return False


def _counts(name: str) -> list[str]:
    table = {"events": events, "runs": runs, "writes": writes, "reviews": reviews}[name]
    query = select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
    with hub().db.read() as conn:
        rows = conn.execute(query).all()
    return [f"# TYPE patchbay_{name} gauge", *(f'patchbay_{name}{{state="{state}"}} {count}' for state, count in rows)]


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
    response.content_type = "text/plain; version=0.0.4; charset=utf-8"
    return response
