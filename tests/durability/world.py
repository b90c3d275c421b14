"""A hub whose practice vendors stand on loopback, with a clock that tests may move on, and the vendors' books to read."""

from __future__ import annotations

import hashlib
import hmac
import json
import mmap
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

import connectors
from app.core import beginning, claims, engine, events, intake, practice, reviews, routing
from app.core.hub import Hub, open_hub
from app.db import models
from app.db.migrate import migrate
from app.db.session import Database
from app.db.steady import Steady
from app.practice.door import Vendor
from app.practice.serve import Served
from app.settings import Settings
from connectors.contract import Connector
from tests import prepared

RECIPE = "zoom-recap-to-notion"
MEETINGS = "11111111-1111-4111-8111-111111111111"  # the data sources that the practice Notion begins with
TODOS = "22222222-2222-4222-8222-222222222222"
SUMMARY = "Ben liked the stand of a pencil maker. Chloe will order a catalogue."
ANSWER = {
    "overview": "Ben told Chloe about the trade fair.",
    "decisions": [],
    "todos": [
        {"task": "Order a catalogue", "owner": "Chloe Park", "due": None, "quote": "Chloe will order a catalogue."}
    ],
}
SOON = 600_000  # ms: longer than any wait that ends by itself soon


class Ahead(Steady):
    """The steady clock, moved on by tests instead of waiting: for all processes of one home at once, as real time would."""

    def __init__(self, db: Database, home: Path) -> None:
        super().__init__(db)
        with (home / "skipped").open("a+b") as file:
            file.truncate(8)
            self._shared = mmap.mmap(file.fileno(), 8)

    @property
    def skipped(self) -> int:
        """ms."""
        return int.from_bytes(self._shared[:8], "big")

    def skip(self, ms: int) -> None:
        self._shared[:8] = (self.skipped + ms).to_bytes(8, "big")

    def now(self) -> int:
        return super().now() + self.skipped


def quick(settings: Settings | None = None) -> dict[str, Connector]:
    """The connectors without their rate limits, which would only slow a test down."""
    found = connectors.load(settings.connectors if settings else ())
    return {slug: replace(c, rate=1000.0, burst=1000) for slug, c in found.items()}


def open_ahead(settings: Settings) -> Hub:
    hub = open_hub(settings, quick(settings))
    hub.steady = Ahead(hub.db, settings.home)
    return hub


def ahead(hub: Hub) -> Ahead:
    """The clock of a hub of `open_ahead`."""
    assert isinstance(hub.steady, Ahead)
    return hub.steady


def swift_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is such a place: the kills are the same, the commits are quicker."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="pb-", dir=memory if memory.is_dir() else None)


@dataclass
class World:
    """One hub and its vendors."""

    hub: Hub
    served: Served

    @property
    def settings(self) -> Settings:
        return self.hub.settings

    # --- what comes in ---

    def delivery(self, topic: str = "Catch-up", *, meeting: str = "", when: int = 0, **about: Any) -> Delivery:
        """A recap as Zoom would sign and send it now."""
        when = when or int(time.time() * 1000)
        recap = {
            "meeting_host_id": "practice-host-2",
            "meeting_host_email": "ben@shop.example",
            "meeting_uuid": meeting or hashlib.sha256(topic.encode()).hexdigest()[:20],
            "meeting_id": 81234567891,
            "meeting_topic": topic,
            "meeting_start_time": "2026-11-03T14:00:00Z",
            "summary_created_time": "2026-11-03T14:08:10Z",
            "summary_last_modified_time": "2026-11-03T14:08:10Z",
            "summary_overview": SUMMARY,
            "summary_details": [],
            "next_steps": [],
            **about,
        }
        payload = {"account_id": "practice-account", "object": recap}
        document = {"event": "meeting.summary_completed", "event_ts": when, "payload": payload}
        return self.signed(json.dumps(document).encode())

    def signed(self, body: bytes, secret: str = "") -> Delivery:
        stamp = str(int(time.time()))
        key = (secret or practice.token(self.hub)).encode()
        seal = hmac.new(key, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"x-zm-request-timestamp": stamp, "x-zm-signature": f"v0={seal}"}
        own = models.connections.c.id == practice.connection_id(self.hub, "zoom")
        with self.hub.db.read() as conn:
            return Delivery(body, headers, conn.execute(select(models.connections.c.hook_key).where(own)).scalar_one())

    def receive(self, topic: str = "Catch-up", **about: Any) -> str:
        """Take a delivery; returns the id of its event."""
        sent = self.delivery(topic, **about)
        answer = intake.receive(self.hub, "zoom", sent.key, sent.body, sent.headers)
        assert answer.status == 200, answer
        return str(answer.body["event"])

    # --- working ---

    def work(self, most: int = SOON) -> None:
        drive(self.hub, most)

    def approve(self) -> int:
        """Somebody approves all that they are asked about; how many changes that were."""
        asked = self.reviews(state="open", kind="approve")
        for review in asked:
            reviews.decide(self.hub, review["id"], "approve", by="Ana")
        return len(asked)

    def work_and_approve(self, most: int = SOON) -> None:
        self.work(most)
        while self.approve():
            self.work(most)

    def skip(self, ms: int) -> None:
        ahead(self.hub).skip(ms)

    # --- what is there now ---

    def runs(self, event: str = "") -> list[dict[str, Any]]:
        return self._rows(models.runs, event=event)

    def run(self, event: str = "") -> dict[str, Any]:
        (only,) = self.runs(event)
        return only

    def writes(self, **where: Any) -> list[dict[str, Any]]:
        return self._rows(models.writes, **where)

    def entries(self, **where: Any) -> list[dict[str, Any]]:
        return self._rows(models.entries, **where)

    def reviews(self, **where: Any) -> list[dict[str, Any]]:
        return self._rows(models.reviews, **where)

    def events(self) -> list[dict[str, Any]]:
        return self._rows(models.events)

    def _rows(self, table: Any, **where: Any) -> list[dict[str, Any]]:
        asked = [table.c[name] == value for name, value in where.items() if value != ""]
        with self.hub.db.read() as conn:
            rows = conn.execute(select(table).where(*asked).order_by(*table.primary_key)).mappings()
            return [dict(row) for row in rows]

    def connection(self, slug: str) -> str:
        return practice.connection_id(self.hub, slug)

    # --- what the vendors say ---

    def pages(self, source: str = MEETINGS, after: int = 0) -> list[str]:
        """The titles of the pages that were ever made in a data source; `after`: a number of the vendors' ledger."""
        made = self.served.control(f"ledger?slug=notion&bodies=1&after={after}")
        return [title for place, title in map(_made, made) if place == source]

    def asked(self, after: int = 0) -> int:
        """How often the model answered."""
        return len([r for r in self.served.control(f"ledger?slug=openai&after={after}") if r["effect"]])

    def state(self) -> tuple[str, list[str], list[str]]:
        """Run, meetings, to-dos: ("done", ["Catch-up"], ["Order a catalogue"]) when all went well."""
        return self.run()["state"], self.pages(), self.pages(TODOS)


