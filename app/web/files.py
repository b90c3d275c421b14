"""Places for files: made here, and filled by people who pull files onto the page or choose them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, request
from sqlalchemy.exc import SQLAlchemyError

from app.core import connections as accounts
from app.core import events, folder, forecast
from app.core import files as core
from app.core.files import Place, Taken
from app.web.answers import done, page
from app.web.context import hub, person, sent
from app.web.guard import needs
from connectors.contract import ConnectorError

pages = Blueprint("files", __name__)

LARGEST = 50 * 1024 * 1024 + 64 * 1024  # bytes of one request: 50 MB of files and what is around them
SECONDS = 300.0  # that it may take: a slow line needs so long
MOST = 50  # files at once


@pages.get("/files")
@needs("see")
def show_all() -> Response:
    listing = [{"id": p.id, "title": p.title, "practice": p.practice} for p in core.places(hub())]
    return page("files/list.html", {"places": listing})


@pages.get("/files/new")
@needs("connect")
def new() -> Response:
    return page("files/new.html", {"problem": ""}, title="")


@pages.post("/files/new")
@needs("connect")
def create() -> Response:
    title = sent("title")["title"]
    try:
        made = core.create(hub(), title, by=person().id)
    except (ValueError, ConnectorError) as problem:
        return page("files/new.html", {"problem": str(problem)}, status=422, title=title)
    _folder(made)
    return done("files.show", "place_made", place_id=made)


@pages.get("/files/<place_id>")
@needs("see")
def show(place_id: str) -> Response:
    return _page(_place(place_id))


@pages.post("/files/<place_id>")
@needs("decide")
def drop(place_id: str) -> Response:
    """Files from the page: multipart, each under the name "file"."""
    place = _place(place_id)
    given = [one for one in request.files.getlist("file") if one.filename]
    if not given:
        return _page(place, problem="Choose a file first, or pull one onto the field.", status=422)
    if len(given) > MOST:
        return _page(place, problem=f"At most {MOST} files at once. Nothing was taken; drop fewer of them.", status=422)
    taken = [_take(place, one.filename or "", one.stream.read(core.LARGEST + 1)) for one in given]
    if fresh := [one.event for one in taken if one.state == "taken"]:
        current_app.extensions["bell"].ring(fresh)
    states = {one.state for one in taken}
    response = _page(place, taken, status=503 if "later" in states else 422 if "refused" in states else 200)
    if "later" in states:
        response.headers["Retry-After"] = "30"
    return response


drop.largest, drop.seconds = LARGEST, SECONDS  # type: ignore[attr-defined]  # read by the guard, which signs in first


@pages.post("/files/<place_id>/again")
@needs("build")
def again(place_id: str) -> Response:
    """Starts the recipes once more for a file that was there already. `number`: the page's, so that twice is once."""
    _place(place_id)
    told = sent("event", "number")
    try:
        if events.get(hub(), told["event"])["connection"] != place_id:
            abort(404)
        events.replay(hub(), told["event"], by=person().id, number=told["number"][:40])
    except LookupError:
        abort(404)
    except ValueError as problem:
        return _page(_place(place_id), problem=f"{problem}.", status=422)
    return done("runs.of_event", event_id=told["event"])


@pages.post("/files/<place_id>/title")
@needs("connect")
def rename(place_id: str) -> Response:
    place, title = _place(place_id), sent("title")["title"]
    try:
        accounts.change(hub(), place.id, {"title": title}, name=title, by=person().id)
    except (ValueError, ConnectorError) as problem:
        return _page(place, problem=str(problem), status=422)
    return done("files.show", "saved", place_id=place_id)


@pages.get("/files/<place_id>/<event_id>")
@needs("decide")
def fetch(place_id: str, event_id: str) -> Response:
    """The file as it was dropped, to be saved and never shown: a browser must not take it for a page of ours."""
    try:
        name, data = core.content(hub(), _place(place_id).id, event_id)
    except LookupError:
        abort(404)
    response = make_response(data)
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _take(place: Place, name: str, data: bytes) -> Taken:
    try:
        return core.take(hub(), place, name, data, person().name)
    except (SQLAlchemyError, OSError):
        return Taken(core.name_of(name), "later", words="It could not be saved just now. Try again in a minute.")


def _place(place_id: str) -> Place:
    try:
        return core.place(hub(), place_id)
    except LookupError:
        abort(404)


def _folder(place_id: str) -> str:
    """Where it lies; "" where the data folder cannot be written (the hub then takes files from the page only)."""
    try:
        return str(folder.make(hub(), place_id))
    except OSError:
        return ""


def _page(place: Place, taken: list[Taken] | None = None, problem: str = "", status: int = 200) -> Response:
    shown = [{"name": t.name, "state": t.state, "event": t.event, "words": t.words} for t in taken or ()]
    about = {"id": place.id, "title": place.title, "practice": place.practice, "folder": _folder(place.id)}
    data: dict[str, Any] = {
        "drop_place": about,
        "taken": shown,
        "files": core.latest(hub(), place.id),
        "problem": problem,
    }
    data["refused"] = [{"name": name, "why": why} for name, why in folder.refused(hub(), place.id)]
    used_by = forecast.read(hub()).get(place.id, forecast.Forecast()).recipes
    return page("files/show.html", data, status=status, used_by=used_by, number=core.fresh_number(), most=LARGEST)
