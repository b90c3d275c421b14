"""Messages in a whole hub: one starts one run, what it sends arrives once whatever gets lost, and nobody's word moves money."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, intake, practice, recipes, reviews
from app.settings import Settings
from tests.connectors import whole
from tests.connectors.signing_web import signed
from tests.durability.world import World

EVENT = {"type": "order.paid", "body": {"data": {"order": "A-17"}}}
SEND = {
    "id": "tell",
    "do": "web.send_message",
    "given": {"message": {"type": "order.seen", "data": {"order": "{{ event.body.data.order }}"}}},
}
MAIL = {
    "id": "mail",
    "do": "email.send",
    "given": {"to": "ana@shop.example", "subject": "An order", "text": "{{ event.body.data.order }}"},
}

DEAL = {"id": "deal", "do": "pipedrive.create_deal", "given": {"title": "{{ event.body.data.order }}", "value": 120}}


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "web.message", EVENT, [SEND]) as made:
        yield made


def key_of(here: World) -> str:
    return str(connections.get(here.hub, here.connection("web"))["hook_address"]).rsplit("/", 1)[1]


def arrive(here: World, number: str = "msg_1", order: str = "A-17", **headers: str) -> intake.Answer:
    body = json.dumps({"type": "order.paid", "data": {"order": order}}).encode()
    proof = headers or signed(body, practice.token(here.hub), time.time(), number)
    return intake.receive(here.hub, "web", key_of(here), body, proof)


def taken(here: World) -> list[Any]:
    return [one["message"] for one in here.served.control("state?slug=web").get("message", [])]


SEEN = {"type": "order.seen", "data": {"order": "A-17"}}


def test_a_message_starts_one_run_and_its_answer_arrives(here: World) -> None:
    assert [arrive(here).status, arrive(here).status] == [200, 200]
    here.work()
    assert (here.run()["state"], taken(here)) == ("done", [SEEN])
    (write,) = here.writes()
    assert write["result_id"] == write["key"]


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "status_after", "rubbish"])
def test_whichever_answer_gets_lost_the_message_counts_once(here: World, do: str) -> None:
    here.served.fault("web", do, method="POST")
    arrive(here)
    here.work()
    assert (here.run()["state"], taken(here)) == ("done", [SEEN])


def test_a_receiver_that_is_in_a_hurry_is_left_alone_as_long_as_it_says(here: World) -> None:
    here.served.fault("web", "status", status=429, headers={"Retry-After": "90"}, method="POST")
    arrive(here)
    here.work(80_000)
    assert (here.run()["state"], taken(here)) == ("later", [])
    here.work(100_000)
    assert (here.run()["state"], taken(here)) == ("done", [SEEN])


def test_a_receiver_that_wants_no_more_gets_no_more_until_a_person_says_so(here: World) -> None:
    here.served.fault("web", "status", status=410, method="POST")
    arrive(here)
    here.work()
    arrive(here, "msg_2")
    here.work()
    assert [run["state"] for run in here.runs()] == ["waiting", "waiting"]
    sent = [one for one in here.served.ledger("web") if one["method"] == "POST"]
    assert len(sent) == 1
    own = connections.get(here.hub, here.connection("web"))
    assert own["state"] == "reconnect"
    assert [review["kind"] for review in here.reviews(state="open")] == ["reconnect"]
    assert arrive(here, "msg_3").status == 200  # what comes in still comes in
    here.served.fault("web", "status", status=410, method="HEAD")
    assert not connections.check(here.hub, here.connection("web"))["ok"]
    here.work()
    assert [run["state"] for run in here.runs()] == ["waiting"] * 3
    assert connections.check(here.hub, here.connection("web"))["ok"]
    here.work()
    assert [run["state"] for run in here.runs()] == ["done"] * 3
    assert len(taken(here)) == 3


def test_a_receiver_that_does_not_notice_repeats_is_never_sent_a_second_one_unasked(
    settings: Settings, tmp_path: Path
) -> None:
    once = {**SEND, "do": "web.send_message_once"}
    with whole.hub(settings, tmp_path, "web.message", EVENT, [once]) as here:
        here.served.control("settings", {"web_forgets": True})
        here.served.fault("web", "cut_after", method="POST")
        arrive(here)
        here.work()
        assert (here.run()["state"], len(here.served.effects("web"))) == ("waiting", 1)
        (review,) = here.reviews(state="open")
        assert review["kind"] == "unknown"


def test_the_recipe_of_the_documentation_does_what_it_says(settings: Settings, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "connect" / "web.md").read_text()
    block = page.partition("```yaml\n")[2].partition("```")[0]
    with whole.hub(settings, tmp_path, "web.message", EVENT, [SEND]) as here:
        head = "recipe: told\ntitle: Told\npurpose: A test.\n"
        (tmp_path / "told" / "recipe.yaml").write_text(head + block)
        recipes.publish(here.hub, tmp_path / "told", by="a test")
        recipes.switch_on(here.hub, "told", practice=True, by="a test")
        arrive(here)
        here.work()
        assert (here.run()["state"], taken(here)) == ("done", [SEEN])


# --- whose word counts ------------------------------------------------------------------------------------------------


def mails(here: World) -> list[dict[str, Any]]:
    return [one for one in here.served.effects("email") if "sen" in one["effect"]]


def deals(here: World) -> int:
    return len(here.served.effects("pipedrive", "deal.create"))


def test_money_that_moves_for_a_message_that_nobody_signed_waits_for_a_person(
    settings: Settings, tmp_path: Path
) -> None:
    with whole.hub(settings, tmp_path, "web.message", EVENT, [SEND, DEAL]) as here:
        whole.change_credentials(here, "web", scheme="bearer")
        assert arrive(here, authorization=f"Bearer {practice.token(here.hub)}").status == 200
        here.work()
        assert (here.run()["state"], deals(here), taken(here)) == ("waiting", 0, [SEEN])
        (review,) = here.reviews(state="open")
        assert review["kind"] == "approve"
        assert "You are asked because nobody signed" in review["says"]
        reviews.decide(here.hub, review["id"], "approve", by="Ana")
        here.work()
        assert (here.run()["state"], deals(here)) == ("done", 1), here.run()


def test_money_that_moves_for_a_signed_message_goes_as_the_recipe_says(settings: Settings, tmp_path: Path) -> None:
    with whole.hub(settings, tmp_path, "web.message", EVENT, [DEAL]) as here:
        arrive(here)
        here.work()
        assert (here.run()["state"], deals(here)) == ("done", 1), here.run()


def test_a_mail_waits_for_a_person_whoever_signed(settings: Settings, tmp_path: Path) -> None:
    with whole.hub(settings, tmp_path, "web.message", EVENT, [MAIL]) as here:
        arrive(here)
        here.work()
        assert (here.run()["state"], mails(here)) == ("waiting", [])
        (review,) = here.reviews(state="open")
        assert "because a person decides about this, however freely the recipe may write" in review["says"]
        here.work_and_approve()
        assert (here.run()["state"], len(mails(here))) == ("done", 1), here.run()


def test_money_that_moves_after_waiting_for_a_message_that_nobody_signed_waits_too(
    settings: Settings, tmp_path: Path
) -> None:
    waits = {
        "id": "answer",
        "wait": {"for_event": "web.message", "where": {"type": "order.confirmed"}, "at_most": "1 day"},
    }
    with whole.hub(settings, tmp_path, "web.message", EVENT, [waits, DEAL]) as here:
        arrive(here)
        here.work(0)
        assert here.run()["state"] == "later"
        whole.change_credentials(here, "web", scheme="bearer")
        body = b'{"type":"order.confirmed"}'
        proof = {"authorization": f"Bearer {practice.token(here.hub)}"}
        assert intake.receive(here.hub, "web", key_of(here), body, proof).status == 200
        here.work()
        first = min(here.runs(), key=lambda run: str(run["id"]))
        assert (first["state"], deals(here)) == ("waiting", 0)
        assert "approve" in [review["kind"] for review in here.reviews(state="open", run=first["id"])]