ALL_WELL = ("done", ["Catch-up"], ["Order a catalogue"])


@dataclass(frozen=True)
class Delivery:
    """One signed delivery and the key of the address it goes to."""

    body: bytes
    headers: dict[str, str]
    key: str


def _made(request: dict[str, Any]) -> tuple[str, str]:
    """(data source, title) of a request that made a page."""
    if request["effect"] != "page.create":
        return "", ""
    body = json.loads(request["body"])
    titles = (p["title"] for p in body["properties"].values() if "title" in p)
    return body["parent"]["data_source_id"], "".join(part["text"]["content"] for part in next(titles))


@contextmanager
def world(
    settings: Settings,
    folder: Path,
    *,
    host: str = "127.0.0.1",
    further: Sequence[Vendor] = (),
    also: Callable[[Hub], None] | None = None,
) -> Iterator[World]:
    """A prepared hub; the model answers `ANSWER` to everything. `host`: where the vendors listen; `further` ones stand
    beside ours; `also` prepares more."""
    migrate(settings)
    first = open_hub(settings, quick(settings))
    kind = f"world and {also.__qualname__}" if also else "world"
    is_prepared = prepared.put(first, kind)
    token = practice.token(first)
    first.close()
    with Served(folder, token, limits=False, host=host, further=further) as served:
        hub = open_ahead(replace(settings, vendor_urls={"practice": served.url}))
        try:
            beginning.prepare(hub)
            plenty = update(models.switches).values(daily_tokens=10**9)  # killed calls keep what they reserved
            hub.db.write(lambda conn: conn.execute(plenty))
            if also is not None and not is_prepared:
                also(hub)
            prepared.keep(hub, kind)
            served.control("model", {"answer": ANSWER})
            made = World(hub, served)
            yield made
            hub = made.hub  # a test may have put another one in its place
        finally:
            hub.close()


# --- a worker and a clock without Redis -------------------------------------------------------------------------------


def one_round(hub: Hub) -> int:
    """What a clock would ring for, done at once. Returns how much there was."""
    fresh = events.new_ones(hub, 100)
    for event_id in fresh:
        routing.route(hub, event_id)
    ready = claims.ready(hub, 100)
    for run_id in ready:
        if (claim := claims.claim(hub, "a test", run_id)) is not None:
            engine.work_on(hub, claim)
    return len(fresh) + len(ready)


def drive(hub: Hub, most: int = SOON) -> None:
    """Work until nothing is left that goes on by itself within `most` ms; the clock is moved on, nobody waits."""
    clock = ahead(hub)
    for _ in range(200):
        if one_round(hub):
            continue
        wait = _next(hub)
        if wait is None or wait > most:
            return
        clock.skip(wait + 1)
    raise AssertionError("it goes on and on")


def _next(hub: Hub) -> int | None:
    """ms until a run may be claimed again."""
    c = models.runs.c
    with hub.db.read() as conn:
        rows = conn.execute(select(c.state, c.wake_at, c.lease_until).where(c.state.in_(("later", "running")))).all()
    times = [row.wake_at if row.state == "later" else row.lease_until for row in rows]
    return max(min(times) - hub.steady.now(), 0) if times else None


def until(there: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    end, pause = time.monotonic() + seconds, 0.005
    while not there():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(pause)
        pause = min(pause * 1.3, 0.05)  # who asks all the time takes the processor from what it waits for


def quiet(served: Served) -> None:
    """Wait until the vendors have dealt with everything that had reached them when this was called.

    Its own request is accepted after all that came before it, so only the threads of earlier ones are to be waited for.
    """
    served.control("faults")
    until(lambda: not any(_answers_for(served, thread) for thread in threading.enumerate()))


def _answers_for(served: Served, thread: threading.Thread) -> bool:
    """Whether a thread deals with a request to these vendors; servers of other tests may still hold idle connections."""
    target = getattr(thread, "_target", None)
    name, server = getattr(target, "__name__", ""), getattr(target, "__self__", None)
    return name == "process_request_thread" and server is served.server
