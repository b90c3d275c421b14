"""What comes in from Stripe: signatures, events in every form that an endpoint may send, and what recipes see of them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from stripe import WebhookSignature

from connectors.contract import BadSignature, Unreadable
from connectors.stripe import connector
from tests.connectors.signing_stripe import signed
from tests.connectors.stripe_stand import SAMPLES, changed, sample

NOW = 1_795_160_005.0
SECRET = "whsec_made_up"
TRIGGERS = {trigger.kind: trigger for trigger in connector.triggers}


Headers = dict[str, str] | None


def receive(body: bytes, headers: Headers = None, secrets: tuple[str, ...] = (SECRET,), now: float = NOW) -> Any:
    assert connector.hook
    return connector.hook.receive(body, signed(body, SECRET, NOW) if headers is None else headers, list(secrets), now)


def with_account(body: bytes, account: str) -> Any:
    assert connector.hook
    return connector.hook.receive(body, {**signed(body, SECRET, NOW), ":account": account}, [SECRET], NOW)


def shape(name: str) -> Any:
    body = sample(name)
    return TRIGGERS[json.loads(body)["type"]].shape(body)


# --- signatures -------------------------------------------------------------------------------------------------------


def test_the_header_of_stripes_own_library_is_accepted() -> None:
    body = sample("invoice_paid")
    seconds = int(time.time())
    header = WebhookSignature.generate_signature_header(body.decode(), SECRET, seconds)
    assert receive(body, {"stripe-signature": header}, now=float(seconds)).events[0].kind == "invoice.paid"


def test_any_of_two_signatures_is_enough_while_a_secret_is_rolled() -> None:
    body = sample("invoice_paid")
    old = signed(body, "whsec_old", NOW)["stripe-signature"].partition(",v0")[0]
    new = signed(body, SECRET, NOW)["stripe-signature"].partition(",")[2]
    assert receive(body, {"stripe-signature": f"{old},{new}"}).events
    assert receive(body, secrets=("whsec_new", SECRET)).events


def test_v0_is_no_signature() -> None:
    body = sample("invoice_paid")
    header = signed(body, SECRET, NOW)["stripe-signature"]
    only_v0 = header.replace("v1=", "v0=")
    with pytest.raises(BadSignature, match="command line each have another one"):
        receive(body, {"stripe-signature": only_v0})


@pytest.mark.parametrize("off", [-301, 301, 86400], ids=["past", "future", "far future"])
def test_another_time_is_refused_also_a_later_one(off: int) -> None:
    body = sample("invoice_paid")
    with pytest.raises(BadSignature, match="this computer's clock"):
        receive(body, signed(body, SECRET, NOW + off))


@pytest.mark.parametrize(
    "header", ["", "t=", "t=now,v1=00", "v1=00", "t=1,t=2,v1=00", "t=1795160005,v1=ü", "t=²,v1=0", "t=-1,v1=0", "=,=,"]
)
def test_headers_that_are_none_are_refused(header: str) -> None:
    with pytest.raises(BadSignature):
        receive(sample("invoice_paid"), {"stripe-signature": header})


def test_a_body_that_was_written_anew_is_refused() -> None:
    body = sample("invoice_paid")
    with pytest.raises(BadSignature):
        receive(json.dumps(json.loads(body)).encode(), signed(body, SECRET, NOW))


def test_the_secret_is_used_as_it_is_with_its_prefix() -> None:
    body = sample("invoice_paid")
    with pytest.raises(BadSignature):
        receive(body, signed(body, SECRET.removeprefix("whsec_"), NOW))


# --- events -----------------------------------------------------------------------------------------------------------


def test_events_are_told_apart_by_their_id_and_kept_in_order_by_their_object() -> None:
    (event,) = receive(sample("invoice_paid")).events
    assert (event.kind, event.dedupe_key, event.serial_key) == ("invoice.paid", "evt_1QaInvoicePaid", "in_1QaPractice")
    assert event.occurred_at == 1795160000000
    assert event.body == sample("invoice_paid")


def test_two_events_of_one_change_start_a_recipe_once() -> None:
    first, second = changed("invoice_paid"), changed("invoice_paid")
    second = second.replace(b"evt_1QaInvoicePaid", b"evt_another")
    a, b = (receive(body, signed(body, SECRET, NOW)).events[0] for body in (first, second))
    assert (a.dedupe_key != b.dedupe_key, a.once_key == b.once_key, a.once_key != "") == (True, True, True)


@pytest.mark.parametrize(
    ("name", "news"), [("charge_refunded", {"amount_refunded": 4990}), ("invoice_paid", {"id": "in_other"})]
)
def test_what_is_news_starts_it_again(name: str, news: dict[str, Any]) -> None:
    keys = set()
    for body in (changed(name), changed(name, **news)):
        keys.add(receive(body, signed(body, SECRET, NOW)).events[0].once_key)
    assert len(keys) == 2


def test_a_second_failed_attempt_is_news() -> None:
    document = json.loads(sample("invoice_paid"))
    document["type"], keys = "invoice.payment_failed", set()
    for attempt in (1, 2):
        document["data"]["object"]["attempt_count"] = attempt
        body = json.dumps(document).encode()
        keys.add(receive(body, signed(body, SECRET, NOW)).events[0].once_key)
    assert len(keys) == 2


def test_an_event_of_the_other_mode_is_refused() -> None:
    body = sample("invoice_paid")  # livemode: false
    assert with_account(body, "acct_1:test").events
    assert with_account(body, "").events  # not known yet
    with pytest.raises(BadSignature, match="other mode"):
        with_account(body, "acct_1")
    live = body.replace(b'"livemode": false', b'"livemode": true')
    assert with_account(live, "acct_1").events
    with pytest.raises(BadSignature, match="other mode"):
        with_account(live, "acct_1:test")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "not an object"),
        (b"{", "not the JSON"),
        (b'{"id":"evt_1","type":"a","data":{"object":{"a":NaN}}}', "not the JSON"),
        (b'{"id":"evt_1","id":"evt_2","type":"a"}', "not the JSON"),
        (b'{"id":"evt_1","type":"a","data":{"object":{"a":"\\u0000"}}}', "no text"),
        (b"[" * 70 + b"]" * 70, "not an object"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "deeper than"),
        (b'{"object":"event","type":"invoice.paid"}', "which event"),
        (b'{"id":"evt_1","type":"invoice.paid"}', "what happened"),
        (b'{"id":"evt_1","type":"invoice.paid","created":"x","data":{"object":{}}}', "number of seconds"),
        (b'{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.error"}', "payload style Snapshot"),
        (b"\xff\xfe", "not the JSON"),
    ],
)
def test_what_cannot_be_read_is_kept_with_a_sentence(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        receive(body, signed(body, SECRET, NOW))


# --- what recipes see -------------------------------------------------------------------------------------------------


def test_an_invoice() -> None:
    event = shape("invoice_paid")
    assert event["lines"] == [
        {"description": "Consulting, October", "amount": "100.00", "quantity": 1},
        {"description": "Train tickets", "amount": "25.00", "quantity": 1},
    ]
    del event["lines"]
    assert event == {
        "id": "in_1QaPractice",
        "number": "A1B2-0007",
        "status": "paid",
        "currency": "usd",
        "customer": "cus_9",
        "customer_name": "Ann Kovač",
        "customer_email": "ann@example.com",
        "description": "October",
        "total": "125.00",
        "amount_due": "125.00",
        "amount_paid": "125.00",
        "amount_remaining": "0.00",
        "due_at": "2026-11-28T21:06:40Z",
        "paid_at": "2026-11-20T07:33:10Z",
        "attempts": 1,
        "url": "https://invoice.stripe.com/i/acct_1/test_1",
        "pdf": "https://pay.stripe.com/invoice/acct_1/test_1/pdf",
        "all_lines": True,
        "livemode": False,
        "happened_at": "2026-11-20T07:33:20Z",
    }


def test_an_endpoint_with_an_older_version_says_the_same() -> None:
    event = shape("invoice_paid_before_basil")
    assert (event["status"], event["customer"], event["amount_paid"]) == ("paid", "cus_9", "1250")  # yen have no cents
    assert event["lines"] == [{"description": "鉛筆", "amount": "1250", "quantity": 5}]
    assert event["all_lines"] is False  # there are more than the event holds


def test_payments_payouts_refunds_and_disputes() -> None:
    paid, failed = shape("payment_succeeded"), shape("payment_failed")
    assert (paid["amount"], paid["received"], paid["charge"], paid["failure"]) == ("49.90", "49.90", "ch_1Qa", "")
    assert (failed["failure_code"], failed["customer"]) == ("insufficient_funds", "")
    payout = shape("payout_paid")
    assert (payout["amount"], payout["arrives_at"], payout["automatic"]) == ("2500.00", "2026-11-21T00:00:00Z", True)
    refund = shape("charge_refunded")
    assert (refund["refunded"], refund["whole"], refund["payment"]) == ("10.00", False, "pi_1Qa")
    dispute = shape("dispute_created")
    assert (dispute["reason"], dispute["answer_by"]) == ("fraudulent", "2026-11-30T00:53:20Z")
    assert shape("customer_created")["email"] == "ann@example.com"


@pytest.mark.parametrize("kind", sorted(TRIGGERS))
@pytest.mark.parametrize("about", [{}, {"lines": 3, "customer": 5, "amount": "x", "due_date": 1e99, "id": None}])
def test_every_field_is_always_there(kind: str, about: Any) -> None:
    document = {"id": "evt_1", "type": kind, "created": 1, "data": {"object": about}}
    event = TRIGGERS[kind].shape(json.dumps(document).encode())
    tops = {name.partition("[")[0] for name in TRIGGERS[kind].fields}
    assert set(event) == tops


def test_there_is_a_sample_of_every_object() -> None:
    kinds = {json.loads(path.read_bytes())["data"]["object"]["object"] for path in SAMPLES.glob("*.json")}
    assert kinds == {"invoice", "payment_intent", "payout", "customer", "charge", "dispute"}
