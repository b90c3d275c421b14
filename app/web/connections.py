"""Connections: connect an account, test it, change it, remove it; and the lists that pickers are filled from."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.core import apps, extras, forecast, made, oauth, reach, users, vitals
from app.core import connections as core
from app.core.opening import NotConnected
from app.web import states
from app.web.answers import done, page
from app.web.context import hub, person, sent, wants_json
from app.web.guard import needs
from connectors.contract import Choice, Connector, ConnectorError

pages = Blueprint("connections", __name__)


@pages.get("/connections")
@needs("see")
def show_all() -> Response:
    listing = sorted(_foretold(core.listing(hub())), key=_urgency)
    connected = {row["slug"] for row in listing if not row["practice"]}
    missing = [
        {"slug": c.slug, "title": c.title, "says": c.says, "place": c.place}
        for c in hub().connectors.values()
        if c.slug not in connected or c.place
    ]
    again = [c for c in hub().connectors.values() if c.slug in connected and not c.place]
    return page("connections/list.html", {"connections": listing, "not_connected": missing}, again=again)


@pages.get("/connections/new/<slug>")
@needs("connect")
def new(slug: str) -> AnyResponse:
    connector = _connector(slug)
    return redirect(f"/{connector.place}/new", 303) if connector.place else _form(connector)


@pages.post("/connections/new/<slug>")
@needs("connect")
def create(slug: str) -> Response:
    connector = _connector(slug)
    given = _given(connector)
    try:
        new = core.create(hub(), slug, given["fields"], name=given["name"], hook_secret=given["hook"], by=person().id)
    except (ValueError, ConnectorError) as problem:
        return _form(connector, problem=str(problem), given=given)
    return done("connections.show", "connected" if new["account_name"] else "kept", connection_id=new["id"])


@pages.get("/connections/<connection_id>")
@needs("see")
def show(connection_id: str) -> Response:
    return _page(connection_id)


@pages.post("/connections/<connection_id>")
@needs("connect")
def change(connection_id: str) -> Response:
    connector = hub().connectors[_connection(connection_id)["slug"]]
    given = _given(connector)
    try:
        core.change(
            hub(), connection_id, given["fields"], hook_secret=given["hook"], name=given["name"], by=person().id
        )
    except (ValueError, ConnectorError, NotConnected) as problem:
        return _page(connection_id, problem=str(problem), given=given)
    return done("connections.show", "saved", connection_id=connection_id)


@pages.post("/connections/<connection_id>/check")
@needs("connect")
def check(connection_id: str) -> Response:
    _connection(connection_id)
    result = core.check(hub(), connection_id)
    if wants_json() or not result["ok"]:
        return _page(connection_id, problem="" if result["ok"] else result["words"])
    asked = result["words"] != core.NOBODY
    return done("connections.show", "works" if asked else "nobody", connection_id=connection_id)


@pages.post("/connections/<connection_id>/reach")
@needs("connect")
def test_address(connection_id: str) -> Response:
    """Sends a signed message of our own through the public address, as the vendor would."""
    found = reach.test(hub(), _connection(connection_id)["hook_address"] or abort(404))
    if wants_json() or not found.ok:
        return _page(connection_id, problem="" if found.ok else found.words)
    return done("connections.show", "reached", connection_id=connection_id)


@pages.post("/connections/<connection_id>/hook")
@needs("connect")
def hook_again(connection_id: str) -> Response:
    """Waits for another secret, of webhooks that are set up once more."""
    _connection(connection_id)
    core.wait_for_secret(hub(), connection_id, by=person().id)
    return done("connections.show", "hook_again", connection_id=connection_id)


@pages.post("/connections/<connection_id>/secret")
@needs("connect")
def make_secret(connection_id: str) -> Response:
    """A new secret of the hub's own. The answer is the only page that ever shows it, so there is no other page to go on to."""
    _real(connection_id)
    given = sent("what", "seen")
    try:
        shown = made.make(hub(), connection_id, given["what"], seen=given["seen"], by=person().id)
    except LookupError:
        abort(404)
    except made.MadeAlready as problem:
        return _page(connection_id, problem=str(problem), status=409)
    return _page(connection_id, shown={"what": given["what"], "shown": shown})


@pages.post("/connections/<connection_id>/remove")
@needs("connect")
def remove(connection_id: str) -> Response:
    _connection(connection_id)
    oauth.revoke(hub(), connection_id, by=person().id)
    core.remove(hub(), connection_id, by=person().id)
    return done("connections.show_all", "removed")


