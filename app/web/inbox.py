"""Inbox: what waits for a person, and deciding it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request

from app import jobs
from app.core import named, users
from app.core import reviews as core
from app.core.paging import cut
from app.web import change, values
from app.web.answers import done, page, page_size
from app.web.context import hub, person, sent
from app.web.guard import needs

pages = Blueprint("inbox", __name__)

STATES = ("open", "decided", "expired")


@pages.get("/inbox")
@needs("see")
def show_all() -> Response:
    state = request.args.get("state", "open")
    if state not in STATES:
        abort(404)
    after = request.args.get("after", "")
    found, following = cut(core.listing(hub(), state=state, after=after, limit=page_size() + 1), page_size())
    shown = ("id", "kind", "title", "says", "role", "state", "opened_at", "expires_at", "waiting", "decision", "run")
    data = {"reviews": [{k: r[k] for k in shown} for r in found], "state": state, "next": following}
    return page("inbox/list.html", data, after=after)


@pages.get("/inbox/<review_id>")
@needs("see")
def show(review_id: str) -> Response:
    return _page(review_id)


@pages.post("/inbox/<review_id>")
@needs("decide")
def decide(review_id: str) -> Response:
    """Only what the page showed can be decided: its row version comes back with the decision."""
    given = sent("decision", "row_version", "arrived_as")
    version = int(given["row_version"]) if given["row_version"].isdigit() else None
    review = _review(review_id)
    try:
        word, its_id = given["decision"], given["arrived_as"]
        core.decide(hub(), review_id, word, by=person().id, row_version=version, arrived_as=its_id)
    except core.Decided:
        return _page(review_id, "Somebody was faster, or this has changed since you opened the page", 409)
    except ValueError as problem:
        return _page(review_id, str(problem), 422)
    if review["event"]:
        jobs.ring_event(hub().settings, review["event"])
    if review["run"]:
        jobs.ring_run(hub().settings, review["run"])
        return done("runs.show", "decided", run_id=review["run"])
    return done("inbox.show_all", "decided_all")


def _page(review_id: str, problem: str = "", status: int = 200) -> Response:
    review = _review(review_id)
    by = users.find(hub(), review["decided_by"]) if review["decided_by"] else None
    facts = review["facts"] or {}
    arguments = facts.get("arguments") or {}
    plain = {name: value for name, value in arguments.items() if isinstance(value, (str, int, float))}
    if review["state"] == "open":
        plain |= named.names(hub(), facts.get("connection", ""), facts.get("action", ""), arguments)
    return page(
        "inbox/show.html",
        {"review": review, "problem": problem},
        status=status,
        options=review["decisions"],
        needs_id=facts.get("needs_id", False),
        asks=change.asks(hub(), facts.get("connection", ""), facts.get("action", ""), arguments),
        facts=values.fields(plain),
        drawn=change.drawn(review["request"]),
        decided_by=by.name if by else review["decided_by"],
    )


def _review(review_id: str) -> dict[str, Any]:
    try:
        return core.get(hub(), review_id)
    except LookupError:
        abort(404)
