"""A rehearsal sends nothing, stores nothing, and shows the very bytes that a run would send."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from app.core import connections, recipes, rehearsal
from app.db import models
from connectors.contract import ConnectorError
from tests.durability.world import ALL_WELL, RECIPE, World

KEY = re.compile(r"hub-[0-9a-z]{20}")
TABLES = [models.events, models.runs, models.entries, models.writes, models.reviews, models.audit, models.budgets]


def rehearse(here: World, topic: str = "Catch-up") -> dict[str, Any]:
    return rehearsal.rehearse(here.hub, RECIPE, here.delivery(topic).body)


def same(request: dict[str, Any]) -> str:
    """A request without its key (new for every write) and without the link to a page that is not there yet."""
    body = json.loads(KEY.sub("hub-key", request["body"]))
    kept = [block for block in body.get("children", []) if "page of the meeting" not in json.dumps(block)]
    return json.dumps([request["method"], request["path"], {**body, "children": kept}], sort_keys=True)


def test_the_bytes_are_those_that_are_sent(here: World) -> None:
    drawn = rehearse(here)["requests"]
    here.receive()
    here.work()
    assert here.state() == ALL_WELL
    sent = [here.hub.vault.open_json(w["request"], f"writes:{w['id']}:request") for w in here.writes()]
    assert [w["action"] for w in here.writes()] == [d["action"] for d in drawn]
    assert [(w["step"]) for w in here.writes()] == [d["step"] for d in drawn]
    first, mine = KEY.sub("k", sent[1]["body"]), KEY.sub("k", drawn[1]["body"])
    assert first == mine  # the page itself: every byte but the key
    assert [same(s) for s in sent] == [same(d) for d in drawn]
    there = {r["body"] for r in here.served.ledger("notion", bodies=True) if r["effect"]}
    assert {s["body"] for s in sent} == there


def test_the_sum_is_of_what_is_shown(here: World) -> None:
    for request in rehearse(here)["requests"]:
        head = f"{request['method']} {request['path']}\n{request['content_type']}\n"
        assert hashlib.sha256((head + request["body"]).encode()).hexdigest() == request["sha256"]


def test_nothing_is_sent_and_nothing_is_stored(here: World) -> None:
    before = [here._rows(table) for table in TABLES]
    assert len(rehearse(here)["requests"]) == 4  # a column and a page, in two databases
    assert here.served.effects("notion") == []
    assert {r["method"] for r in here.served.ledger("notion") if r["path"].startswith("/v1/pages")} == set()
    assert [here._rows(table) for table in TABLES] == before


def test_it_tells_each_step_and_what_the_model_said(here: World) -> None:
    told = rehearse(here)
    assert told["ended"] == "done"
    assert told["event"]["topic"] == "Catch-up"
    assert [(s["step"], s["state"]) for s in told["steps"]] == [("recap", "done"), ("page", "drawn"), ("rows", "drawn")]
    assert told["steps"][0]["answer"]["todos"][0]["owner"] == "Chloe Park"


def test_what_the_recipe_leaves_out_asks_nobody(here: World) -> None:
    told = rehearse(here, "Interview with Dana")
    assert (told["ended"], told["requests"]) == ("ignored", [])
    assert here.asked() == 0


def test_a_step_that_is_left_out_is_told(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, settings={"todos": ""})
    told = rehearse(here)
    assert told["steps"][-1] == {"step": "rows", "state": "skipped"}
    assert len(told["requests"]) == 2


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"NaN", b'{"a": 1, "a": 2}', b"\xff"])
def test_what_cannot_be_read_is_a_sentence(here: World, body: bytes) -> None:
    with pytest.raises((ValueError, ConnectorError), match="delivery"):
        rehearsal.rehearse(here.hub, RECIPE, body)


def test_a_recipe_that_was_never_filled_in(here: World) -> None:
    here.hub.db.write(lambda conn: conn.execute(models.switches.delete()))
    with pytest.raises(ValueError, match="Fill in this recipe's form first"):
        rehearse(here)


def test_an_account_that_is_missing(here: World) -> None:
    connections.remove(here.hub, here.connection("openai"), by="Ana")
    with pytest.raises(Exception, match="was removed"):
        rehearse(here)
    recipes.switch_on(here.hub, RECIPE, practice=True)
    with pytest.raises(ValueError, match=r"No account is chosen for .* Connect one under Connections"):
        rehearse(here)


@pytest.mark.parametrize("bad", ["not_json", "wrong_shape", "refusal", "length", "empty"])
def test_a_model_that_answers_badly_is_a_sentence(here: World, bad: str) -> None:
    here.served.fault("openai", "model", **{"as": bad})
    with pytest.raises(ConnectorError, match=r"\w+ \w+"):
        rehearse(here)
    assert here.served.effects("notion") == []


@pytest.mark.parametrize("do", ["cut_before", "status", "rubbish"])
def test_a_vendor_that_does_not_answer_is_a_sentence(here: World, do: str) -> None:
    here.served.fault("notion", do, path="/v1/data_sources", times=5)
    with pytest.raises(ConnectorError, match="Notion"):
        rehearse(here)
