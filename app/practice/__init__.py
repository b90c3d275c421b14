"""Practice vendors: stand-ins for the vendors of our connectors that speak their real HTTP interfaces.

Nothing here leaves the machine. They keep the vendors' limits and errors, and remember every request.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from flask import Flask

from app.practice import control as control_page
from app.practice import look, vendors
from app.practice.door import Ground, Vendor
from app.practice.ledger import Ledger
from app.practice.rules import LazyRule


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
    app.url_rule_class = LazyRule
    app.url_map.merge_slashes = False  # a Zoom meeting's uuid may begin with a slash
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = 16 << 20
    app.extensions["practice"] = ground
    present = (*vendors.load(), *further)
    for vendor in present:
        _stand(app, ground, vendor)
    look.add_pages(app, present)
    if control:
        commands = {name: do for vendor in present for name, do in vendor.commands(ground).items()}
        app.register_blueprint(control_page.blueprint(ground, commands, present))
    return app


def _stand(app: Flask, ground: Ground, vendor: Vendor) -> None:
    if vendor.seed is not None:
        vendor.seed(ground)
    app.register_blueprint(vendor.blueprint(ground))
    app.register_blueprint(vendor.pages(ground) if vendor.pages else look.plain_pages(vendor, ground))


def interfaces() -> tuple[str, ...]:
    """What the addresses begin with at which the stand-ins ask for credentials themselves."""
    return tuple(f"/{vendor.slug}{path}" for vendor in vendors.load() for path in vendor.paths)


def ground_of(app: Flask) -> Ground:
    """What an app of `create_app` stands on: its ledger, and the event that ends held requests."""
    return cast(Ground, app.extensions["practice"])
