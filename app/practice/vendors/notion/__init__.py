"""The practice Notion: its HTTP interface in version 2026-03-11, https://developers.notion.com/reference ."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.practice.door import Ground, Vendor, bearer, in_time, interface, same
from app.practice.vendors.notion import pages, sources
from app.practice.vendors.notion.hand import commands
from app.practice.vendors.notion.look import add_pages
from app.practice.vendors.notion.problems import refuse
from app.practice.vendors.notion.seed import seed
from app.practice.vendors.notion.shelf import Shelf

VERSION = "2026-03-11"


def blueprint(ground: Ground) -> Blueprint:
    """Settings a test may change: `rate` (3 a second), `burst` (8), `index_lag` (0 s), `nesting` (2 levels)."""
    api, shelf = interface("notion", ground), Shelf(ground)
    api.before_request(lambda: _admit(ground))
    sources.routes(api, shelf)
    pages.routes(api, shelf)

    @api.route("/v1/", defaults={"rest": ""}, methods=ALL)
    @api.route("/v1/<path:rest>", methods=ALL)
    def elsewhere(rest: str) -> Response:
        refuse(400, "invalid_request_url", "Invalid request URL.")

    return api


ALL = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def _admit(ground: Ground) -> None:
    """Token, version, pace and size, in the order in which Notion looks at them."""
    if not same(bearer(), ground.token) or "notion" in ground.ledger.note("revoked", []):
        refuse(401, "unauthorized", "API token is invalid.")
    version = request.headers.get("Notion-Version")
    if not version:
        words = (
            "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`."
        )
        refuse(400, "missing_version", words)
    if version != VERSION:
        words = f"Notion-Version header failed validation: this stand-in speaks `{VERSION}`, instead was `{version}`."
        refuse(400, "validation_error", words)
    wait = in_time(ground, "notion", ground.ledger.note("rate", 3), ground.ledger.note("burst", 8))
    if wait:
        words = "You have been rate limited. Please try again in a few minutes."
        refuse(429, "rate_limited", words, {"Retry-After": str(wait)})
    size = len(request.get_data())
    if size > 500 * 1024:
        refuse(
            400,
            "validation_error",
            f"body failed validation: body size should be ≤ `512000` bytes, instead was `{size}`.",
        )


vendor = Vendor(
    slug="notion",
    title="Notion",
    says="Databases and pages. What recipes write while you practise stands here.",
    paths=("/v1/",),
    blueprint=blueprint,
    pages=lambda ground: add_pages(Shelf(ground)),
    commands=commands,
    seed=seed,
)
