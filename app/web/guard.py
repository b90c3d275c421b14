"""Who may open what. Every view says what it takes (`@needs("see")`) or that it is `@public`; one that says nothing is
closed to everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, Response, abort, current_app, g, jsonify, make_response, redirect, request

from app.core import sessions, users
from app.web import body, cookies, csrf
from app.web.context import hub, wants_json

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"  # strangers too, once the hub is set up
ALWAYS = "always"  # even before that
RAW = "raw"  # answers for itself: the vendors' door


def needs(act: str) -> Callable[[View], View]:
    """`act` is one of the rights of `core.users`."""

    def mark(view: View) -> View:
        view.act = act  # type: ignore[attr-defined]
        return view

    return mark


def act_of(app: Flask, endpoint: str | None) -> str:
    if endpoint == "static":
        return ALWAYS
    return str(getattr(app.view_functions.get(endpoint or ""), "act", ""))


def before() -> Response | None:
    """Runs before every view."""
    act, looks = act_of(current_app, request.endpoint), request.method in ("GET", "HEAD")
    if request.endpoint is None or act == RAW or (act == ALWAYS and looks):
        return None
    if act != ALWAYS and not is_set_up():
        abort(404)
    view = current_app.view_functions[request.endpoint]
    if largest := getattr(view, "largest", 0):  # only for those who may: a stranger's files are not read
        _recognise()
        if (refused := _admit(act)) is not None:
            return refused
        body.read_files(largest, getattr(view, "seconds", body.SECONDS))
    else:
        body.read_now()
        _recognise()
    if request.method not in ("GET", "HEAD", "OPTIONS") and not g.by_token and not csrf.holds():
        abort(403)
    return _admit(act)


def is_set_up() -> bool:
    """Asked of the database until it is true; it cannot become false again."""
    known = current_app.extensions
    if not known.get("set_up"):
        known["set_up"] = users.exist(hub())
    return bool(known["set_up"])


def _recognise() -> None:
    g.session, g.person, g.by_token = None, None, False
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        g.by_token = True
        g.person = sessions.token_user(hub(), token.strip())
        return
    cookie = cookies.read(cookies.SESSION)
    g.session = sessions.find(hub(), cookie) if cookie else None
    g.person = g.session.user if g.session else None


def _admit(act: str) -> Response | None:
    if act in (PUBLIC, ALWAYS):
        return None
    if g.person is None:
        return _sign_in_first()
    if not users.may(g.person.role, act):
        abort(404)  # looks the same as a page that is not there
    return None


def _sign_in_first() -> Response:
    if wants_json() or g.by_token:
        return make_response(jsonify({"error": "sign in, or send a personal token"}), 401)
    if request.headers.get("HX-Request"):
        response = make_response("", 401)
        response.headers["HX-Refresh"] = "true"  # the page then meets the sign-in form
        return response
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return make_response(redirect("/sign-in" + (f"?next={quote(back)}" if back != "/" else ""), 303))


def own_path(path: str) -> str:
    """`path` if it is one of our own, else Home: a sign-in never sends anybody elsewhere."""
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if plain and path.isprintable() and " " not in path else "/"
