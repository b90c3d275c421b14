"""What a hub does all day, one thing at a time in this process: for measuring the same on a small and on a grown database."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.core import (
    claims,
    echoes,
    engine,
    events,
    intake,
    polling,
    practice,
    reviews,
    routing,
    runs,
    sessions,
    users,
    writes,
)
from app.core.hub import Hub
from app.core.ids import first_at
from app.db import models
from app.main import create_app
from app.settings import Settings
from connectors.contract import Event
from tests.bench import fill
from tests.durability.world import RECIPE, Delivery, World, world


@dataclass
class Operation:
    """`act` is measured; `prepare` makes what it needs before, `tidy` puts things back after."""

    name: str
    act: Callable[[Any], object]
    prepare: Callable[[], Any] = lambda: None
    tidy: Callable[[], object] = lambda: None


@dataclass
class Stage:
    """A hub with some history, real runs among the newest, and somebody signed in to look at it."""

    here: World
    client: FlaskClient
    app_hub: Hub
    size: int  # bytes of the database
    _topics: Iterator[int] = field(default_factory=itertools.count)

    @property
    def hub(self) -> Hub:
        return self.here.hub

    def operations(self) -> list[Operation]:
        newest = runs.listing(self.hub, state="done", limit=1)[0]["id"]
        deep = runs.listing(self.hub, limit=1, before=_middle(self.hub))[0]["id"]
        return [
            Operation("Store an event (acknowledge)", self._store, self._delivery),
            Operation("Claim the run of an event", self._claim, self._routed, self._unclaim),
            Operation("Claim the run that has waited longest", self._claim, lambda: None, self._unclaim),
            Operation("A round of the clock", self._round),
            Operation("Tell news from what we did ourselves", self._news),
            self._page("Home", "/"),
            self._page("List of runs", "/runs"),
            self._page("… those that stopped", "/runs?state=failed"),
            self._page("… of one recipe that stopped", f"/runs?state=failed&recipe={RECIPE}"),
            self._page("… of one recipe that are done", f"/runs?state=done&recipe={RECIPE}"),
            self._page("… under way", "/runs?state=open"),
            self._page("… from a year ago", f"/runs?before={deep}"),
            self._page("Page of a run", f"/runs/{newest}"),
            self._page("Recipes", "/recipes"),
            self._page("Inbox", "/inbox"),
            self._page("Figures for Prometheus", "/metrics"),
            Operation("patchbay runs, events, writes, reviews", self._commands),
        ]

    # --- what is done ---

    def _delivery(self) -> Delivery:
        return self.here.delivery(f"Measured {next(self._topics)}")

    def _store(self, sent: Delivery) -> str:
        answer = intake.receive(self.hub, "zoom", sent.key, sent.body, sent.headers)
        assert answer.status == 200, answer
        return str(answer.body["event"])

    def _routed(self) -> str:
        (run_id,) = routing.route(self.hub, self._store(self._delivery()))
        return run_id

    def _claim(self, run_id: str | None) -> None:
        taken = claims.claim(self.hub, "bench", run_id)
        assert taken is not None

    def _unclaim(self) -> None:
        """Whatever this has claimed is in line again, as if nobody had touched it."""
        fresh = {"state": "queued", "claims": 0, "holder": "", "lease_until": 0}
        mine = (models.runs.c.holder == "bench") & (models.runs.c.state == "running")
        with self.hub.db.read() as conn:
            ids = conn.execute(select(models.runs.c.id).where(mine, models.runs.c.state.in_(_AT_WORK))).scalars().all()
        self.hub.db.write(
            lambda conn: conn.execute(update(models.runs).where(models.runs.c.id.in_(ids)).values(**fresh))
        )

    def _news(self, _: object) -> None:
        told = Event("page.changed", "a", b"", object="no page of ours", version="1")
        assert echoes.without(self.hub, practice.connection_id(self.hub, "notion"), [told]) == [told]

    def _round(self, _: object) -> None:
        events.new_ones(self.hub, 200, older_than=2000)
        claims.ready(self.hub, 200)
        reviews.expire(self.hub)
        polling.due(self.hub)

    def _commands(self, _: object) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            for noun in (runs, events, writes):
                print(noun.listing(self.hub))
            print(reviews.listing(self.hub, limit=200))

    def _page(self, name: str, path: str) -> Operation:
        def look(_: object) -> None:
            answer = self.client.get(path, base_url=f"http://127.0.0.1:{self.hub.settings.port}")
            assert answer.status_code == 200, (path, answer.status_code)

        return Operation(name, look)


_AT_WORK = models.literally(models.AT_WORK)


def _middle(hub: Hub) -> str:
    """The first id of a year ago."""
    return first_at(hub.now() - fill.SPAN // 2)


@contextmanager
def stage(settings: Settings, folder: Path, number: int, real: int = 10) -> Iterator[Stage]:
    """A hub whose history has `number` runs, `real` of them made by the hub itself just now."""
    with world(settings, folder) as here:
        for n in range(2):  # the first one also makes the database's columns
            event = here.receive(f"Pattern {n}")
            here.work()
        fill.fill(here.hub, fill.Pattern.of(here.hub, here.run(event)["id"]), number - 2 - real)
        for n in range(real):
            here.receive(f"Real {n}")
            work_on_new(here)
        fill.settle(here.hub)
        bytes_ = fill.size(here.hub)
        app = create_app(here.settings)
        hub = app.extensions["hub"]
        try:
            yield Stage(here, _signed_in(hub, app), hub, bytes_)
        finally:
            hub.close()


def work_on_new(here: World) -> None:
    """Bring what has just come in to its end, without touching the history."""
    for event_id in events.new_ones(here.hub, 100):
        for run_id in routing.route(here.hub, event_id):
            taken = claims.claim(here.hub, "a test", run_id)
            assert taken is not None
            outcome = engine.work_on(here.hub, taken)
            assert outcome.state == "done", outcome


def _signed_in(hub: Hub, app: Any) -> FlaskClient:
    user = users.add(hub, email="owner@example.com", name="Ana Owner", role="owner", password="green lamp under piano")
    client: FlaskClient = app.test_client()
    client.set_cookie("patchbay", sessions.start(hub, user), domain="127.0.0.1")
    return client
