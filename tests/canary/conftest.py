"""A vendor that repeats all it is sent, and somebody who connects an account to it and looks at everything that can be seen."""

from __future__ import annotations

import base64
import io
import itertools
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

import connectors
from app.core.masks import know
from app.db import backup
from app.db.models import connections
from app.settings import Settings
from connectors.contract import Connector
from tests.connectors.loopback import Answer, Asked, Vendor, vendor
from tests.web.conftest import Site, Visitor, bare, site

__all__ = ["bare", "know", "site"]

# What must be entered for a request to leave at all; how vendors begin their secrets.
PLAIN = {
    "api_domain": "https://acme.pipedrive.com",
    "site": "https://shop.example",
    "user": "ana",
    "address": "ana@shop.example",
    "imap": "imap.shop.example",
    "smtp": "smtp.shop.example",
    "account_id": "account",
    "client_id": "client",
    "bases": "appPRACTICE0000001",
    "forms": "practice",
    "applicant": "all",
}
BEGIN = {"stripe": "rk_test_", "slack": "xoxb-", "notion": "ntn_", "airtable": "pat"}
# What can only be had in the form that it must have: base64 of 24 bytes, and what goes with it.
MUST_BE = {("web", "signing_secret"): "whsec_canary/web/signingsecret+0123456"}
MORE = {"web": {"scheme": "header", "address": "https://shop.example/hook"}}
STATUSES = (400, 401, 403, 422, 500, 200)


def canary(slug: str, what: str) -> str:
    if there := MUST_BE.get((slug, what)):
        return there
    return f"{BEGIN.get(slug, '') if what == 'token' or slug == 'stripe' else ''}canary.{slug}/{what}+0123456789"


@dataclass
class Echo:
    """Answers with everything that it was asked, under the names that vendors give to their words."""

    status: int = 400
    vendor: Vendor = field(default_factory=lambda: Vendor(""))

    def answer(self, asked: Asked) -> Answer:
        said = (
            f"{asked.method} {asked.path} {dict(asked.headers)} {asked.body.decode(errors='replace')} {_opened(asked)}"
        )
        said = f"{said} {unquote_plus(said)}"
        if self.status == 200:
            return 200, f"not JSON: {said}".encode()
        told = dict.fromkeys(
            ("message", "error_description", "detail", "title", "Detail", "Message", "description"), said
        )
        errors = [{**told, "code": said, "field": said}]
        return self.status, {
            **told,
            "error": {**told, "code": said, "type": said},
            "errors": errors,
            "details": errors,
            "Fault": {"Error": errors, "type": said},
            "ok": False,
            "code": said,
        }

    def sent(self) -> str:
        """All that ever reached the vendor, as it came and opened."""
        asked = self.vendor.asked
        raw = " ".join(f"{a.path} {a.headers} {a.body.decode(errors='replace')} {_opened(a)}" for a in asked)
        return f"{raw} {unquote_plus(raw)}"


def _opened(asked: Asked) -> str:
    """What stands in an `Authorization: Basic` header."""
    kind, _, text = asked.headers.get("authorization", "").partition(" ")
    with suppress(ValueError):
        return base64.b64decode(text).decode(errors="replace") if kind.lower() == "basic" else ""
    return ""


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    with vendor(made.answer) as made.vendor:
        yield made


@pytest.fixture
def settings(settings: Settings, echo: Echo) -> Settings:
    urls = dict.fromkeys(connectors.load(), echo.vendor.url)
    return replace(settings, vendor_urls={**urls, "practice": echo.vendor.url}, patience=0.2)


@dataclass
class Watch:
    """Keeps every text that a person, a script or a file got to see."""

    site: Site
    visitor: Visitor
    echo: Echo
    seen: list[tuple[str, str]] = field(default_factory=list)

    def keep(self, where: str, text: str) -> None:
        self.seen.append((where, text))

    def took(self, where: str, answer: TestResponse) -> TestResponse:
        self.keep(where, f"{answer.headers} {answer.get_data(as_text=True)}")
        return answer

    def post(self, path: str, **fields: str) -> TestResponse:
        """As a page, and as its JSON twin."""
        given = {"csrf": self.visitor.token, **fields}
        as_json = self.visitor.client.post(path, data=given, headers={"Accept": "application/json"})
        self.took(f"POST {path} as JSON", as_json)
        return self.took(f"POST {path}", self.visitor.post(path, **fields))

    def look(self, *paths: str) -> None:
        for path in paths:
            self.took(path, self.visitor.get(path))
            self.took(f"{path} as JSON", self.visitor.client.get(path, headers={"Accept": "application/json"}))

    def as_well(self, connection_id: str) -> None:
        """The connection works again, so that it is asked once more."""
        fresh: dict[str, Any] = {"state": "ok", "why": "", "refresh_until": None, "refresh_holder": ""}
        mine = connections.c.id == connection_id
        self.site.hub.db.write(lambda conn: conn.execute(update(connections).where(mine).values(**fresh)))

    def all_statuses(self) -> Iterator[int]:
        for self.echo.status in STATUSES:
            yield self.echo.status

    def files(self, folder: Path) -> None:
        """The database as it lies on the disk, and a backup of it."""
        hub = self.site.hub
        hub.tallies.write_down()
        backup.make(hub.settings, folder / "copy.sqlite")
        for path in itertools.chain(hub.settings.home.rglob("*"), folder.glob("copy*")):
            if path.is_file() and path.name != "keys":
                self.keep(path.name, path.read_bytes().decode("latin-1"))


@pytest.fixture
def watch(site: Site, echo: Echo) -> Watch:
    return Watch(site, site.visitor("owner"), echo)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at the lowest level, as a handler of any process would write it."""
    held, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(held)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield held
    root.removeHandler(handler)
    root.setLevel(level)


def fields(connector: Connector) -> dict[str, str]:
    """What somebody types into the form: a canary wherever something is secret."""
    secret = {f.name: canary(connector.slug, f.name) for f in connector.auth.fields if f.secret}
    plain = PLAIN | MORE.get(connector.slug, {})
    return secret | {f.name: plain[f.name] for f in connector.auth.fields if not f.secret and f.name in plain}


def found(seen: list[tuple[str, str]], secrets: list[str]) -> list[tuple[str, str, str]]:
    """(where, secret, what stands around it) of every secret that could be seen, in whichever way it was written."""
    shown = []
    for secret, (where, text) in itertools.product(secrets, seen):
        core = secret[secret.index("canary") :]
        if at := re.search(re.escape(core) + "|" + re.escape(core.replace("/", "%2F").replace("+", "%2B")), text):
            shown.append((where, secret, text[max(at.start() - 80, 0) : at.end() + 40]))
    return shown
