"""Pages that show which practice vendors there are, and what stands in those without pages of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flask import Blueprint, Flask, render_template, request

from app.practice.door import Ground, Vendor

# The same as on the hub's own pages, for when the stand-ins are served alone.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


SHOWN = 100
"""Objects of a kind on a plain page, newest first."""


def plain_pages(vendor: Vendor, ground: Ground) -> Blueprint:
    """What a stand-in without pages of its own shows: its objects, by kind."""
    site = Blueprint(f"{vendor.slug}_pages", __name__, url_prefix=f"/{vendor.slug}")

    @site.get("/")
    def index() -> str:
        rows = ground.ledger.rows(
            "select kind, id, data from objects where slug=? and gone=0 order by made desc, id", vendor.slug
        )
        kinds: dict[str, list[tuple[str, str]]] = {}
        for row in rows:
            pretty = json.dumps(json.loads(row["data"]), ensure_ascii=False, indent=2)
            kinds.setdefault(row["kind"], []).append((row["id"], pretty))
        shown = {kind: found[:SHOWN] for kind, found in kinds.items()}
        return render_template("practice/plain.html", title=vendor.title or vendor.slug, says=vendor.says, kinds=shown)

    return site


def add_pages(app: Flask, vendors: Sequence[Vendor]) -> None:
    site = Blueprint("practice_pages", __name__)

    @site.get("/")
    def index() -> str:
        return render_template("practice/index.html", vendors=[vendor for vendor in vendors if vendor.title])

    app.register_blueprint(site)
    app.register_error_handler(404, lambda problem: (render_template("practice/missing.html"), 404))
    app.jinja_env.globals["hub"] = lambda: "/" if request.script_root else ""

    @app.after_request
    def tell_the_browser(response):  # type: ignore[no-untyped-def]
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", POLICY)
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
            response.headers.setdefault("Referrer-Policy", "no-referrer")
            response.headers.setdefault("Cache-Control", "no-store")
        return response
