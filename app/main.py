"""create_app(): the one place that knows every part of the web."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from app import jobs, practice, web
from app.core import hold, right_of_way
from app.core import practice as practice_accounts
from app.core.hub import Hub, open_hub
from app.settings import Settings, read
from app.web.body import LIMIT
from app.web.late import Late
from app.web.practice_door import PracticeDoor


def create_app(settings: Settings | None = None) -> Flask:
    """The web application of these settings (default: of the environment). The database must be migrated already."""
    hub = open_hub(settings or read(os.environ))
    right_of_way.begin()
    hold.look(hub)
    app = Flask("app.web")
    app.extensions["hub"] = hub
    app.extensions["bell"] = jobs.Bell(hub.settings)
    hosts = trusted_hosts(hub.settings)
    app.config.update(DEBUG=False, MAX_CONTENT_LENGTH=LIMIT, MAX_FORM_MEMORY_SIZE=LIMIT, TRUSTED_HOSTS=hosts)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    web.register(app)
    _mount_practice(app, hub, hosts)
    if hops := hub.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _mount_practice(app: Flask, hub: Hub, hosts: list[str] | None) -> None:
    """The stand-ins are made with the first call: a hub that practises nothing has no use for them."""

    def make() -> PracticeDoor:
        token = practice_accounts.token(hub)
        inner = practice.create_app(hub.settings.home, token, control=False)
        return PracticeDoor(hub, inner.wsgi_app, token, hosts, practice.interfaces())

    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/practice": Late(make)})  # type: ignore[method-assign]


def trusted_hosts(settings: Settings) -> list[str] | None:
    """The Host headers we answer to; others could lead a browser here under a foreign name.

    Only a hub that listens to the network and was told no address answers to any name.
    """
    here = ["127.0.0.1", "localhost", "[::1]"]
    public = urlsplit(settings.public_url).hostname
    if named := [*([public] if public else []), *settings.trusted_hosts]:
        return [*named, *here]
    return here if settings.host in ("127.0.0.1", "localhost", "::1") else None
