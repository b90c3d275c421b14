"""The pages: one module per noun. A new page is one module, its templates and one line in `BLUEPRINTS`."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.web import (
    connections,
    errors,
    files,
    forms,
    guard,
    headers,
    health,
    hold,
    home,
    hooks,
    inbox,
    oauth,
    recipes,
    runs,
    settings_page,
    setup,
    sign_in,
    visitors,
    words,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    connections.pages,
    files.pages,
    forms.pages,
    health.pages,
    hold.pages,
    home.pages,
    hooks.pages,
    inbox.pages,
    oauth.pages,
    recipes.pages,
    runs.pages,
    settings_page.pages,
    setup.pages,
    sign_in.pages,
    visitors.pages,
)


def register(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.before_request(guard.before)
    app.after_request(headers.after)
    errors.register(app)
    words.register(app)
