"""What ends by itself: approvals nobody gave, and runs that met a database that was away."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.core import claims, engine, reviews, routing
from app.db import models
from tests.durability.world import World


def _asked(here: World) -> Any:
    here.hub.db.write(lambda conn: conn.execute(update(models.switches).values(level="review")))
    here.receive()
    here.work(most=0)
    return reviews.listing(here.hub)[0]


def test_an_approval_that_nobody_gave_ends_its_run(here: World) -> None:
    review = _asked(here)
    assert reviews.expire(here.hub) == 0
    late = update(models.reviews).values(expires_at=here.hub.now() - 1)
    here.hub.db.write(lambda conn: conn.execute(late))
    assert reviews.expire(here.hub) == 1
    assert reviews.get(here.hub, review["id"])["state"] == "expired"
    run = here.run()
    assert run["state"] == "failed"
    assert "Nobody approved this in time" in run["error"]
    assert not here.served.effects("notion", "page.create")
    with pytest.raises(reviews.Decided):
        reviews.decide(here.hub, review["id"], "approve", by="Ana")


def test_a_database_that_was_away_does_not_fail_a_run(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    event = here.receive()
    (run,) = routing.route(here.hub, event)
    claim = claims.claim(here.hub, "test", run)
    assert claim is not None

    def away(*_: Any) -> None:
        raise OperationalError("select 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr(engine, "walk", away)
    assert engine.work_on(here.hub, claim).state == "lost"
    assert here.run()["state"] == "running"
    monkeypatch.undo()
    here.skip(10_000_000)
    here.work()
    assert here.run()["state"] == "done"
