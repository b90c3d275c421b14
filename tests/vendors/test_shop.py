"""The stand-in shop keeps its word, alone and with a whole hub: otherwise what is tested against it proves nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import requests

import connectors
from app.core import intake, practice, trial
from app.practice.serve import Served
from connectors.contract import Safety
from tests.durability import processes
from tests.durability.world import until
from tests.redis_server import Server
from tests.vendors.connectors.shop import ACTIONS
from tests.vendors.shop import SHOP, signed, task
from tests.vendors.shop_hub import CONNECTORS, RECIPES, ShopWorld, address

ASKED = [name for name, action in ACTIONS.items() if not action.internal]


class Caller:
    """Calls the shop directly: (status, body)."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {served.token}"

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.session.request(method, f"{self.served.url}/shop{path}", json=body, headers=names, timeout=20)
        return answer.status_code, answer.json()


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Caller]:
    with Served(tmp_path / "practice", limits=False, further=[SHOP]) as served:
        caller = Caller(served)
        yield caller
        caller.session.close()


def test_a_key_gets_the_same_answer_until_it_is_forgotten(call: Caller) -> None:
    first = call("POST", "/orders", {"ref": "1"}, Idempotency_Key="k")
    assert call("POST", "/orders", {"ref": "1"}, Idempotency_Key="k") == first
    assert call("POST", "/orders", {"ref": "2"}, Idempotency_Key="k")[0] == 422
    call.served.control("settings", {"shop_key_life": 0})
    assert call("POST", "/orders", {"ref": "1"}, Idempotency_Key="k")[1]["id"] != first[1]["id"]


@pytest.mark.parametrize(("do", "applied"), [("status", 0), ("status_after", 1)])
def test_a_stored_error_comes_again(call: Caller, do: str, applied: int) -> None:
    call.served.fault("shop", do, status=500, stored=True)
    asked = [call("POST", "/orders", {"ref": "1"}, Idempotency_Key="k") for _ in range(3)]
    assert [status for status, _ in asked] == [500, 500, 500]
    assert len(call.served.effects("shop")) == applied


def test_a_held_request_keeps_its_key_busy(call: Caller) -> None:
    call.served.fault("shop", "hold_after")
    other = Caller(call.served)
    with ThreadPoolExecutor(1) as hands, closing(other.session):
        first = hands.submit(other, "POST", "/orders", {"ref": "1"}, Idempotency_Key="k")
        until(lambda: any(request["held"] for request in call.served.ledger("shop")))
        status, body = call("POST", "/orders", {"ref": "1"}, Idempotency_Key="k")
        assert (status, body["error"]["code"]) == (409, "in_progress")
        call.served.control("release", {})
        assert first.result()[0] == 200
    assert len(call.served.effects("shop")) == 1


def test_the_other_classes_behave_as_they_say(call: Caller) -> None:
    assert call("POST", "/parcels", {"id": "mine", "ref": "1"})[0] == 200
    assert call("POST", "/parcels", {"id": "mine", "ref": "1"})[0] == 409
    assert call("PUT", "/stock/x", {"count": 3}, If_Match="1")[1]["version"] == 2
    assert call("PUT", "/stock/x", {"count": 4}, If_Match="1")[0] == 412
    assert call("PATCH", "/customers/Anna", {"note": "tall"})[1]["note"] == "tall"
    assert call("GET", "/customers/anna")[1]["note"] == "tall"
    draft = call("POST", "/mails", {"ref": "1", "key": "k"})[1]
    assert call("POST", f"/mails/{draft['id']}/send")[1]["state"] == "sent"
    assert call("POST", f"/mails/{draft['id']}/send")[0] == 409
    call.served.control("settings", {"shop_lag": 3600})
    ticket = call("POST", "/tickets", {"ref": "1", "key": "k"})[1]
    assert call("GET", "/tickets?key=k")[1] == {"found": []}
    call.served.control("settings", {"shop_lag": 0})
    assert call("GET", "/tickets?key=k")[1] == {"found": [ticket]}
    call.served.control("shop_edit", {"id": draft["id"], "text": "By hand"})
    assert call("GET", f"/mails/{draft['id']}")[1]["text"] == "By hand"
    call.served.control("shop_remove", {"id": draft["id"]})
    assert call("GET", f"/mails/{draft['id']}")[0] == 404


def test_it_can_be_started_alone(tmp_path: Path, free_port: int) -> None:
    words = ["--port", str(free_port), "--folder", str(tmp_path), "--token", "t", "--control"]
    shop = subprocess.Popen([sys.executable, "-m", "tests.vendors.shop", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert shop.stdout
        assert shop.stdout.readline().strip() == f"http://127.0.0.1:{free_port}"
        given = {"headers": {"Authorization": "Bearer t"}, "timeout": 20.0}
        base = f"http://127.0.0.1:{free_port}"
        assert requests.post(f"{base}/shop/messages", json={"ref": "7"}, **given).status_code == 200  # type: ignore[arg-type]
        (effect,) = requests.get(f"{base}/_control/state?slug=shop", timeout=20).json()["effect"]
        assert (effect["what"], effect["ref"]) == ("message.create", "7")
    finally:
        shop.kill()
        shop.wait()
        assert shop.stdout
        shop.stdout.close()


def test_every_class_has_an_action() -> None:
    assert {action.safety for action in ACTIONS.values()} == set(Safety)


@pytest.mark.parametrize("folder", sorted(RECIPES.iterdir()), ids=lambda folder: str(folder.name))
def test_its_recipes_pass_their_cases(folder: Path) -> None:
    _, results = trial.check(connectors.load((CONNECTORS,)), folder)
    assert [result.problems for result in results] == [[]]


@pytest.mark.both_databases
def test_an_event_of_each_kind_makes_one_change(shop: ShopWorld) -> None:
    for do in ASKED:
        shop.task(do)
    shop.work()
    assert {run["state"] for run in shop.runs()} == {"done"}, [(r["recipe"], r["why"]) for r in shop.runs()]
    done = sorted(effect["what"] for effect in shop.effects())
    names = {"stock": "stock.set", "note": "customer.set", "remove": "customer.remove"}
    assert done == sorted([names.get(do, f"{do}.create") for do in ASKED] + ["mail.send"])
    assert {write["found_by"] for write in shop.writes()} == {"answer"}


def test_a_whole_hub_works_for_the_shop(shop: ShopWorld) -> None:
    """Web, worker and clock as processes of their own, with the connector from its folder."""
    path, secret = address(shop.hub), practice.token(shop.hub)
    redis = Server()
    try:
        with ExitStack() as stack:
            for name in ("web", "worker", "clock"):
                stack.enter_context(processes.process(shop, name, redis.url))
            until(lambda: processes.answers(shop.settings.port))
            for do in ASKED:
                body = task(do, "1")
                status, answer = processes.post(shop.settings.port, path, body, signed(secret, body))
                assert status == 200, answer
            processes.wait_for_all(shop, len(ASKED))
    finally:
        redis.stop()
    assert len(shop.effects()) == len(ASKED) + 1


def test_a_delivery_that_is_not_signed_is_refused(shop: ShopWorld) -> None:
    body = task("order", "1")
    headers = {name.lower(): value for name, value in signed("another", body).items()}
    answer = intake.receive(shop.hub, "shop", address(shop.hub).rsplit("/", 1)[1], body, headers)
    assert (answer.status, answer.body, shop.events()) == (400, {"error": "signature"}, [])
