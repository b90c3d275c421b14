"""The stand-in shop behaves as its table says, and its connector and recipes fit each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

import connectors
from app.core import trial
from app.practice.serve import Served
from connectors.contract import BadSignature, Safety
from tests.vendors.shop import SHOP, signed, task

ROOT = Path(__file__).resolve().parents[2]
CONNECTORS = ROOT / "tests" / "vendors" / "connectors"
RECIPES = sorted((ROOT / "tests" / "vendors" / "recipes").iterdir())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "practice", further=[SHOP]) as served:
        yield served


def ask(shop: Served, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    wire = HTTPConnection("127.0.0.1", shop.port, timeout=10)
    kind = {"Content-Type": "application/json", "Authorization": f"Bearer {shop.token}"}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        wire.request(method, f"/shop{path}", json.dumps(body).encode(), {**kind, **names})
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        wire.close()


def effects(shop: Served) -> list[str]:
    return [effect["what"] for effect in shop.control("state?slug=shop").get("effect", [])]


def test_a_key_makes_one_order_while_it_is_remembered(shop: Served) -> None:
    first = ask(shop, "POST", "/orders", {"ref": "1"}, Idempotency_Key="k")
    assert ask(shop, "POST", "/orders", {"ref": "1"}, Idempotency_Key="k") == first
    assert ask(shop, "POST", "/orders", {"ref": "2"}, Idempotency_Key="k")[0] == 422
    assert effects(shop) == ["order.create"]
    shop.control("settings", {"shop_key_life": 0})
    assert ask(shop, "POST", "/orders", {"ref": "1"}, Idempotency_Key="k")[1]["id"] != first[1]["id"]


def test_a_stored_fault_is_answered_again(shop: Served) -> None:
    shop.fault("shop", "status_after", status=500, stored=True)
    asked = [ask(shop, "POST", "/charges", {"ref": "1"}, Idempotency_Key="k")[0] for _ in range(3)]
    assert asked == [500, 500, 500]
    assert effects(shop) == ["charge.create"]


def test_an_id_of_the_caller_is_taken_once(shop: Served) -> None:
    assert [ask(shop, "POST", "/parcels", {"id": "Own", "ref": "1"})[0] for _ in range(2)] == [200, 409]


def test_stock_changes_only_at_todays_version(shop: Served) -> None:
    versions = ["1", "1", "2"]
    asked = [ask(shop, "PUT", "/stock/chairs", {"count": 3, "ref": "1"}, If_Match=v)[0] for v in versions]
    assert asked == [200, 412, 200]


def test_a_mail_is_sent_once(shop: Served) -> None:
    _, mail = ask(shop, "POST", "/mails", {"key": "k", "ref": "1"})
    assert [ask(shop, "POST", f"/mails/{mail['id']}/send")[0] for _ in range(2)] == [200, 409]


def test_the_index_lags(shop: Served) -> None:
    shop.control("settings", {"shop_lag": 60})
    ask(shop, "POST", "/tickets", {"key": "k", "ref": "1"})
    assert ask(shop, "GET", "/tickets?key=k") == (200, {"found": []})
    shop.control("settings", {"shop_lag": 0})
    assert len(ask(shop, "GET", "/tickets?key=k")[1]["found"]) == 1


def test_it_stands_alone(tmp_path: Path) -> None:
    """As a process of its own, which tells its address."""
    command = [sys.executable, "-m", "tests.vendors.shop", "--port", "0", "--control", "--folder", str(tmp_path)]
    child = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        address = child.stdout.readline().strip()
        wire = HTTPConnection(address.removeprefix("http://"), timeout=10)
        wire.request("GET", "/_control/ledger?slug=shop")
        assert json.loads(wire.getresponse().read()) == []
        wire.close()
    finally:
        child.kill()
        child.wait()
        assert child.stdout
        child.stdout.close()


def test_every_class_has_an_action() -> None:
    found = connectors.load((CONNECTORS,))["shop"]
    assert {action.safety for action in found.actions.values()} == set(Safety)


@pytest.mark.parametrize("folder", RECIPES, ids=[folder.name for folder in RECIPES])
def test_its_recipes_pass_their_cases(folder: Path) -> None:
    _, results = trial.check(connectors.load((CONNECTORS,)), folder)
    assert [result.problems for result in results] == [[]]


def test_its_deliveries_are_signed() -> None:
    hook = connectors.load((CONNECTORS,))["shop"].hook
    assert hook
    raw = task("order", "7", customer="anna")
    headers = {name.lower(): value for name, value in signed("secret", raw, 1000).items()}
    (event,) = hook.receive(raw, headers, ["secret"], 1000).events
    assert (event.kind, event.dedupe_key, event.serial_key) == ("task.order", "evt-order-7", "anna")
    with pytest.raises(BadSignature):
        hook.receive(raw.replace(b"7", b"8"), headers, ["secret"], 1000)
    with pytest.raises(BadSignature):
        hook.receive(raw, headers, ["secret"], 2000)
