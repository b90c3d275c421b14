"""The notice on every page while this hub is on hold, and the button that ends it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.core import hold
from app.web.answers import done, page
from app.web.context import hub, person
from app.web.guard import needs

pages = Blueprint("hold", __name__)


def notice() -> dict[str, Any] | None:
    """For every page: why nothing goes out, and what waits. None for a hub that is at work."""
    with hub().db.read() as conn:
        held = hold.get(conn)
        return {**held.__dict__, "waiting": hold.waiting(conn)} if held else None


@pages.get("/hold")
@needs("see")
def show() -> Response:
    return page("hold/show.html", {"held": notice()})


@pages.post("/hold/resume")
@needs("house")
def resume() -> Response:
    try:
        hold.resume(hub(), by=person().name)
    except ValueError:
        return done("home.show")  # somebody else was quicker
    return done("home.show", "resumed")
