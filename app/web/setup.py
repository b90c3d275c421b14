"""The first minutes of a hub: the one-time code from the console makes the owner; until then all other pages are 404."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from app.core import sessions, users
from app.web import cookies, guard, refusals
from app.web.answers import done, page
from app.web.context import hub, sent

pages = Blueprint("setup", __name__)


@pages.get("/setup")
def show() -> Response:
    if guard.is_set_up():
        return done("sign_in.show", "set_up_already")
    return page("setup/form.html", {"problem": ""}, given={})


@pages.post("/setup")
def save() -> Response:
    if guard.is_set_up():
        abort(409)
    given = sent("code", "name", "email")
    if sessions.take_try(hub(), "setup", request.remote_addr or "", tries=20):
        refusals.count(hub(), "sign-in")
        abort(429)
    try:
        user = users.set_up(hub(), **given, password=request.form.get("password", ""))
    except users.AlreadySetUp:
        return done("sign_in.show", "set_up_already")
    except ValueError as error:
        return page("setup/form.html", {"problem": str(error)}, status=422, given=given, wrong=_field(error))
    response = done("home.show", "welcome")
    cookies.write(response, cookies.SESSION, sessions.start(hub(), user), sessions.WHOLE // 1000)
    return response


def _field(error: ValueError) -> str:
    """Which input the sentence belongs to."""
    if isinstance(error, users.WrongCode):
        return "code"
    if isinstance(error, users.WeakPassword):
        return "password"
    return "email" if "e-mail" in str(error) else "name"


show.act = save.act = guard.ALWAYS  # type: ignore[attr-defined]
