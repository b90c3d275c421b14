"""Any service's messages over real HTTP: each way of proving them, every kind of wrong one, and copies."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest
import requests
import time_machine

from app.core import connections
from connectors.web._delivery import receive
from tests.connectors.signing_web import SECRET, signed
from tests.web.conftest import Site
from tests.web.sender import BODY, PLAIN, Headers, Sender, basic, github


@pytest.fixture
def standard(served: Site) -> Sender:
    return Sender(served, SECRET)


# --- proving it -------------------------------------------------------------------------------------------------------


def test_published_vectors_are_taken_as_they_are() -> None:
    """https://docs.svix.com/receiving/verifying-payloads/how-manual and
    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    about = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    svix = receive(b'{"test": 2432232314}', about, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], 1614265330.0)
    assert svix.events[0].dedupe_key == "id:msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert svix.events[0].occurred_at == 1614265330000
    theirs = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    hello = receive(
        b"Hello, World!",
        {":scheme": "github", "x-hub-signature-256": theirs},
        ["It's a Secret to Everybody"],
        0.0,
    )
    assert json.loads(hello.events[0].body)["text"] == "Hello, World!"


@pytest.mark.parametrize(
    ("scheme", "good", "bad"),
    [
        ("github", github(PLAIN, BODY), github("another", BODY)),
        ("github", github(PLAIN, BODY), {"X-Hub-Signature": "sha1=" + hmac.new(b"x", BODY, "sha1").hexdigest()}),
        ("header", {"X-Hub-Secret": PLAIN}, {"X-Hub-Secret": PLAIN[:-1]}),
        ("header", {"X-Hub-Secret": PLAIN}, {"X-Other": PLAIN}),
        ("header", {"X-Hub-Secret": PLAIN}, {"X-Hub-Secret": "sécret".encode("latin-1")}),
        ("bearer", {"Authorization": f"Bearer {PLAIN}"}, {"Authorization": f"Basic {PLAIN}"}),
        ("bearer", {"Authorization": f"bearer {PLAIN}"}, {"Authorization": PLAIN}),
        ("basic", basic("patchbay", PLAIN), basic("somebody", PLAIN)),
        ("basic", basic("patchbay", PLAIN), basic("patchbay", "another")),
        ("basic", basic("patchbay", PLAIN), {"Authorization": "Basic ÿ=".encode("latin-1")}),
        ("basic", basic("patchbay", PLAIN), basic("patchbay", PLAIN, "Bearer")),
    ],
)
def test_each_way_takes_its_own_and_nothing_else(served: Site, scheme: str, good: Headers, bad: Headers) -> None:
    sender = Sender(served, scheme=scheme)
    wrongs: list[Headers] = [bad, {}, {"X-Hub-Secret": ""}]
    for wrong in wrongs:
        refused = sender.post(BODY, wrong)
        assert (refused.status_code, refused.content) == (401, b"")
    assert sender.rows() == []
    taken = sender.post(BODY, good)
    assert (taken.status_code, taken.content) == (200, b"")
    assert [one["signed"] for one in sender.seen()] == [scheme == "github"]


def test_a_secret_in_the_address_is_taken_only_where_that_was_chosen(served: Site) -> None:
    address, other = Sender(served, scheme="address"), Sender(served, scheme="header")
    for query in ("", "?secret=", "?secret=wrong", f"?secret={PLAIN}&secret={PLAIN}", f"?Secret={PLAIN}"):
        assert address.post(BODY, {}, query=query).status_code == 401
    assert address.post(BODY, {"X-Hub-Secret": PLAIN}).status_code == 401
    assert other.post(BODY, {}, query=f"?secret={PLAIN}").status_code == 401
    assert address.post(BODY, {}, query=f"?secret={PLAIN}").status_code == 200
    assert (len(address.rows()), len(other.rows())) == (1, 0)


