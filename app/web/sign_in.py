"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request

from app.core import sessions, users
from app.web import cookies, guard, refusals
from app.web.answers import done, page
from app.web.context import hub, sent, session
from app.web.guard import needs

pages = Blueprint("sign_in", __name__)

WRONG = "That e-mail address and password do not belong together. Check both and try again."


@pages.get("/sign-in")
def show() -> Response:
    where = guard.own_path(request.args.get("next", "/"))
    if session():
        return redirect(where, 303)  # type: ignore[return-value]
    return page("sign_in/form.html", {"problem": ""}, email="", where=where)


@pages.post("/sign-in")
def save() -> Response:
    given = sent("email", "next")
    who, address = given["email"].lower(), request.remote_addr or ""
    where = guard.own_path(given["next"] or "/")
    wait = sessions.take_try(hub(), "sign-in", who, address) or sessions.take_try(hub(), "sign-in", address, tries=50)
    if wait:
        return _no(429, f"Too many tries. Wait {max(1, round(wait / 60))} minutes, then try again.", who, where)
    user = users.signs_in(hub(), who, request.form.get("password", ""))
    if user is None:
        return _no(422, WRONG, who, where)
    sessions.forget_tries(hub(), "sign-in", who, address)
    if old := session():
        sessions.end(hub(), old.id)
    response: Response = redirect(where, 303)  # type: ignore[assignment]
    cookies.write(response, cookies.SESSION, sessions.start(hub(), user), sessions.WHOLE // 1000)
    return response


def _no(status: int, problem: str, email: str, where: str) -> Response:
    refusals.count(hub(), "sign-in")
    response = page("sign_in/form.html", {"problem": problem}, status=status, email=email, where=where)
    if status == 429:
        response.headers["Retry-After"] = str(sessions.TRIES_WINDOW // 1000)
    return response


show.act = save.act = guard.PUBLIC  # type: ignore[attr-defined]


@pages.post("/sign-out")
@needs("see")
def leave() -> Response:
    if known := session():
        sessions.end(hub(), known.id)
    response = done("sign_in.show", "signed_out")
    cookies.drop(response, cookies.SESSION)
    return response
