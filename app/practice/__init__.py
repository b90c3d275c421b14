"""Practice vendors: stand-ins for Zoom, Notion and an OpenAI-compatible model that speak the real HTTP interfaces.

Nothing here leaves the machine. They keep the vendors' limits and errors, and remember every request.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from flask import Flask

from app.practice import control as control_page
from app.practice import look, notion, openai, zoom
from app.practice.door import Ground, Vendor
from app.practice.ledger import Ledger

_OURS = (
    Vendor("notion", notion.blueprint, notion.commands),
    Vendor("zoom", zoom.blueprint, zoom.commands),
    Vendor("openai", openai.blueprint, openai.commands),
)


def create_app(
    folder: Path, token: str, *, control: bool = False, limits: bool = True, further: Sequence[Vendor] = ()
) -> Flask:
    """One WSGI app for all vendors; its memory is `folder/practice.sqlite`, shared by every process that opens it.

    `token` is every vendor's key and secret; `further` vendors stand beside ours. `control` opens `/_control` (no token:
    never on an address others reach).
    """
    ledger = Ledger(folder / "practice.sqlite", forget=not control)
    ground = Ground(ledger, token, control, limits, threading.Event())
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # a Zoom meeting's uuid may begin with a slash
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = 16 << 20
    app.extensions["practice"] = ground
    notion.seed(ground)
    vendors = (*_OURS, *further)
    for vendor in vendors:
        app.register_blueprint(vendor.blueprint(ground))
    look.add_pages(app, ground)
    if control:
        commands = {name: do for vendor in vendors for name, do in vendor.commands(ground).items()}
        slugs = [vendor.slug for vendor in vendors]
        app.register_blueprint(control_page.blueprint(ground, commands, slugs))
    return app


def ground_of(app: Flask) -> Ground:
    """What an app of `create_app` stands on: its ledger, and the event that ends held requests."""
    return cast(Ground, app.extensions["practice"])
