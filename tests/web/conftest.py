"""A whole site for the tests of pages: the real application, people of every role, a server on loopback, a browser."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import TestResponse

from app import jobs
from app.core import beginning, claims, events, overview, sessions
from app.core.hub import Hub, open_hub
from app.core.ids import new_id
from app.core.users import User
from app.db.models import users
from app.main import create_app
from app.settings import Settings
from tests import prepared

PASSWORD = "green lamp under piano"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Visitor:
    """A browser without a screen: keeps cookies, sends the forms' token along."""

    client: FlaskClient
    token: str = ""
    user: User | None = None

    def get(self, path: str, **more: Any) -> TestResponse:
        response = self.client.get(path, **more)
        if found := CSRF.search(response.get_data(as_text=True)):
            self.token = found[1]
        return response

    def post(self, path: str, **fields: str) -> TestResponse:
        return self.client.post(path, data={"csrf": self.token, **fields})


@dataclass
class Site:
    app: Flask
    hub: Hub
    people: dict[str, User] = field(default_factory=dict)

    def stranger(self) -> Visitor:
        return Visitor(self.app.test_client())

    def visitor(self, role: str) -> Visitor:
        """Somebody signed in. Their password is not set: signing in by form has tests of its own."""
        user = self.people.get(role) or self.add(role)
        visitor = self.stranger()
        visitor.client.set_cookie("patchbay", sessions.start(self.hub, user), domain="127.0.0.1")
        visitor.user = user
        visitor.get("/settings")
        return visitor

    def add(self, role: str) -> User:
        user = User(new_id(), f"{role}@example.com", f"{role.capitalize()} Person", role)
        row = {"id": user.id, "email": user.email, "name": user.name, "role": role}
        self.hub.db.write(lambda conn: conn.execute(insert(users).values(**row)))
        self.people[role] = user
        return user

    def work(self) -> None:
        """What worker and clock would do until nothing is left to do now."""
        jobs.use(self.hub)
        for event_id in events.new_ones(self.hub, 10):
            jobs.route_event(event_id)
        end = time.monotonic() + 15
        while time.monotonic() < end and set(overview.by_state(self.hub)) & {"queued", "running", "later"}:
            for run_id in claims.ready(self.hub, 10):
                jobs.run_recipe(run_id)
            time.sleep(0.02)  # a run in line for a rate limit


@pytest.fixture
def bare(settings: Settings) -> Iterator[Site]:
    """A hub that nobody has set up."""
    first = open_hub(settings)
    prepared.put(first, "site")
    first.close()
    app = create_app(settings)
    app.testing = False
    hub: Hub = app.extensions["hub"]
    beginning.prepare(hub)
    prepared.keep(hub, "site")
    app.test_client_class = _LocalClient
    yield Site(app, hub)
    jobs.use(None)
    hub.close()


@pytest.fixture
def site(bare: Site) -> Site:
    bare.add("owner")
    return bare


class _LocalClient(FlaskClient):
    """Comes from 127.0.0.1, as a browser on this machine does."""

    def open(self, *args: Any, **more: Any) -> TestResponse:
        more.setdefault("buffered", True)
        more.setdefault("base_url", f"http://127.0.0.1:{self.application.extensions['hub'].settings.port}")
        return super().open(*args, **more)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Tests print enough."""


@pytest.fixture
def served(bare: Site) -> Iterator[Site]:
    """A hub on its own port, so that practice vendors and browsers reach it. Nobody has set it up."""
    server = ThreadedWSGIServer("127.0.0.1", bare.hub.settings.port, bare.app, handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield bare
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("NO BROWSER HERE: install chromium (apt-get install chromium) to test the pages as people see them")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
