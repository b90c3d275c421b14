"""Every connector is whole, or says what it lacks and why; and one that is not whole is noticed."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import connectors
from app.core import extras
from connectors.contract import Action, BadSignature, Connector, Poll, Received, Role, Safety, Trigger
from connectors.zoom import connector as zoom
from tests.connectors import conformance
from tests.connectors.conformance import beside, complaints, deliveries

KNOWN = connectors.load()
NOW = 1_790_000_000.0
SECRET = "a secret of the house test"


def of_connectors(wanted: Callable[[Connector], object] = lambda c: True) -> pytest.MarkDecorator:
    found = [connector for connector in KNOWN.values() if wanted(connector)]
    return pytest.mark.parametrize("connector", found, ids=[c.slug for c in found])


def actions() -> Iterator[tuple[str, Action]]:
    for connector in KNOWN.values():
        for name, action in connector.actions.items():
            yield f"{connector.slug}.{name}", action


WRITES = [pytest.param(name, action, id=name) for name, action in actions() if action.safety]


@of_connectors()
def test_every_connector_is_whole_or_says_why_not(connector: Connector) -> None:
    assert complaints(connector, beside(connector.slug)) == []


@of_connectors()
def test_what_a_connector_offers_fits_together(connector: Connector) -> None:
    kinds = {trigger.kind for trigger in connector.triggers}
    for poll in connector.polls:
        assert set(poll.kinds) <= kinds, "a poll for a kind that no recipe can start on"
    names = {field.name for field in connector.auth.fields}
    signed_in = (
        {"access_token", "account", *connector.oauth.callback, *connector.oauth.kept} if connector.oauth else set()
    )
    assert set(connector.practice) <= names | signed_in
    assert not connector.typed_host or connector.typed_host in names
    beside_a_sign_in = {field.name for field in extras.fields(connector)}
    assert connector.typed_host not in beside_a_sign_in, "whoever changes it would send the tokens to another server"
    assert all(address.startswith(("https://", "imaps://", "smtps://")) for address in connector.hosts.values())
    assert connector.rate > 0
    assert connector.burst >= 1
    if oauth := connector.oauth:
        places = [oauth.authorize, oauth.token, *([oauth.revoke] if oauth.revoke else [])]
        assert {place.partition("}")[0].removeprefix("{") for place in places} <= set(connector.hosts)


# --- what comes in ----------------------------------------------------------------------------------------------------


def secret_of(connector: Connector) -> str:
    """One as the vendor makes them, where its signing module has a `SECRET`: not every text is one."""
    return str(getattr(beside(connector.slug).signing, "SECRET", SECRET))


def signed(connector: Connector, body: bytes, secret: str) -> dict[str, str]:
    made: dict[str, str] = beside(connector.slug).signing.signed(body, secret, NOW)  # type: ignore[union-attr] # is there, see above
    return made


def rings_only(connector: Connector) -> bool:
    """Its vendor signs no body, so that nothing in it may be believed: `RINGS_ONLY` in the signing module."""
    return bool(getattr(beside(connector.slug).signing, "RINGS_ONLY", False))


@of_connectors(lambda c: c.hook and not rings_only(c))
def test_a_changed_byte_is_refused(connector: Connector) -> None:
    assert connector.hook
    for sample in deliveries(connector.slug):
        body = sample.read_bytes()
        secret = secret_of(connector)
        headers = signed(connector, body, secret)
        connector.hook.receive(body, headers, [secret], NOW)  # as it was signed: taken
        for place in {0, len(body) // 3, len(body) // 2, len(body) - 1}:
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            with pytest.raises(BadSignature):
                connector.hook.receive(changed, headers, [secret], NOW)


@of_connectors(lambda c: c.hook and rings_only(c))
def test_a_body_that_is_not_signed_only_rings(connector: Connector) -> None:
    assert connector.hook
    bodies = [sample.read_bytes() for sample in deliveries(connector.slug)] + [b"", b"{}", b"\xff", b"[" * 10_000]
    for body in bodies:
        headers = signed(connector, body, SECRET)
        assert connector.hook.receive(body, headers, [SECRET], NOW) == Received(catch_up=True)


@of_connectors(lambda c: c.hook)
@pytest.mark.parametrize("secrets", [[], [""], ["another"]], ids=["none", "empty", "wrong"])
def test_a_hook_without_the_right_secret_does_not_exist(connector: Connector, secrets: list[str]) -> None:
    assert connector.hook
    body = deliveries(connector.slug)[0].read_bytes()
    for signed_with in {secret_of(connector), ""}:
        with pytest.raises(BadSignature):
            connector.hook.receive(body, signed(connector, body, signed_with), secrets, NOW)


@of_connectors(lambda c: c.hook and hasattr(beside(c.slug).signing, "handshake"))
def test_a_handshake_is_answered(connector: Connector) -> None:
    assert connector.hook
    body, headers = beside(connector.slug).signing.handshake(SECRET, NOW)  # type: ignore[union-attr] # is there
    received = connector.hook.receive(body, headers, [SECRET], NOW)
    assert received.reply is not None
    assert received.events == ()


# --- what goes out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "action"), WRITES)
def test_a_write_takes_its_key_and_can_be_settled(name: str, action: Action) -> None:
    arguments = list(inspect.signature(action.run).parameters)
    assert arguments[1] == "key", "the second parameter of a write is its key"
    if action.safety in (Safety.FINDABLE, Safety.SET, Safety.CONDITIONAL, Safety.STAGED):
        assert action.find, f"{action.safety} needs a way to look for what was written"
    assert set(action.roles) == set(arguments[2:]), "every argument of a write has a role"


def test_a_read_takes_no_key() -> None:
    reads = [(name, action) for name, action in actions() if not action.safety]
    assert [name for name, action in reads if "key" in inspect.signature(action.run).parameters] == []


def test_actions_say_what_they_do_with_arguments_they_have() -> None:
    for name, action in actions():
        assert action.label, name
        assert action.says, name
        assert set(re.findall(r"{(\w+)}", action.says)) <= set(inspect.signature(action.run).parameters), name


# --- the test itself --------------------------------------------------------------------------------------------------


def _send(client: Any, key: str, *, to: str) -> dict[str, str]:
    return {"id": "1"}


_SENDS = Action(_send, "Send", "sends", Safety.OPAQUE, {"to": Role.WHERE})
_STARTS = Trigger("meeting.ended", "A meeting has ended", lambda body: {}, {})
WHOLE = beside("zoom")


@pytest.mark.parametrize(
    ("change", "there", "said"),
    [
        ({"hook": None}, WHOLE, "It needs a `hook`, or says under “webhooks” of `lacks` why not."),
        ({"triggers": (*zoom.triggers, _STARTS)}, WHOLE, "It needs a poll that fetches deliveries that got lost"),
        ({"polls": ()}, WHOLE, "under “poll meeting.summary_completed” of"),
        ({"triggers": (), "polls": ()}, WHOLE, "It needs events that recipes can start on"),
        ({"actions": {"send": _SENDS}}, WHOLE, "It needs how it is taken back, or says under “undo send”"),
        ({"actions": {"send": _SENDS}, "lacks": {}}, WHOLE, "look-ups from which people choose where"),
        ({"actions": {}}, WHOLE, "It needs something that recipes can do"),
        ({"practice": {}}, WHOLE, "It needs a stand-in"),
        ({}, dataclasses.replace(WHOLE, stands_in=False), "It needs a stand-in"),
        ({"limits": ""}, WHOLE, "It needs `limits`"),
        (
            {"auth": dataclasses.replace(zoom.auth, fields=()), "oauth": None},
            WHOLE,
            "It needs how an account is authorised",
        ),
        ({"auth": dataclasses.replace(zoom.auth, guide=())}, WHOLE, "the clicks by which its credentials are found"),
        ({}, dataclasses.replace(WHOLE, samples=()), "It needs two real messages or more"),
        ({}, dataclasses.replace(WHOLE, signing=None), "It needs tests/connectors/signing_<slug>.py"),
        ({}, dataclasses.replace(WHOLE, signing=conformance), "under “handshake” of `lacks`"),
        ({}, dataclasses.replace(WHOLE, tests=0), "It needs tests in"),
        ({"lacks": {**zoom.lacks, "handshake": "It has none of these."}}, WHOLE, "but nothing of that is missing"),
        ({"lacks": {**zoom.lacks, "actions": "None."}}, WHOLE, "“actions” of `lacks` is no whole sentence"),
    ],
)
def test_one_that_is_not_whole_is_noticed(change: dict[str, Any], there: conformance.Beside, said: str) -> None:
    assert complaints(zoom, WHOLE) == []
    told = complaints(dataclasses.replace(zoom, **change), there)
    assert [sentence for sentence in told if said in sentence], told


def test_what_is_excused_is_not_complained_about() -> None:
    poll = Poll(("meeting.summary_updated",), lambda client, cursor: ([], None))
    more = dataclasses.replace(zoom, polls=(*zoom.polls, poll))
    assert complaints(more, WHOLE) == [
        "It says that it lacks “poll meeting.summary_updated”, but nothing of that is missing."
    ]
