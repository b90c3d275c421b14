"""Signed messages to one address: connecting, each answer a receiver may give, and who may be asked to receive."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from app.core.answers import Kind
from app.core.http import Door
from connectors.contract import Account, ConnectorError, Refused, Unauthorized
from connectors.web import connector
from connectors.web._schemes import key_of, signature
from connectors.web._secrets import for_hook, for_sending, wrong
from connectors.web._sending import Web, hosts, open_site
from tests.connectors.stand import KEY, Stand, reopened, standing

MESSAGE = {"type": "order.paid", "data": {"order": "A-17", "note": "Grüße", "parts": [1, None]}}
ADDRESS = "https://website.practice.example/messages?key={}"


@pytest.fixture
def site() -> Iterator[Stand]:
    with standing("web") as stand:
        yield stand


def taken(site: Stand) -> list[dict[str, object]]:
    return list(site.served.control("state?slug=web").get("message", []))


# --- sending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["send_message", "send_message_once"])
def test_a_message_arrives_signed_as_it_was_given(site: Stand, action: str) -> None:
    assert site.do(action, KEY, message=MESSAGE) == {"id": KEY, "url": ""}
    assert taken(site) == [{"id": KEY, "message": MESSAGE}]
    (asked,) = site.asked("POST")
    assert asked["body"] == json.dumps(MESSAGE, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_the_same_change_sent_again_has_the_same_number_and_counts_once(site: Stand) -> None:
    assert [site.do("send_message", KEY, message=MESSAGE)["id"] for _ in range(2)] == [KEY, KEY]
    assert len(site.asked("POST")) == 2
    assert len(taken(site)) == 1
    site.do("send_message", KEY[:-1] + "x", message=MESSAGE)
    assert len(taken(site)) == 2


def test_what_is_stored_and_approved_is_the_body_and_the_time_is_that_of_the_try(
    site: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody approves after a day; a receiver takes nothing that was signed more than five minutes ago."""
    client: Web = site.client
    monkeypatch.setattr("connectors.web._sending.time.time", lambda: 1_700_000_000.9)
    drawn = site.door.draw(lambda: client.post(KEY, b"{}"))
    first = client._signed(KEY, b"{}")
    monkeypatch.undo()
    assert first["webhook-timestamp"] == "1700000000"
    assert site.door.draw(lambda: client.post(KEY, b"{}")) == drawn
    now = client._signed(KEY, b"{}")
    assert (now["webhook-id"], now["webhook-timestamp"] > "1700000000") == (KEY, True)
    with site.door.sending(drawn):
        assert client.post(KEY, b"{}").status_code == 202


def test_while_a_secret_changes_both_sign(site: Stand) -> None:
    theirs = connector.practice["signing_secret"]
    both = for_sending({"signing_secret": theirs})
    ((label, shown),) = both.shown
    assert (label, both.value) == ("Secret to enter at the receiver", f"{shown} {theirs}")
    assert for_sending({"signing_secret": both.value}).value.split()[1:] == [shown]
    reopened(site, signing_secret=both.value).do("send_message", KEY, message=MESSAGE)
    assert len(taken(site)) == 1
    site.note(secret=shown)
    reopened(site, signing_secret=both.value).do("send_message", f"{KEY}2", message=MESSAGE)
    assert len(taken(site)) == 2


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (301, Kind.REFUSED, "final address"),
        (307, Kind.REFUSED, "final address"),
        (400, Kind.REFUSED, "no such order"),
        (401, Kind.RECONNECT, "does not take our signature"),
        (403, Kind.REFUSED, "no such order"),
        (404, Kind.REFUSED, "nothing at the address"),
        (410, Kind.RECONNECT, "nothing may be sent to this address any more"),
        (429, Kind.WAIT, "slow down"),
        (500, Kind.UNKNOWN, "500"),
        (502, Kind.UNKNOWN, "502"),
        (504, Kind.UNKNOWN, "504"),
    ],
)
def test_what_each_answer_means(site: Stand, status: int, kind: Kind, words: str) -> None:
    headers = {"Retry-After": "70", "Location": "/elsewhere"}
    site.served.fault("web", "status", status=status, method="POST", headers=headers, body={"error": "no such order"})
    trouble = site.trouble("send_message", KEY, message=MESSAGE)
    assert (trouble.kind, words in trouble.words) == (kind, True), trouble
    if status >= 429 and status != 429:
        assert trouble.seconds == 70
    assert taken(site) == []


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_a_yes_whatever_it_says(site: Stand, status: int) -> None:
    site.served.fault("web", "status_after", status=status, method="POST", body="<p>Thanks")
    assert site.do("send_message", KEY, message=MESSAGE)["id"] == KEY


def test_a_wrong_secret_is_told(site: Stand) -> None:
    site.note(secret="whsec_" + "c2VjcmV0" * 5)
    trouble = site.trouble("send_message", KEY, message=MESSAGE)
    assert (trouble.kind, "make a new one" in trouble.words) == (Kind.RECONNECT, True)


