"""What people see when a page cannot be shown. The log has the trace, the page has a number to look it up by."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from app.web.context import wants_json

log = logging.getLogger(__name__)

WORDS = {
    400: ("That request could not be read", "Go back, load the page again and try once more."),
    401: ("Sign in first", "This page is for people with an account here."),
    403: (
        "This form is not valid any more",
        "It came from another page, or you have signed in again since it was opened. Go back, load the page again and "
        "send it once more.",
    ),
    404: ("There is no such page", "The address may be mistyped, or what it showed is gone."),
    405: ("That is not possible here", "Go back and use the buttons of the page."),
    409: (
        "Somebody was faster",
        "What you were looking at has changed. Load the page again and look before you decide.",
    ),
    413: (
        "That is too large",
        "At most 1 MB can be sent at once; of files 25 MB each and 50 MB together. Nothing was taken.",
    ),
    429: ("Too many tries", "Wait a quarter of an hour, then try again."),
    500: (
        "Something went wrong here",
        "It is our mistake, not yours. Nothing is lost: what was waiting still waits. "
        "Whoever looks after this hub finds the reason in its log, under the number below.",
    ),
    503: ("The database does not answer", "Nothing is lost. Wait a moment and load the page again."),
}


class Changed(Exception):
    """Somebody else was faster (409); the text says what changed."""


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Changed, lambda error: answer(409, str(error)))
    app.register_error_handler(Exception, _bug)


def answer(status: int, detail: str = "", number: str = "") -> Response:
    title, advice = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    if wants_json() or request.path.startswith("/hooks/"):
        facts = {"error": detail or title} | ({"number": number} if number else {})
        return make_response(jsonify(facts), status)
    words = {"title": title, "advice": advice, "detail": detail, "number": number}
    signed_in, new = g.get("person") is not None, current_app.extensions.get("set_up") is False
    return make_response(render_template("error.html", status=status, **words, signed_in=signed_in, new=new), status)


def _http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    if isinstance(error, SecurityError):  # an untrusted Host: no address of ours can be built, so no page
        return make_response("This hub does not answer to that name.\n", 400, {"Content-Type": "text/plain"})
    response = answer(error.code)
    if error.code == 405 and (allowed := dict(error.get_headers()).get("Allow")):
        response.headers["Allow"] = allowed
    return response


def _database(error: OperationalError) -> Response:
    log.error("the database does not answer: %s", type(error.orig).__name__)
    response = answer(503)
    response.headers["Retry-After"] = "5"
    return response


def _bug(error: Exception) -> Response:
    number = secrets.token_hex(4)
    log.exception("number %s: %s %s", number, request.method, request.endpoint)
    return answer(500, number=number)