@pages.get("/connections/<connection_id>/choices/<lookup>")
@needs("build")
def choices(connection_id: str, lookup: str) -> Response:
    """The entries of a picker: what matches `q`, or what a pasted address means."""
    if lookup not in hub().connectors[_connection(connection_id)["slug"]].lookups:
        abort(404)
    query, chosen = request.args.get("q", "").strip()[:500], request.args.get("chosen", "")
    found, problem = _found(connection_id, lookup, query)
    data = {"choices": [{"id": c.id, "label": c.label} for c in found], "problem": problem}
    if wants_json():
        return page("", data)
    return make_response(render_template("connections/choices.html", **data, chosen=chosen, query=query))


def _found(connection_id: str, lookup: str, query: str) -> tuple[list[Choice], str]:
    try:
        pasted = query.startswith(("http://", "https://"))
        find = core.resolve if pasted else core.choices
        return find(hub(), connection_id, lookup, query), ""
    except (ConnectorError, NotConnected, LookupError) as problem:
        return [], str(problem)


def _urgency(row: dict[str, Any]) -> tuple[bool, int, bool]:
    """What needs somebody stands first; accounts to practise with stand last."""
    tone, ends = states.connection_badge(row)[0], row["ends"]["tone"] != "good"
    return row["practice"], ("bad", "warn", "good").index(tone), not (ends or row["state"] == "reconnect")


def _foretold(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With what is known about how each one will end, and what it did today."""
    ends, today = forecast.read(hub()), vitals.today(hub())
    told = [(row, ends.get(row["id"], forecast.Forecast()), today.get(row["id"], vitals.Today())) for row in rows]
    return [
        {**row, "ends": forecast.plain(end), "calls_today": t.calls, "failed_today": t.failed} for row, end, t in told
    ]


def _page(
    connection_id: str,
    problem: str = "",
    given: dict[str, Any] | None = None,
    *,
    status: int = 422,
    shown: dict[str, Any] | None = None,
) -> Response:
    """`status` of a problem; `shown`: a secret that was made just now."""
    (found,) = _foretold([_connection(connection_id)])
    connector = hub().connectors[found["slug"]]
    saved = core.form(hub(), connection_id)
    # A secret that was just typed is not sent back to the page; the dots there stand for the saved one.
    typed = {f.name: given["fields"].get(f.name, "") for f in connector.auth.fields if not f.secret} if given else {}
    return page(
        "connections/show.html",
        {"connection": found, "problem": problem, **({"made": shown} if shown else {})},
        status=status if problem else 200,
        connector=connector,
        values={**saved, **typed},
        typed=bool(typed),
        seen=made.stand(hub(), connection_id),
        can_be_made=made.can_be(hub(), connection_id),
        hidden=core.HIDDEN,
        hook_trouble=core.hook_trouble(hub(), connection_id),
        **_signing_in(connector),
        handed_over=core.handed_over(hub(), connection_id) if users.may(person().role, "connect") else "",
    )


def _form(connector: Connector, problem: str = "", given: dict[str, Any] | None = None) -> Response:
    return page(
        "connections/new.html",
        {"connector": {"slug": connector.slug, "title": connector.title}, "problem": problem},
        status=422 if problem else 200,
        about=connector,
        hidden=core.HIDDEN,
        **_signing_in(connector),
        # A secret that was just typed is not sent back to the page: it is typed again.
        values={f.name: (given or {}).get("fields", {}).get(f.name, "") for f in connector.auth.fields if not f.secret},
        name=(given or {}).get("name", ""),
    )


def _signing_in(connector: Connector) -> dict[str, Any]:
    """What a page needs to show the way to the vendor's sign-in."""
    if connector.oauth is None:
        return {}
    slug = connector.slug
    address = apps.return_address(hub(), slug)
    return {"app": apps.get(hub(), slug), "return_address": address, "extras": extras.fields(connector)}


def _given(connector: Connector) -> dict[str, Any]:
    fields = sent(*(f.name for f in connector.auth.fields))
    others = sent("connection_name", "hook_secret")
    return {"fields": fields, "name": others["connection_name"], "hook": others["hook_secret"]}


def _connector(slug: str) -> Connector:
    return hub().connectors.get(slug) or abort(404)


def _real(connection_id: str) -> dict[str, Any]:
    """A connection that is no practice account."""
    found = _connection(connection_id)
    return abort(404) if found["practice"] else found


def _connection(connection_id: str) -> dict[str, Any]:
    try:
        found = core.get(hub(), connection_id)
    except LookupError:
        abort(404)
    return found if found["state"] != "removed" else abort(404)
