"""A hub that is signed in to the till, with a recipe that notes each sale; its clock can be moved on."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from sqlalchemy import update

from app.core import apps, beginning, connections, intake, oauth, opening, recipes
from app.core.hub import Hub
from app.core.oauth import Opened
from app.core.sessions import Session
from app.core.users import User
from app.db import models
from app.practice.serve import Served
from app.settings import Settings
from tests.durability.world import World, open_ahead

ROOT = Path(__file__).parents[2]
SESSION = Session("a browser", User("u", "a@example.com", "Ana", "owner"), "csrf")
KEY = "the till's signing key"


@dataclass
class TillHub(World):
    """`id` is the connection to the till."""

    id: str = field(default="")

    def sign_in(self, slug: str = "till", account: str = "t-1", connection: str = "") -> str:
        """As a person does at the vendor's page; returns the connection's id."""
        there = oauth.start(self.hub, slug, SESSION, connection_id=connection)
        form = {"answer": "allow", "account": account, "scope": dict(parse_qsl(urlsplit(there).query))["scope"]}
        form["scope"] = form["scope"].replace(",", " ").split()  # type: ignore[assignment] # a list goes out as several
        back = requests.post(there, data=form, allow_redirects=False, timeout=5).headers["Location"]
        found = oauth.finish(self.hub, slug, SESSION, dict(parse_qsl(urlsplit(back).query)))
        if isinstance(found, oauth.Choice):
            found = oauth.choose(self.hub, slug, SESSION, found.state, found.accounts[0].id)
        assert isinstance(found, Opened)
        return found.connection_id

    def row(self, connection_id: str = "") -> dict[str, Any]:
        (found,) = self._rows(models.connections, id=connection_id or self.id)
        return found

    def set(self, **values: Any) -> None:
        mine = models.connections.c.id == self.id
        self.hub.db.write(lambda conn: conn.execute(update(models.connections).where(mine).values(**values)))

    def expire(self, ms: int = 1000) -> None:
        """The access token ended that long ago."""
        self.set(expires_at=self.hub.now() - ms)

    def tokens(self, column: str = "secret") -> dict[str, str]:
        place = f"connections:{self.id}:{column}"
        found: dict[str, str] = self.hub.vault.open_json(self.row()[column], place) or {}
        return found

    def open(self) -> Any:
        return opening.open_connection(self.hub, self.id)

    def check(self) -> dict[str, Any]:
        return connections.check(self.hub, self.id)

    def renewals(self) -> int:
        return len(self.served.effects("till", "token.refresh"))

    def tried(self) -> int:
        """Questions at the token address after the first one, which was the sign-in."""
        return len([r for r in self.served.ledger("till") if r["path"] == "/oauth/token"]) - 1

    def sell(self, ref: str) -> str:
        """A delivery of the till; returns the event's id."""
        body = json.dumps({"ref": ref, "text": f"Sale {ref}"}).encode()
        seal = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
        key = connections.get(self.hub, self.id)["hook_address"].rsplit("/", 1)[1]
        answer = intake.receive(self.hub, "till", key, body, {"x-till": seal})
        assert answer.status == 200, answer
        return str(answer.body["event"])

    def notes(self) -> list[str]:
        """What stands at the till, in the order in which it was written."""
        made = self.served.control("ledger?slug=till&bodies=1")
        return [json.loads(r["body"])["ref"] for r in made if r["effect"] == "note"]

    def process(self, number: int, **more: str) -> subprocess.Popen[str]:
        """Another process of this hub in which so many threads are about to ask the till."""
        given = self.settings
        env = {
            **os.environ,
            "PATCHBAY_HOME": str(given.home),
            "DATABASE_URL": given.database_url,
            "PATCHBAY_KEYS": ",".join(given.keys),
            "PATCHBAY_PATIENCE": str(given.patience),
            "PATCHBAY_TILL_URL": given.vendor_urls["till"],
            "PATCHBAY_CONNECTORS": os.pathsep.join(map(str, given.connectors)),
            **more,
        }
        command = [sys.executable, "-m", "tests.oauth.openers", self.id, str(number)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        child = subprocess.Popen(command, cwd=ROOT, env=env, **pipes)
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        return child


@contextmanager
def till_hub(settings: Settings, vendors: Served) -> Iterator[TillHub]:
    hub: Hub = open_ahead(settings)
    try:
        beginning.prepare(hub)
        for slug in ("till", "chain"):
            apps.save(hub, slug, "practice", vendors.token, by="a test")
        made = TillHub(hub, vendors)
        made.id = made.sign_in()
        connections.change(hub, made.id, {}, hook_secret=KEY)
        folder = Path(__file__).parent / "recipes" / "till-note"
        recipes.publish(hub, folder, by="a test")
        recipes.switch_on(hub, "till-note", by="a test")
        yield made
    finally:
        hub.close()
