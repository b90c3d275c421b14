"""The ways an event can take through the hub: how it is delivered, and what it leaves in the vendor's books."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.cli.place import ROOT
from app.core import connections, practice, recipes, samples
from app.core.hub import Hub
from tests.faults.stand import Books

RECIPE, SAMPLE = "zoom-recap-to-notion", "weekly-planning"
MEETINGS = "11111111-1111-4111-8111-111111111111"  # the data sources that the practice Notion begins with
TODOS = "22222222-2222-4222-8222-222222222222"
SUMMARY = "Ben liked the stand of a pencil maker. Chloe will order a catalogue."
TODO = {"task": "Order a catalogue", "owner": "nobody", "due": None, "quote": "Chloe will order a catalogue."}
_KEY = re.compile(r"hub-[0-9a-z]{20}")
ANSWER = {"overview": "Ben told Chloe about the trade fair.", "decisions": [], "todos": [TODO]}


@dataclass(frozen=True)
class Delivery:
    """What a vendor sends: the bytes, and the headers that sign them."""

    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Effect:
    """One change in a vendor's books: of which event, and which of its changes it is."""

    name: str
    place: str
    id: str
    key: str  # of the write that meant it, where the vendor is given one
    sha256: str  # of the whole request, as the hub counts it


class Story(Protocol):
    """One way of events. `places`: the changes that each of them makes; `asks`: after a lost answer a person is asked."""

    title: str
    places: tuple[str, ...]
    asks: bool

    def delivery(self, name: str, *, serial: str = "", age: int = 0) -> Delivery:
        """`serial`: the thing it is about, if several events are to be about one; `age`: seconds ago that it was signed."""

    def fault(self, do: str, name: str = "", **more: Any) -> None:
        """On the request that makes the first change of this event (`skip` 1: the second); no name is anybody's."""

    def effects(self, after: int) -> list[Effect]:
        """All that was changed by requests with a higher number."""

    def known(self, after: int) -> set[str]:
        """Ids of everything that was changed."""


class Recaps:
    """Zoom's recap, the model, a page in Notion, a row in Notion: two `findable` writes an event."""

    title = "Zoom to Notion"
    places: tuple[str, ...] = ("page", "row")
    asks = False
    slug, method, path = "notion", "POST", "/v1/pages"  # the request that makes the change

    def __init__(self, hub: Hub, books: Books, folder: Path) -> None:
        self.books = books
        # A meeting's recap is filed once; so that several events may be about one thing, that thing is the host here.
        serial = ('serial: "{{ event.meeting_uuid }}"', 'serial: "{{ event.host_email }}"')
        recipes.publish(hub, self.changed(folder, *serial), by="faults")
        self.switch_on(hub)
        books.ask("model", {"answer": ANSWER})
        own = connections.get(hub, practice.connection_id(hub, "zoom"))
        self._hook = own["hook_address"].removeprefix(hub.settings.address)
        self._secret = practice.token(hub).encode()

    def switch_on(self, hub: Hub, level: str = "auto") -> None:
        chosen = {"meetings": MEETINGS, "todos": TODOS}
        recipes.switch_on(hub, RECIPE, practice=True, settings=chosen, level=level, daily_tokens=10**12, by="faults")

    def changed(self, parent: Path, old: str, new: str) -> Path:
        """A new version of the recipe, to be published: its folder, where it may have been changed before."""
        folder = parent / RECIPE
        if not folder.exists():
            shutil.copytree(ROOT / "recipes" / RECIPE, folder)
        text = (folder / "recipe.yaml").read_text()
        assert old in text
        (folder / "recipe.yaml").write_text(text.replace(old, new))
        return folder

    def delivery(self, name: str, *, serial: str = "", age: int = 0) -> Delivery:
        """`serial`: the thing it is about, if several events are to be about one; `age`: seconds ago that it was signed."""
        body = json.loads(samples.body(RECIPE, SAMPLE))
        meeting = "faults-" + hashlib.sha256(name.encode()).hexdigest()[:16]
        about = {"meeting_topic": name, "meeting_uuid": meeting, "summary_overview": f"{SUMMARY} This was {name}."}
        about["meeting_host_email"] = f"{serial or meeting}@shop.example"
        emptied: dict[str, Any] = {"summary_details": [], "next_steps": [], "summary_content": ""}
        now = int(time.time())
        body["event_ts"] = now * 1000
        body["payload"]["object"] |= about | emptied
        return self._signed(json.dumps(body, ensure_ascii=False).encode(), str(now - age))

    def again(self, delivery: Delivery) -> Delivery:
        """The same bytes, signed now."""
        return self._signed(delivery.body, str(int(time.time())))

    def _signed(self, body: bytes, stamp: str) -> Delivery:
        seal = hmac.new(self._secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"x-zm-request-timestamp": stamp, "x-zm-signature": f"v0={seal}"}
        return Delivery(self._hook, body, {"Content-Type": "application/json", **headers})

    def fault(self, do: str, name: str = "", **more: Any) -> None:
        """On the request that makes the first change of this event (`skip` 1: the second); no name is anybody's."""
        where = {"method": self.method, "path": self.path, "contains": name}
        self.books.fault(self.slug, do, **{**where, **more})

    def fault_earlier(self, do: str, name: str, **more: Any) -> None:
        """On a request that comes before the change and changes nothing."""
        self.books.fault("openai", do, contains=name, **more)

    def effects(self, after: int) -> list[Effect]:
        rows = self.books.ledger(self.slug, after)
        return [_page(row) for row in rows if row["effect"] == "page.create"]

    def known(self, after: int) -> set[str]:
        """Ids of everything that was changed."""
        return {row["id"] for row in self.books.ledger(self.slug, after, bodies=False) if row["effect"]}


def _page(row: dict[str, Any]) -> Effect:
    body = json.loads(row["body"])
    texts = {name: _text(value) for name, value in body["properties"].items()}
    name, place = (texts.get("Name", ""), "page")
    if body["parent"]["data_source_id"] == TODOS:
        name, place = texts.get("Meeting", ""), "row"
    keys = _KEY.findall(row["body"])
    return Effect(name, place, row["id"], keys[0] if keys else "", sha256(row))


def sha256(row: dict[str, Any]) -> str:
    """Of a request in a vendor's ledger."""
    head = f"{row['method']} {row['path']}\napplication/json\n"
    return hashlib.sha256((head + row["body"]).encode()).hexdigest()


def _text(value: dict[str, Sequence[dict[str, Any]]]) -> str:
    parts = value.get("title") or value.get("rich_text") or ()
    return "".join(part["text"]["content"] for part in parts)
