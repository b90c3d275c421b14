"""Every connector against its stand-in over real HTTP: what a record only claims does not pass here."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import connectors
from app.core.connections import asking
from app.core.http import Door
from app.core.opening import Opened
from app.practice.serve import Served
from connectors.contract import Choice, Connector, ConnectorError, Event, Poll
from tests.connectors.stand import Stand, reopened

KNOWN = {slug: one for slug, one in connectors.load().items() if one.practice and one.hosts}
ALL = pytest.mark.parametrize("slug", KNOWN)
FIXED = {"grants applicant", "grants category"}  # closed lists of the vendor, for which nobody has to be asked
NO_ACCOUNT = {"web"}  # an address is all there is, and a person may enter another one
FAULTS: dict[str, dict[str, Any]] = {
    "overloaded": {"do": "status", "status": 503},
    "too fast": {"do": "status", "status": 429, "headers": {"Retry-After": "1"}},
    "cut": {"do": "cut_before"},
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served(limits=False) as made:
        yield made


@pytest.fixture
def stand(served: Served, slug: str) -> Iterator[Stand]:
    yield reopened(Stand(served, KNOWN[slug], Opened("", KNOWN[slug], None, Door({}), True)))
    served.control("faults", method="DELETE")


def questions(stand: Stand) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Whatever it may be asked without a change: its account, the entries of its pickers, what has happened."""
    connector, client = stand.connector, stand.client
    yield "check", lambda: connector.check(client)
    for name, lookup in connector.lookups.items():
        if f"{connector.slug} {name}" in FIXED:
            continue
        yield f"look-up {name}", lambda lookup=lookup: lookup.run(client, "")  # type: ignore[misc] # of this round
    for poll in connector.polls:
        yield f"poll {poll.kinds[0]}", lambda poll=poll: poll.run(client, None)  # type: ignore[misc] # of this round


def number_asked(stand: Stand) -> int:
    return len(stand.served.ledger(stand.connector.slug))


@ALL
def test_it_names_its_account(stand: Stand) -> None:
    """By an id, too: another account would else not be refused when somebody reconnects."""
    account = stand.check()
    assert stand.door.calls
    assert account.id or stand.connector.slug in NO_ACCOUNT
    assert account.name


@ALL
def test_wrong_credentials_are_refused_in_words(stand: Stand) -> None:
    secret = [name for name, value in stand.connector.practice.items() if "{token}" in value]
    for name in secret:
        with pytest.raises(ConnectorError, match=r"^[A-Z].{20,}\.?$"):
            reopened(stand, **{name: f"wrong{stand.served.token}"}).check()
    assert secret or stand.connector.lacks.get("auth") or stand.connector.slug == "grants", "anybody may open it"


@ALL
def test_every_poll_asks_the_vendor_and_tells_what_its_triggers_read(stand: Stand) -> None:
    for poll in stand.connector.polls:
        before, cursor = number_asked(stand), None
        for _ in range(2):
            events, cursor = asked(stand, poll, cursor)
            for event in events:
                assert event.kind in poll.kinds
                assert event.dedupe_key
                assert_shaped(stand.connector, event)
        assert number_asked(stand) > before, f"{poll.kinds}: a poll that asks nobody"


def asked(stand: Stand, poll: Poll, cursor: Any) -> tuple[list[Event], Any]:
    events, after = asking(stand.opened, lambda: poll.run(stand.client, cursor))
    return list(events), json.loads(json.dumps(after))


def assert_shaped(connector: Connector, event: Event) -> None:
    trigger = next(one for one in connector.triggers if one.kind == event.kind)
    shaped = trigger.shape(event.body)
    wanted = {path.partition(".")[0].partition("[")[0] for path in trigger.fields}
    assert wanted <= set(shaped), f"{event.kind}: {wanted - set(shaped)}"
    json.dumps(shaped)


@ALL
def test_every_picker_is_filled_from_the_account(stand: Stand) -> None:
    for name in stand.connector.lookups:
        before = number_asked(stand)
        found = stand.choices(name)
        assert all(isinstance(one, Choice) and one.id and one.label for one in found), name
        assert (number_asked(stand) > before) != (f"{stand.connector.slug} {name}" in FIXED), (
            f"{name}: whom does it ask?"
        )


@ALL
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_asked_again_by_itself(stand: Stand, fault: str) -> None:
    """Neither a connector nor the SDK in it: who tries again, and when, is the hub's to say."""
    for what, ask in questions(stand):
        stand.served.fault(stand.connector.slug, times=50, **FAULTS[fault])
        before, began = number_asked(stand), time.monotonic()
        with pytest.raises(ConnectorError):
            asking(stand.opened, ask)
        made = [(one["method"], one["path"]) for one in stand.asked()[before:]]
        assert len(set(made)) == len(made) > 0, f"{what}: {made}"
        assert time.monotonic() - began < 3, f"{what} waits"
        stand.served.control("faults", method="DELETE")
