"""Settings: the people of the house, your own account and tokens, who may sign in, and what was refused."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.core import house, keeping, schedules, sessions, users, zones
from app.web import refusals
from app.web.answers import done, page
from app.web.context import hub, person, sent
from app.web.guard import needs

pages = Blueprint("settings_page", __name__)

MOST_PEOPLE = 500


@pages.get("/settings")
@needs("see")
def show() -> Response:
    return _page()


def _page(problem: str = "", at: str = "", token: str = "", typed: dict[str, str] | None = None) -> Response:
    with hub().db.read() as conn:
        people = house.get(conn, "people", [])
        zone = schedules.house_zone(conn)
    data: dict[str, Any] = {
        "people": people,
        "zone": zone,
        "tokens": sessions.token_listing(hub(), person()),
        "refused": refusals.listing(hub()),
        "keep": keeping.days(hub()),
        "removed": keeping.removed(hub()),
        "problem": problem,
    }
    if users.may(person().role, "house"):
        data["users"] = users.listing(hub())
    if token:
        data["token"] = token
    return page(
        "settings_page/show.html",
        data,
        status=422 if problem else 200,
        at=at,
        roles=users.ROLES,
        kinds=keeping.KINDS,
        zones=sorted(zones.names()),
        typed=typed or {},
        fixed=hub().settings.keep,
    )


@pages.post("/settings/people")
@needs("build")
def save_people() -> Response:
    names = [" ".join(line.split())[:100] for line in request.form.get("people", "").splitlines()]
    kept = list(dict.fromkeys(name for name in names if name))
    if len(kept) > MOST_PEOPLE:
        return _page(f"That are {len(kept)} names; at most {MOST_PEOPLE} fit.", "people")
    hub().db.write(lambda conn: house.put(conn, "people", kept))
    return done("settings_page.show", "saved")


@pages.post("/settings/zone")
@needs("build")
def save_zone() -> Response:
    """The time zone of every recipe that names none."""
    typed = " ".join(request.form.get("zone", "").split())
    try:
        schedules.set_house_zone(hub(), typed, by=person().id)
    except ValueError as problem:
        return _page(
            str(problem).replace("`", "“", 1).replace("`", "”", 1).replace("`", ""), "zone", typed={"zone": typed}
        )
    return done("settings_page.show", "saved")


@pages.post("/settings/keep")
@needs("house")
def save_keep() -> Response:
    """How long each kind of thing is kept, in days."""
    free = [kind.name for kind in keeping.KINDS if kind.name not in hub().settings.keep]
    typed = {name: days for name, days in sent(*free).items() if name in request.form}
    try:
        keeping.choose(hub(), typed, by=person().id)
    except ValueError as problem:
        return _page(f"{problem}.", "keep", typed=typed)
    return done("settings_page.show", "saved", _anchor="keep")


@pages.post("/settings/password")
@needs("see")
def change_password() -> Response:
    if sessions.take_try(hub(), "password", person().id):
        return _page("Too many tries. Wait 15 minutes, then try again.", "password")
    try:
        old, new = (request.form.get(name, "") for name in ("old", "new"))
        users.change_password(hub(), person(), old, new)
    except ValueError as problem:
        return _page(str(problem), "password")
    return done("sign_in.show", "password_changed")


@pages.post("/settings/tokens")
@needs("see")
def make_token() -> Response:
    try:
        return _page(token=sessions.make_token(hub(), person(), sent("name")["name"]), at="tokens")
    except ValueError as problem:
        return _page(str(problem), "tokens")


@pages.post("/settings/tokens/<token_id>/remove")
@needs("see")
def drop_token(token_id: str) -> Response:
    sessions.drop_token(hub(), person(), token_id)
    return done("settings_page.show", "removed")


@pages.post("/settings/users")
@needs("house")
def add_user() -> Response:
    try:
        users.add(hub(), **sent("email", "name", "role"), password=request.form.get("password", ""))
    except ValueError as problem:
        return _page(str(problem), "users")
    return done("settings_page.show", "saved")


@pages.post("/settings/users/<user_id>/remove")
@needs("house")
def remove_user(user_id: str) -> Response:
    try:
        users.remove(hub(), user_id)
    except ValueError as problem:
        return _page(str(problem), "users")
    return done("settings_page.show", "removed")
