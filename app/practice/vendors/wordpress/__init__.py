"""The practice WordPress: a site with posts, pages, terms and pictures, and its REST interface.

https://developer.wordpress.org/rest-api/reference/ . Settings a test may change: `wordpress_permalinks` ("plain": the root is
?rest_route=), `wordpress_role` ("author", "contributor", "subscriber"), `wordpress_strips` (the web server drops
Authorization), `wordpress_passwords` (False: application passwords are switched off), `wordpress_largest` (bytes of a file),
`wordpress_moved` (an address the front page leads to).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, redirect, render_template, request

from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, in_time, interface, root, same
from app.practice.vendors.wordpress import media, posts, terms
from app.practice.vendors.wordpress.site import CAPABILITIES, Answer, Site, refuse

ALL = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def blueprint(ground: Ground) -> Blueprint:
    api, site = interface("wordpress", ground), Site(ground)

    @api.route("/wp-json/", defaults={"rest": ""}, methods=ALL)
    @api.route("/wp-json/<path:rest>", methods=ALL)
    def pretty(rest: str) -> Response:
        if site.note("permalinks") == "plain":
            return Response("<title>Page not found</title>", 404)
        return _answer(site, f"/{rest}")

    @api.route("/", methods=ALL)
    def front() -> Response:
        """The front page for people, or the interface where `rest_route` says so."""
        if "rest_route" in request.args:
            return _answer(site, request.args["rest_route"])
        if moved := site.note("moved"):
            return redirect(moved, 301)  # type: ignore[return-value] # werkzeug's own Response is what Flask sends
        response = Response(render_template("practice/wordpress.html", posts=site.shown()))
        response.headers.add("Link", f'<{site.root()}>; rel="https://api.w.org/"')
        response.headers.add("Link", f"<{root('wordpress')}/>; rel=shortlink")
        return response

    return api


Handler = Callable[[Site, list[str]], Answer]
_ROUTES: dict[str, Handler] = {
    "posts": posts.handle,
    "pages": posts.handle,
    "media": media.handle,
    "categories": terms.handle,
    "tags": terms.handle,
}


def _answer(site: Site, route: str) -> Response:
    """One request to the interface. Route → JSON, status, headers."""
    if wait := in_time(site.ground, "wordpress", 10, 30):  # the host's own limit, without JSON
        raise Refusal(429, "Too many requests", {"Retry-After": str(wait)})
    site.person = _person(site)
    parts = [part for part in route.split("/") if part]
    if not parts:
        return jsonify(_about(site))
    if parts[:2] != ["wp", "v2"] or len(parts) < 3:
        refuse(404, "rest_no_route", "No route was found matching the URL and request method.")
    if parts[2:4] == ["users", "me"]:
        return jsonify(_me(site))
    if parts[2] not in _ROUTES:
        refuse(404, "rest_no_route", "No route was found matching the URL and request method.")
    answer = _ROUTES[parts[2]](site, parts[2:])
    response = jsonify(answer.body)
    response.status_code = answer.status
    response.headers.update(answer.headers)
    return response


def _person(site: Site) -> str:
    """The role of whoever asks, or "" for a visitor. https://make.wordpress.org/core/2020/11/05/application-passwords-integration-guide/"""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic" or site.note("strips"):
        return ""
    try:
        user, _, password = b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    if site.note("passwords", True) is False:
        refuse(401, "application_passwords_disabled", "Application passwords are not available.")
    if user != "patchbay":
        refuse(
            401, "invalid_username", f"<strong>Error:</strong> The username <strong>{user}</strong> is not registered."
        )
    if not same("".join(password.split()), site.ground.token) or "wordpress" in site.ground.ledger.note("revoked", []):
        refuse(401, "incorrect_password", "The provided password is an invalid application password.")
    return str(site.note("role", "author"))


def _about(site: Site) -> dict[str, object]:
    offered = {
        "application-passwords": {
            "endpoints": {"authorization": f"{root('wordpress')}/wp-admin/authorize-application.php"}
        }
    }
    address = root("wordpress")
    return {
        "name": "Practice site",
        "description": "",
        "url": address,
        "home": address,
        "namespaces": ["oembed/1.0", "wp/v2", "wp-site-health/v1", "wp-block-editor/v1"],
        "authentication": offered if site.note("passwords", True) else [],
        "routes": {},
    }


def _me(site: Site) -> dict[str, object]:
    if not site.person:
        refuse(401, "rest_not_logged_in", "You are not currently logged in.")
    may = dict.fromkeys(CAPABILITIES[site.person], True)
    return {"id": 2, "name": "Patchbay", "slug": "patchbay", "roles": [site.person], "capabilities": may}


def commands(ground: Ground) -> dict[str, Command]:
    """`wordpress_post` {…}: a person makes or changes a post; `wordpress_forget` {"id"}: deletes one for good."""
    return {
        "wordpress_post": lambda body: posts.by_hand(Site(ground), body),
        "wordpress_forget": lambda body: posts.forget(Site(ground), body["id"]),
    }


def seed(ground: Ground) -> None:
    terms.seed(Site(ground))


vendor = Vendor(
    slug="wordpress",
    title="WordPress",
    says="A site with posts, pages and pictures. Drafts that recipes write stand here.",
    paths=("/wp-json/",),
    blueprint=blueprint,
    pages=lambda ground: Blueprint("wordpress_pages", __name__),
    commands=commands,
    seed=seed,
)
