"""Signing in at vendors: our app's registration, the way there, and the way back."""

from __future__ import annotations

import math

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.core import apps, connections, oauth, uninstalls
from app.core.grants import Astray
from app.core.sessions import Session
from app.web import body, guard, limits
from app.web.answers import done
from app.web.context import hub, person, sent, session
from app.web.guard import needs
from connectors.contract import Connector, ConnectorError, Unreadable

pages = Blueprint("oauth", __name__)
_strangers = limits.Bucket(rate=1, burst=20)  # who guesses our app's secret

_TITLES = {
    "unknown": "This hub did not ask for that",
    "used": "This has been done already",
    "late": "That took too long",
    "elsewhere": "This sign-in was begun elsewhere",
}


@pages.post("/oauth/<slug>/app")
@needs("connect")
def save_app(slug: str) -> Response:
    connector, given = _connector(slug), sent("client_id", "client_secret", "connection")
    try:
        apps.save(hub(), slug, given["client_id"], given["client_secret"], by=person().id)
    except ValueError as problem:
        return _stopped(connector, "This app was not saved", str(problem), 422)
    if given["connection"]:
        return done("connections.show", "app_saved", connection_id=given["connection"])
    return done("connections.new", "app_saved", slug=slug)


@pages.post("/oauth/<slug>/start")
@needs("connect")
def start(slug: str) -> Response:
    """Shows the way: a redirect after a form would be stopped by the page's own policy (`form-action`)."""
    connector, given = _connector(slug), sent("connection", "sign_in_name")
    try:
        there = oauth.start(hub(), slug, _browser(), connection_id=given["connection"], name=given["sign_in_name"])
    except ValueError as problem:
        return _stopped(connector, "Not yet", str(problem), 422)
    return make_response(render_template("oauth/going.html", connector=connector, there=there))


@pages.get("/oauth/<slug>/callback")
@needs("connect")
def callback(slug: str) -> Response:
    connector, given = _connector(slug), {name: request.args.get(name, "") for name in request.args}
    try:
        found = oauth.finish(hub(), slug, _browser(), given)
    except Astray as stop:
        return _stopped(connector, _TITLES[stop.kind], str(stop), 400)
    except oauth.Missing as stop:
        return _stopped(connector, "Not connected: something was left out", str(stop), 422, scopes=stop.scopes)
    except oauth.Declined as stop:
        return _stopped(connector, "Not connected", str(stop), 422)
    except (ValueError, LookupError, ConnectorError) as problem:
        return _stopped(connector, "Not connected", str(problem), 422)
    if isinstance(found, oauth.Choice):
        return make_response(render_template("oauth/choose.html", connector=connector, choice=found))
    return _arrived(found)


@pages.delete("/oauth/<slug>/callback")
def uninstalled(slug: str) -> Response:
    """The vendor itself: somebody has removed our app there."""
    if wait := _strangers.take(request.remote_addr or "", 0):
        return make_response("", 429, {"Retry-After": str(math.ceil(wait))})
    given = request.authorization
    known = given is not None and given.type == "basic"
    name, secret = (given.username or "", given.password or "") if given and known else ("", "")
    try:
        believed = uninstalls.told(hub(), slug, name, secret, body.read())
    except (Unreadable, HTTPException):
        return make_response("", 400)
    if not believed:
        _strangers.take(request.remote_addr or "")
        return make_response("", 401)
    return make_response("", 200)


uninstalled.act = guard.RAW  # type: ignore[attr-defined] # no session, no form: it proves itself by our app's secret


@pages.post("/oauth/<slug>/choose")
@needs("connect")
def choose(slug: str) -> Response:
    connector, given = _connector(slug), sent("state", "account")
    try:
        return _arrived(oauth.choose(hub(), slug, _browser(), given["state"], given["account"]))
    except Astray as stop:
        return _stopped(connector, _TITLES[stop.kind], str(stop), 400)
    except (ValueError, LookupError, ConnectorError) as problem:
        return _stopped(connector, "Not connected", str(problem), 422)


def _arrived(found: oauth.Opened) -> Response:
    said = "signed_in_again" if found.renewed else "connected"
    return done("connections.show", said, connection_id=found.connection_id)


def _stopped(connector: Connector, title: str, words: str, status: int, **more: object) -> Response:
    """Nothing was saved; the page says why and what to do."""
    mine = [row for row in connections.listing(hub()) if row["slug"] == connector.slug and not row["practice"]]
    page = render_template("oauth/stopped.html", connector=connector, title=title, words=words, mine=mine, **more)
    return make_response(page, status)


def _browser() -> Session:
    """A sign-in belongs to a browser: scripts with a token have none."""
    return session() or abort(400)


def _connector(slug: str) -> Connector:
    found = hub().connectors.get(slug)
    return found if found is not None and found.oauth is not None else abort(404)
