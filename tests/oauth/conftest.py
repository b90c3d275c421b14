"""A site, a till and a chain to sign in to, and a person at a browser who does it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from werkzeug.test import TestResponse

from app.core import apps, connections
from app.practice.serve import Served
from app.settings import Settings
from tests.oauth.stands import CHAIN, TILL
from tests.oauth.till_hub import TillHub, till_hub
from tests.web.conftest import Site, Visitor, bare, site

__all__ = ["bare", "site"]


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "practice", limits=False, further=[TILL, CHAIN]) as served:
        yield served


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    urls = {slug: f"{vendors.url}/{slug}" for slug in ("till", "chain")}
    # machines that test are busy, and a time-out of theirs is no answer of the vendor
    return replace(settings, connectors=(Path(__file__).parent / "connectors",), vendor_urls=urls, patience=0.2)


@dataclass
class Person:
    """Somebody at a browser, at our pages and at the vendor's."""

    site: Site
    visitor: Visitor
    there: str = field(default="")  # where the vendor's page is
    back: str = field(default="")  # our path to which the vendor sends

    def go(self, slug: str = "till", **fields: str) -> TestResponse:
        """Press "Sign in" at our page."""
        self.visitor.get("/connections")
        answer = self.visitor.post(f"/oauth/{slug}/start", **fields)
        found = re.search(r'content="0; url=([^"]+)"', answer.text)
        self.there = html.unescape(found[1]) if found else ""
        return answer

    def asked(self) -> dict[str, str]:
        """What the vendor is asked."""
        return dict(parse_qsl(urlsplit(self.there).query))

    def agree(self, account: str = "t-1", *, leave_out: str = "", answer: str = "allow") -> str:
        """At the vendor's page; returns our path to which it sends the browser."""
        page = requests.get(self.there, timeout=5)
        assert page.status_code == 200, page.text
        scopes = [s for s in re.findall(r'name="scope" value="([^"]+)"', page.text) if s != leave_out]
        form = {"answer": answer, "account": account, "scope": scopes}
        sent = requests.post(self.there, data=form, allow_redirects=False, timeout=5)
        assert sent.status_code == 303, sent.text
        self.back = sent.headers["Location"].removeprefix(self.site.hub.settings.address)
        return self.back

    def connect(self, slug: str = "till", account: str = "t-1", **fields: str) -> str:
        """All of it; returns the connection's id."""
        self.go(slug, **fields)
        answer = self.visitor.get(self.agree(account))
        assert answer.status_code == 303, answer.text
        return str(re.findall(r"/connections/([0-9a-z]{26})", answer.location)[0])


@pytest.fixture
def person(site: Site, vendors: Served) -> Person:
    for slug in ("till", "chain"):
        apps.save(site.hub, slug, "practice", vendors.token, by="a test")
    return Person(site, site.visitor("owner"))


def credentials(site: Site, connection_id: str) -> dict[str, str]:
    """What is sealed in a connection."""
    row: Any = connections._row(site.hub, connection_id)
    found: dict[str, str] = site.hub.vault.open_json(row["secret"], f"connections:{connection_id}:secret")
    return found


@pytest.fixture
def till(settings: Settings, vendors: Served) -> Iterator[TillHub]:
    """Signed in at the till."""
    with till_hub(settings, vendors) as made:
        yield made
