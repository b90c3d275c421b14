"""Pages that show what the practice vendors are, what Zoom sent and what the model knows."""

from __future__ import annotations

import json

from flask import Blueprint, Flask, render_template, request

from app.practice import openai, zoom_recaps
from app.practice.door import Ground

# The same as on the hub's own pages, for when the stand-ins are served alone.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def add_pages(app: Flask, ground: Ground) -> None:
    site = Blueprint("practice_pages", __name__)

    @site.get("/")
    def index() -> str:
        return render_template("practice/index.html")

    @site.get("/zoom/")
    def zoom() -> str:
        return render_template("practice/zoom.html", recaps=zoom_recaps.all_recaps(ground.ledger)[::-1][:100])

    @site.get("/openai/")
    def model() -> str:
        known = sorted(openai.recordings(), key=lambda one: (one["recipe"], one["name"]))
        shown = [{**one, "answer": json.dumps(one["answer"], ensure_ascii=False, indent=2)} for one in known]
        return render_template("practice/openai.html", recordings=shown)

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
