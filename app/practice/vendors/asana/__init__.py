"""The practice Asana: tasks in two projects, comments, and webhooks with their handshake.

https://developers.asana.com/reference/rest-api-reference . Settings a test may change: `asana_free` (no paid plan: some
things answer 402), `asana_page` (entries of a page), `asana_hidden` (gids of projects that answer 403).
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Vendor, in_time, interface
from app.practice.vendors.asana import people, tasks, webhooks
from app.practice.vendors.asana.office import HABITS, Office, refuse

ALL = ["GET", "POST", "PUT", "DELETE"]


def blueprint(ground: Ground) -> Blueprint:
    api = interface("asana", ground)
    oauth.routes(api, ground, HABITS, "/-/oauth_token", "/-/oauth_revoke")

    @api.route("/api/1.0/<path:rest>", methods=ALL)
    def answer(rest: str) -> Response | tuple[Response, int]:
        office = _admit(ground)
        given = _handlers(office, rest.split("/"))
        return given if isinstance(given, tuple) else (given, 200)

    return api


def _admit(ground: Ground) -> Office:
    """Token, then pace: 150 a minute on the free plan, refused ones counted."""
    grant = oauth.admit(ground, HABITS)
    if grant is None or "asana" in ground.ledger.note("revoked", []):
        refuse(401, "Not Authorized")
    if wait := in_time(ground, "asana", 2.5, 50):
        refuse(429, "You have made too many requests recently.", {"Retry-After": str(wait)})
    return Office(ground, signed_in="id" in grant)


def _handlers(office: Office, parts: list[str]) -> Response | tuple[Response, int]:
    first, verb = parts[0], request.method
    if first == "tasks":
        return tasks.handle(office, verb, parts[1:])
    if first == "stories" and len(parts) == 2:
        return tasks.story(office, verb, parts[1])
    if first == "webhooks":
        return webhooks.handle(office, verb, parts[1:])
    if first in ("users", "projects", "workspaces") and verb == "GET":
        return people.handle(office, parts)
    return refuse(404, f"{verb} /{'/'.join(parts)}: No such endpoint")


def commands(ground: Ground) -> dict[str, Command]:
    """`asana_task` {…}: a person makes or changes a task; `asana_comment` {"task", "text"}; `asana_forget` {"id"};
    `asana_deliver`: sends what happened to the webhooks; `asana_webhook` {…}: puts one there as it is; `asana_star` {"projects": […]}."""
    office = Office(ground)
    return {
        **oauth.commands(ground, HABITS),
        "asana_task": lambda body: tasks.by_hand(office, body),
        "asana_comment": lambda body: tasks.comment_by_hand(office, body["task"], body["text"]),
        "asana_forget": lambda body: tasks.forget(office, body["id"]),
        "asana_deliver": lambda body: webhooks.deliver(office),
        "asana_webhook": lambda body: office.keep("webhook", body),
        "asana_heartbeat": lambda body: webhooks.heartbeat(office),
        "asana_star": lambda body: ground.ledger.set_note("asana_starred", body["projects"]),
    }


def pages(ground: Ground) -> Blueprint:
    site = oauth.pages(ground, HABITS, "/-/oauth_authorize")
    return tasks.add_page(site, ground)


vendor = Vendor(
    slug="asana",
    title="Asana",
    says="Two projects with tasks. Tasks that recipes make stand here.",
    paths=("/api/", "/-/oauth_token", "/-/oauth_revoke"),
    blueprint=blueprint,
    pages=pages,
    commands=commands,
)
