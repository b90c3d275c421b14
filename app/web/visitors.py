"""The public page of a form: for strangers, without cookies, script or session.

What keeps robots out, and why these: a field that people do not see and must stay empty, because most robots fill in
whatever there is; and a shortest time, because nobody reads and writes within two seconds. Neither throws anything away: a
person whose browser filled in too much, or who was quick, sees the page again with all they wrote and presses Send once
more. Puzzles would shut out people who see or hear badly, and would come from somebody else's server.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from app.core import forms
from app.core.forms import Published
from app.web import body, csrf, guard, headers, limits, refusals
from app.web.context import hub
from connectors.contract import JSON
from connectors.form import answers

pages = Blueprint("visitors", __name__)

LARGEST = 64 * 1024  # bytes of one submission
QUICKEST = 2000  # ms between opening the page and sending it
BAIT = "website"  # the field that must stay empty
_each = limits.Bucket(rate=0.1, burst=12)  # from one address, for one form
_all = limits.Bucket(rate=1 / 3, burst=60)  # for one form


@pages.get("/form/<key>")
def show(key: str) -> Response:
    found = _found(key)
    return found if isinstance(found, Response) else _form(found)


@pages.get("/form/<key>/thanks")
def thanks(key: str) -> Response:
    found = forms.by_key(hub(), key) if guard.is_set_up() else None
    if found is None or found.form is None:
        return _word("There is no such form", "The address may be mistyped. Ask whoever gave it to you.", 404)
    words = found.form.thanks or "Your answers were received. You may close this page."
    return _word("Thank you", words, 200, found)


@pages.post("/form/<key>/send")
def send(key: str) -> Response:
    """At an address of its own: browsers forget the page at an address that something was sent to, and with it the way back."""
    found = _found(key)
    if isinstance(found, Response):
        return found
    if wait := _all.take(key, 0) or _each.take(f"{key} {request.remote_addr}") or _all.take(key):
        return _too_fast(found, wait)
    try:
        body.read(LARGEST)
    except RequestEntityTooLarge:
        refusals.count(hub(), "size")
        return _word("That is too long", "Go back, shorten what you wrote, and send it again.", 413, found)
    except BadRequest:
        return _word("That did not arrive whole", "Go back and send it again.", 400, found)
    return _sent(found)


@pages.get("/form/<key>/send")
def back(key: str) -> Response:
    """Somebody copied the address of a page that showed a problem."""
    return make_response(redirect(url_for("visitors.show", key=key), 303))


for _view in (show, thanks, send, back):
    _view.act = guard.RAW  # type: ignore[attr-defined]  # strangers, who have neither a session nor its token


def _found(key: str) -> Published | Response:
    """The form, or the page that says why there is none."""
    found = forms.by_key(hub(), key) if guard.is_set_up() and len(key) < 100 else None
    if found is None:
        return _word("There is no such form", "The address may be mistyped. Ask whoever gave it to you.", 404)
    if found.form is None:
        return _word("This form is no longer there", "It was taken away. Ask whoever gave you its address.", 410)
    if not found.form.is_open:
        return _word("This form is closed", "It takes no more answers.", 410, found)
    return found


def _sent(found: Published) -> Response:
    """What becomes of a page that was sent."""
    assert found.form is not None
    given = {name.removeprefix("q-"): text for name, text in request.form.items() if name.startswith("q-")}
    if not csrf.same_origin(request.headers, request.host_url, hub().settings.address):
        refusals.count(hub(), "form")
        return _form(found, {}, "This was sent from another website. Please fill it in here.", 403)
    ticket = request.form.get("ticket", "")
    page = forms.opened(hub(), found.id, ticket)
    if page is None:
        return _form(found, given, "This page was open for a long time. Please look it over and press Send again.", 422)
    if words := _robotic(page.age):
        refusals.count(hub(), "form")
        return _form(found, given, words, 422, ticket)
    held, problems = answers.read(found.form, given)
    if problems:
        return _form(found, given, "", 422, ticket, problems)
    return _stored(found, page.nonce, held, given, ticket)


def _robotic(age: int) -> str:
    if request.form.get(BAIT, ""):
        return (
            "A hidden field was filled in, perhaps by your browser. It is empty again now: please press Send once more."
        )
    return "That was very quick. Please look it over and press Send once more." if age < QUICKEST else ""


def _stored(found: Published, nonce: str, held: dict[str, JSON], given: Mapping[str, str], ticket: str) -> Response:
    try:
        answer = forms.submit(hub(), found, nonce, held)
    except (SQLAlchemyError, OSError):
        answer = None
    if answer is None or answer.status != 200:
        response = _form(
            found, given, "It could not be saved just now. Please press Send again in a minute.", 503, ticket
        )
        response.headers["Retry-After"] = "30"
        return response
    hub().tallies.count("deliveries", forms.SLUG, "taken" if answer.event_ids else "copy")
    if answer.event_ids:
        current_app.extensions["bell"].ring(answer.event_ids)
    return make_response(redirect(url_for("visitors.thanks", key=found.key), 303))


def _too_fast(found: Published, wait: float) -> Response:
    refusals.count(hub(), "rate")
    try:
        body.read(LARGEST)
        given = {name.removeprefix("q-"): text for name, text in request.form.items() if name.startswith("q-")}
    except (RequestEntityTooLarge, BadRequest):
        given = {}
    words = "Many answers came in just now. Nothing was sent yet: please press Send again in a minute."
    ticket = request.form.get("ticket", "") if given else ""
    response = _form(found, given, words, 429, ticket if forms.opened(hub(), found.id, ticket) else "")
    response.headers["Retry-After"] = str(math.ceil(wait))
    return response


def _form(
    found: Published,
    given: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
    ticket: str = "",
    problems: Mapping[str, str] | None = None,
) -> Response:
    facts = {"given": given or {}, "problem": problem, "problems": problems or {}, "bait": BAIT}
    page = render_template("visitors/form.html", at=found, ticket=ticket or forms.ticket(hub(), found.id), **facts)
    response = _outside(make_response(page, status))
    if status == 200:
        # Kept by the visitor's own browser for the way back, so that going back and sending again is the same page.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _word(title: str, words: str, status: int, found: Published | None = None) -> Response:
    return _outside(make_response(render_template("visitors/word.html", title=title, words=words, at=found), status))


def _outside(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = headers.WITHOUT_SCRIPT
    response.headers["X-Robots-Tag"] = "noindex"
    return response
