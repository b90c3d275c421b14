"""The practice Notion: its HTTP interface in version 2026-03-11, https://developers.notion.com/reference ."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Vendor, in_time, interface
from app.practice.vendors.notion import comments, deliveries, hand, pages, sources
from app.practice.vendors.notion.look import add_pages
from app.practice.vendors.notion.people import BOT
from app.practice.vendors.notion.problems import refuse
from app.practice.vendors.notion.seed import seed
from app.practice.vendors.notion.shelf import Shelf

VERSION = "2026-03-11"
WORKSPACE = {
    "bot_id": BOT,
    "workspace_id": "dddddddd-dddd-4ddd-8ddd-dddddddddddd",
    "workspace_name": "Practice Notion",
    "workspace_icon": None,
    "owner": {"type": "workspace", "workspace": True},
    "duplicated_template_id": None,
}
HABITS = oauth.Habits(
    slug="notion",
    title="Notion",
    accounts={BOT: "Practice Notion"},
    client="basic",
    json=True,
    pkce=False,
    life=10.0 * 365 * 86_400,  # not said, and no end is known: they end when somebody removes the app
    kills=True,
    says_life=False,
    answer=lambda account: WORKSPACE,
)


def blueprint(ground: Ground) -> Blueprint:
    """Settings a test may change: `rate` (3 a second), `burst` (8), `index_lag` (0 s), `nesting` (2 levels), `notion_most`
    (10,000 rows of a query), `notion_lacks` (capabilities: "comments", "users"), `notion_unlisted` (ids that search omits)."""
    api, shelf = interface("notion", ground), Shelf(ground)
    api.before_request(lambda: _admit(ground))
    oauth.routes(api, ground, HABITS, "/v1/oauth/token", "/v1/oauth/revoke")
    comments.routes(api, shelf)
    sources.routes(api, shelf)
    pages.routes(api, shelf)

    @api.route("/v1/", defaults={"rest": ""}, methods=ALL)
    @api.route("/v1/<path:rest>", methods=ALL)
    def elsewhere(rest: str) -> Response:
        refuse(400, "invalid_request_url", "Invalid request URL.")

    return api


ALL = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def _admit(ground: Ground) -> None:
    """Token, version, pace and size, in the order in which Notion looks at them. At the token address an app proves itself."""
    grants = request.path.startswith("/notion/v1/oauth/")
    if not grants and (oauth.admit(ground, HABITS) is None or "notion" in ground.ledger.note("revoked", [])):
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


def commands(ground: Ground) -> dict[str, Command]:
    return {**hand.commands(ground), **deliveries.commands(ground), **oauth.commands(ground, HABITS)}


def looks(ground: Ground) -> Blueprint:
    """What people look at, and where they sign in."""
    site = Blueprint("notion_site", __name__)
    site.register_blueprint(add_pages(Shelf(ground)))
    site.register_blueprint(oauth.pages(ground, HABITS, "/v1/oauth/authorize"))
    return site


vendor = Vendor(
    slug="notion",
    title="Notion",
    says="Databases and pages. What recipes write while you practise stands here.",
    paths=("/v1/",),
    blueprint=blueprint,
    pages=looks,
    commands=commands,
    seed=seed,
)
