"""A run that kills its worker: it waits for a person in the end, and those that were in the same worker's hands go on."""

from __future__ import annotations

import pytest

from app.core import claims, engine, routing
from tests.durability.world import World, open_ahead

BOTH = pytest.mark.both_databases
HOUR = 3_600_000


def live(here: World, poison: str, most: int = 8) -> None:
    """One worker's life: it takes what it may, again and again, until it has the poison in hand and dies with all it holds."""
    hub = open_ahead(here.settings)
    hub.steady = here.hub.steady
    try:
        while held := claims.claim_some(hub, "a worker", most):
            if poison in [claim.run["id"] for claim in held]:
                return
            for claim in held:
                engine.work_on(hub, claim)
    finally:
        hub.close()


@BOTH
def test_those_in_the_same_hands_are_not_held_for_what_one_did(here: World) -> None:
    ids = [run for n in range(7) for run in routing.route(here.hub, here.receive(f"Meeting {n}", meeting=f"m{n}"))]
    poison = ids[3]
    for _ in range(20):  # lives; a run that is poison stops after five
        live(here, poison)
        here.skip(HOUR)
    states = {run["id"]: run["state"] for run in here.runs()}
    assert states.pop(poison) == "waiting"
    assert set(states.values()) == {"done"}
    assert [(review["kind"], review["run"]) for review in here.reviews(state="open")] == [("poison", poison)]


@BOTH
def test_new_runs_pass_a_suspect_by_and_suspects_come_one_by_one(here: World) -> None:
    old = [run for n in range(3) for run in routing.route(here.hub, here.receive(f"Old {n}", meeting=f"o{n}"))]
    for _ in range(2):
        hub = open_ahead(here.settings)
        assert len(claims.claim_some(hub, "dies", 8)) == 3
        hub.close()
        here.skip(HOUR)
    new = [run for n in range(2) for run in routing.route(here.hub, here.receive(f"New {n}", meeting=f"n{n}"))]
    held = claims.claim_some(here.hub, "lives", 8)
    suspects = [claim for claim in held if claim.run["id"] in old]
    assert len(suspects) == 1
    assert {claim.run["id"] for claim in held} - {suspects[0].run["id"]} == set(new)
    assert claims.claim_some(here.hub, "lives", 8) == []
    engine.work_on(here.hub, suspects[0])
    (second,) = claims.claim_some(here.hub, "lives", 8)
    assert second.run["id"] in old
