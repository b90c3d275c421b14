"""The model's budget of a day when a worker dies while it waits for the model."""

from __future__ import annotations

from sqlalchemy import func, select

from app.db import models
from tests.durability.smithy import Smithy


def spent(smithy: Smithy) -> int:
    """Tokens used and reserved."""
    with smithy.world.hub.db.read() as conn:
        return int(conn.execute(select(func.sum(models.budgets.c.tokens))).scalar_one() or 0)


def test_what_was_reserved_for_a_question_is_given_back_when_the_run_goes_on(smithy: Smithy) -> None:
    labels = smithy.case().kill(0).labels
    asked = next(n for n, label in enumerate(labels, 1) if label.startswith("after send of POST /openai"))
    case, before = smithy.case(), spent(smithy)
    assert [case.kill(asked).end, case.kill(asked).end] == ["killed", "left"]  # it has a lease that is not over yet
    (run,) = smithy.world.runs(case.event)
    reserved = spent(smithy) - before
    assert reserved > 0
    assert sum(e["tokens_in"] for e in smithy.world.entries(run=run["id"])) == reserved
    case.finish()
    used = sum(e["tokens_in"] + e["tokens_out"] for e in smithy.world.entries(run=run["id"]))
    assert 0 < used < reserved
    assert spent(smithy) - before == used