def test_names_that_a_person_chose(served: Site) -> None:
    named = Sender(served, scheme="header", header="X-Shop-Key")
    assert named.post(BODY, {"X-Hub-Secret": PLAIN}).status_code == 401
    assert named.post(BODY, {"x-shop-key": PLAIN}).status_code == 200
    user = Sender(served, scheme="basic", user="shop")
    assert user.post(BODY, basic("patchbay", PLAIN)).status_code == 401
    assert user.post(BODY, basic("shop", PLAIN)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"shift": -310},
        {"shift": 310},
        {"webhook_timestamp": "nan"},
        {"webhook_timestamp": "١٢٣"},
        {"webhook_timestamp": "9" * 5000},
        {"webhook_timestamp": None},
        {"webhook_id": None},
        {"webhook_id": "msg.with.points"},
        {"webhook_id": ""},
        {"webhook_signature": None},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "nocomma"},
        {"webhook_signature": "v1,ünd=".encode("latin-1")},
        {
            "webhook_signature": "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
        },
        {"webhook_signature": "v1,%%%"},
    ],
)
def test_what_is_not_signed_rightly_and_just_now_is_refused_without_a_word(
    standard: Sender, changed: dict[str, Any]
) -> None:
    changed = {name: v.encode() if isinstance(v, str) and not v.isascii() else v for name, v in changed.items()}
    answer = standard.sign(**changed)
    assert (answer.status_code, answer.content) == (401, b"")
    assert standard.rows() == []


def test_a_number_that_runs_on_into_the_time_is_no_way_round(standard: Sender) -> None:
    """Of "a" and "1.2" the same bytes are signed as of "a.1" and "2"."""
    now = str(int(time.time()))
    good = signed(now.encode() + b"." + BODY, SECRET, float(now), "first")["webhook-signature"]
    headers: Headers = {"webhook-id": f"first.{now}", "webhook-timestamp": now, "webhook-signature": good}
    assert standard.post(BODY, headers).status_code == 401


def test_one_good_signature_among_others_is_enough(standard: Sender) -> None:
    good = signed(BODY, SECRET, time.time())["webhook-signature"]
    other = signed(BODY, "whsec_" + base64.b64encode(b"x" * 32).decode(), time.time())["webhook-signature"]
    several = f"nocomma v2,{good[3:]} v1a,zzz {other} {good}"
    assert standard.sign(webhook_signature=several).status_code == 200
    assert standard.seen()[0]["type"] == "order.paid"


def test_svix_names_the_same_headers_otherwise(standard: Sender) -> None:
    headers: Headers = {
        name.replace("webhook", "svix"): value for name, value in signed(BODY, SECRET, time.time()).items()
    }
    assert standard.post(BODY, headers).status_code == 200
    assert standard.seen()[0]["id"] == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


def test_both_secrets_hold_while_one_takes_the_place_of_the_other(served: Site, standard: Sender) -> None:
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    connections.change(served.hub, standard.made["id"], {}, hook_secret=new)
    assert standard.sign(webhook_id="one").status_code == 401  # the number is signed, too
    for secret, number in ((SECRET, "old"), (new, "new")):
        headers: Headers = dict(signed(BODY, secret, time.time(), number))
        assert standard.post(BODY, headers).status_code == 200
    connections.change(served.hub, standard.made["id"], {}, hook_secret="whsec_" + base64.b64encode(b"m" * 32).decode())
    late: Headers = dict(signed(BODY, SECRET, time.time(), "late"))
    assert standard.post(BODY, late).status_code == 401


@pytest.mark.parametrize("scheme", ["standard", "github", "header", "bearer", "basic", "address"])
def test_no_bytes_whatever_make_it_stumble(served: Site, scheme: str) -> None:
    sender = Sender(served, SECRET, scheme=scheme)
    for odd in (b"\xff\xfe", bytes(range(1, 9)) + bytes(range(14, 32)), b"=" * 3000, b"v1," * 1000, b"Basic", b": :"):
        names = ("webhook-signature", "X-Hub-Signature-256", "X-Hub-Secret", "Authorization", "webhook-timestamp")
        headers: Headers = dict.fromkeys(names, b"x" + odd) | {"webhook-id": "x"}
        answer = sender.post(odd * 3, headers, kind="multipart/form-data; boundary=x", query="?secret=%ff%00&&&=")
        assert answer.status_code == 401