def test_a_message_that_is_too_large_is_not_sent(site: Stand) -> None:
    with pytest.raises(Refused, match="larger than 256 KB"):
        site.do("send_message", KEY, message={"text": "x" * 300_000})
    assert site.asked("POST") == []


def test_without_an_address_or_a_secret_nothing_is_sent(site: Stand) -> None:
    with pytest.raises(Refused, match="has no address to send to"):
        reopened(site, address="").do("send_message", KEY, message=MESSAGE)
    with pytest.raises(Unauthorized, match="Make a new signing secret"):
        reopened(site, signing_secret="").do("send_message", KEY, message=MESSAGE)


# --- connecting -------------------------------------------------------------------------------------------------------


def test_an_address_is_looked_at_without_sending_anything(site: Stand) -> None:
    assert site.check() == Account("", "127.0.0.1")  # where the stand-in stands
    assert [(one["method"], one["status"]) for one in site.asked()] == [("HEAD", 405)]
    assert reopened(site, address="").check() == Account("", "")


@pytest.mark.parametrize(
    ("status", "words"), [(410, "any more"), (503, "not available|answered 503"), (429, "slow down")]
)
def test_an_address_that_is_away_or_wants_nothing_is_told_when_it_is_looked_at(
    site: Stand, status: int, words: str
) -> None:
    site.served.fault("web", "status", status=status, method="HEAD")
    with pytest.raises(ConnectorError, match=words):
        site.check()


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example/hook",
        "ftp://shop.example/",
        "https://",
        "https://user:password@shop.example/",
        "https://shop.example:0/",
        "https://shop.example:port/",
        "https://shop.example/a b",
        "https://[::1/",
        "shop.example",
        "https://shop.example/" + "x" * 2000,
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        hosts({"address": address})


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.7", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"]
)
def test_no_address_leads_inside(host: str) -> None:
    given = {"address": f"https://{host}/latest/meta-data"}
    door = Door(hosts(given), seconds=5)
    with pytest.raises(Exception, match="not a public address"):
        open_site(given, door).ask()
    assert door.last is None


def test_an_address_is_called_as_it_was_typed() -> None:
    """With the stroke at its end, without which some frameworks send callers elsewhere."""
    for address in ("https://shop.example:8443/hook/?a=1&b=%20", "https://shop.example/"):
        given = {"address": address, "signing_secret": connector.practice["signing_secret"]}
        client = open_site(given, Door(hosts(given)))
        assert (client.url, client.host) == (address, "shop.example")
        drawn = client._http.draw(lambda client=client: client.post(KEY, b"{}"))  # type: ignore[attr-defined] # a Door
        assert address.endswith(drawn.path)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"header": "X Shop"}, "name of the header"),
        ({"header": "X-Shop:\u00e9"}, "name of the header"),
        ({"user": "a:b"}, "colon"),
        ({"signing_secret": "secret"}, "begin with whsec_"),
        ({"signing_secret": "whsec_c2hvcnQ="}, "begin with whsec_"),
    ],
)
def test_fields_that_cannot_be_meant_are_refused(site: Stand, fields: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        reopened(site, **fields)


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "labels"),
    [
        ("standard", ["Secret to enter there"]),
        ("github", ["Secret to enter there"]),
        ("header", ["Name of the header", "Value of the header"]),
        ("bearer", ["Name of the header", "Value of the header"]),
        ("basic", ["User name", "Password", "Both in one address, if it asks for neither"]),
        ("address", ["The whole address to paste there"]),
    ],
)
def test_a_secret_of_our_own_is_long_and_fits_what_the_person_chose(scheme: str, labels: list[str]) -> None:
    fields = {"scheme": scheme, "header": "X-Shop"}
    made, other = (
        for_hook(fields, "https://hub.example/hooks/web/k"),
        for_hook(fields, "https://hub.example/hooks/web/k"),
    )
    assert [label for label, _ in made.shown] == labels
    assert made.value != other.value
    assert len(made.value) >= 43  # 32 bytes
    assert any(made.value in text for _, text in made.shown)
    assert wrong(made.value, fields) == ""
    if scheme == "standard":
        assert len(key_of(made.value)) == 32
        assert signature(key_of(made.value), "a", "1", b"").startswith("v1,")
    if scheme == "header":
        assert made.shown[0][1] == "X-Shop"


@pytest.mark.parametrize(
    ("scheme", "secret", "words"),
    [
        ("standard", "abc", "begin with whsec_"),
        ("standard", "whsec_%%%", "begin with whsec_"),
        ("standard", "whsec_" + "a" * 28, "begin with whsec_"),
        ("github", "short", "can be guessed"),
        ("header", "long enough but spaced", "a space"),
        ("bearer", "lang-genug-für-uns", "no header can carry"),
    ],
)
def test_a_secret_that_protects_nothing_is_refused(scheme: str, secret: str, words: str) -> None:
    assert words in wrong(secret, {"scheme": scheme})
