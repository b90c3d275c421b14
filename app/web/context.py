"""What every page needs to know about the request in hand: the hub, the person, and what they sent."""

from __future__ import annotations

from typing import Any, cast

from flask import current_app, g, request

from app.core.hub import Hub
from app.core.sessions import Session
from app.core.users import User


def hub() -> Hub:
    return cast(Hub, current_app.extensions["hub"])


def session() -> Session | None:
    """The browser's session; None for strangers and for scripts with a token."""
    return cast("Session | None", g.get("session"))


def person() -> User:
    """Whoever is signed in; views are only reached with one."""
    return cast(User, g.person)


def wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json" and request.headers.get("Accept", "") != "*/*"


def sent(*names: str) -> dict[str, str]:
    """The named fields of the form (or of a script's JSON), as trimmed text; every other field is ignored."""
    if request.is_json:
        body: Any = request.get_json(silent=True)
        body = body if isinstance(body, dict) else {}
        return {name: str(body.get(name, "") or "").strip() for name in names}
    return {name: request.form.get(name, "").strip() for name in names}