def test_an_unknown_address_tells_nothing(served: Site, standard: Sender) -> None:
    served.add("owner")
    there = standard.url.rsplit("/", 1)[0]
    assert requests.post(f"{there}/unknown", data=BODY, timeout=5).status_code == 404
    bare = connections.create(served.hub, "web", {"scheme": "header"})
    assert requests.post(bare["hook_address"], data=BODY, headers={"X-Hub-Secret": ""}, timeout=5).status_code == 404


def test_two_megabytes_are_too_much(standard: Sender) -> None:
    try:
        assert standard.sign(b'{"a":"' + b"x" * 2 * 1024 * 1024 + b'"}').status_code == 413
    except requests.ConnectionError:  # it was closed before all of it was sent
        assert standard.sign().status_code == 200
    assert len(standard.rows()) <= 1


# --- copies -----------------------------------------------------------------------------------------------------------


def test_the_same_number_is_the_same_message_for_good(standard: Sender) -> None:
    assert standard.sign().status_code == 200
    with time_machine.travel(time.time() + 86_400 * 3, tick=True):
        assert standard.sign().status_code == 200
    assert [row["copies"] for row in standard.rows()] == [1]


def test_a_delivery_that_github_sends_again_by_hand_counts_once(served: Site) -> None:
    sender = Sender(served, scheme="github")
    for number in ("one", "one", "two"):
        assert sender.post(BODY, github(PLAIN, BODY, number=number)).status_code == 200
    assert [row["copies"] for row in sender.rows()] == [1, 0]


@pytest.mark.parametrize(
    ("fields", "bodies", "headers", "stored"),
    [
        ({"id_field": "order.id"}, [b'{"order":{"id":7},"n":1}', b'{"order":{"id":7},"n":2}'], [{}, {}], 1),
        ({"id_field": "order.id"}, [b'{"order":{"id":7}}', b'{"order":{"id":8}}'], [{}, {}], 2),
        ({"id_field": "id"}, [b'{"id":"\\u0000\\ud800"}', b'{"id":"\\u0000\\ud801"}'], [{}, {}], 2),
        ({"id_field": "id"}, [b'{"id":true,"n":1}', b'{"id":true,"n":2}'], [{}, {}], 2),
        ({}, [BODY, BODY + b" "], [{"Idempotency-Key": "k"}] * 2, 1),
        ({}, [BODY, BODY], [{"Idempotency-Key": "k"}, {"Idempotency-Key": "l"}], 2),
        ({}, [BODY, BODY], [{"X-Request-Id": "k"}, {"X-Request-Id": "l"}], 2),
        ({"id_field": "id"}, [b'{"id":1}', b'{"id":1}'], [{"X-Request-Id": "k"}, {"X-Request-Id": "l"}], 1),
        ({}, [BODY, BODY], [{}, {}], 1),
        ({}, [b"", b""], [{}, {}], 1),
        ({}, [BODY, BODY + b" "], [{}, {}], 2),
    ],
)
def test_the_key_is_the_best_that_the_message_has(
    served: Site, fields: dict[str, str], bodies: list[bytes], headers: list[Headers], stored: int
) -> None:
    sender = Sender(served, scheme="bearer", **fields)
    for body, more in zip(bodies, headers, strict=True):
        assert sender.post(body, {"Authorization": f"Bearer {PLAIN}", **more}).status_code == 200
    assert len(sender.rows()) == stored


def test_equal_messages_without_a_number_count_once_in_ten_minutes(served: Site) -> None:
    sender = Sender(served, scheme="bearer")
    start = 1_790_000_000 // 600 * 600 + 400.0  # the minutes run over a full ten
    for after, stored in ((0, 1), (300, 1), (599, 1), (601, 2), (1100, 2), (1202, 3)):
        with time_machine.travel(start + after, tick=False):
            assert sender.post(BODY, {"Authorization": f"Bearer {PLAIN}"}).status_code == 200
            assert len(sender.rows()) == stored, after
