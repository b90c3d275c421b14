"""Runs: the list, one run as a timeline, trying again, and taking back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from app import jobs
from app.core import overview, recipes, undo
from app.core import runs as core
from app.core.paging import cut
from app.web import change, story
from app.web.answers import done, page, page_size
from app.web.context import hub, person, wants_json
from app.web.guard import needs

pages = Blueprint("runs", __name__)

FILTERS = (
    ("", "All"),
    ("open", "Under way"),
    ("waiting", "Wait for a person"),
    ("later", "Go on later"),
    ("failed", "Stopped"),
    ("done", "Done"),
    ("undone", "Taken back"),
)
LATE = 10_000  # ms after which an event that nobody routed looks like a missing worker


@pages.get("/runs")
@needs("see")
def show_all() -> Response:
    state, recipe = request.args.get("state", ""), request.args.get("recipe", "")
    before = request.args.get("before", "")
    found, older = cut(
        core.listing(hub(), state=state, recipe=recipe, before=before, limit=page_size() + 1), page_size()
    )
    counts = overview.by_state(hub(), "waiting", "later", "failed")
    filters = [(key, label, counts.get(key, 0)) for key, label in FILTERS]
    data = {"runs": with_titles(found), "state": state, "recipe": recipe, "next": older}
    return page("runs/list.html", data, filters=filters, before=before)


def with_titles(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    titles = {each.slug: each.recipe.title for each in recipes.listing(hub()) if each.recipe}
    return [run | {"recipe_title": titles.get(run["recipe"], run["recipe"])} for run in found]


@pages.get("/runs/of/<event_id>")
@needs("see")
def of_event(event_id: str) -> Response:
    """Where an event just sent will become a run: waits for it, then goes there."""
    way = overview.event_way(hub(), event_id) or abort(404)
    if way["run"] and not wants_json():
        there = url_for("runs.show", run_id=way["run"])
        if request.headers.get("HX-Request"):
            return make_response("", 200, {"HX-Redirect": there})
        return make_response(redirect(there, 303))
    return page("runs/coming.html", way, late=hub().now() - way["received_at"] > LATE)


@pages.get("/runs/<run_id>")
@needs("see")
def show(run_id: str) -> Response:
    return _page(run_id)


def _page(run_id: str, problem: str = "") -> Response:
    try:
        told = story.tell(hub(), run_id)
    except LookupError:
        abort(404)
    return page("runs/show.html", told | {"problem": problem}, status=409 if problem else 200)


@pages.post("/runs/<run_id>/retry")
@needs("build")
def retry(run_id: str) -> Response:
    try:
        core.retry(hub(), run_id, by=person().id)
    except LookupError:
        abort(404)
    except ValueError as problem:
        return _page(run_id, str(problem))
    jobs.ring_run(hub().settings, run_id)
    return done("runs.show", "again", run_id=run_id)


@pages.get("/runs/<run_id>/undo")
@needs("decide")
def undo_plan(run_id: str) -> Response:
    try:
        plan = undo.plan(hub(), run_id)
    except LookupError:
        abort(404)
    if not plan and not wants_json():
        return _page(run_id, "This run wrote nothing that could be taken back")
    views = {write["id"]: change.view_of(hub(), write) for write in core.story(hub(), run_id)["writes"]}
    return page("runs/undo.html", {"plan": [views[line["write"]] | line for line in plan], "run_id": run_id})


@pages.post("/runs/<run_id>/undo")
@needs("decide")
def take_back(run_id: str) -> Response:
    try:
        undo.start(hub(), run_id, by=person().id)
    except LookupError:
        abort(404)
    except ValueError as problem:
        return _page(run_id, str(problem))
    jobs.ring_run(hub().settings, run_id)
    return done("runs.show", "undoing", run_id=run_id)
