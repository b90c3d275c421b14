"""kill -9 of the web process at every point of a submission: the visitor, who saw no thanks, sends again, and it is there once."""

from __future__ import annotations

import json

from app.core import forms
from tests.durability.smithy import Smithy

ANSWERS = {"name": "Ilse", "email": None, "what": "A repair", "budget": None, "by": None, "call": None, "message": None}


def test_a_web_process_killed_at_any_point_of_a_submission(smithy: Smithy) -> None:
    world = smithy.world
    own = world.connection("form")
    at, end = 0, ""
    while end != "left":
        at += 1
        case = smithy.case(deliver=False)
        given = {"form": own, "page": f"page {at}", "answers": ANSWERS}
        end = case.kill(at, "submit", given=given).end
        again = forms.submit(world.hub, forms.by_id(world.hub, own), f"page {at}", ANSWERS)
        assert again.status == 200
        mine = [one for one in world.events() if one["dedupe_key"].startswith(f"submitted:page {at}:")]
        assert len(mine) == 1, at
        held = json.loads(world.hub.vault.open(mine[0]["body"], f"events:{mine[0]['id']}:body"))
        assert held["answers"] == ANSWERS
    assert at > 5
