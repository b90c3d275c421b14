"""Google's channels: known by their token, followed by new ones before they end, stopped after that; messages only ring."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import BadSignature, Received, Refused
from connectors.google import _channels, connector
from connectors.google._scopes import NEEDED
from tests.connectors import google_specification
from tests.connectors.signing_google import signed
from tests.connectors.stand import Stand, reopened, standing

BOOKINGS = "bookings@group.calendar.google.com"
SECRET = "s3cret"
ADDRESS = "http://127.0.0.1:9/hooks/google/key"  # nobody is there: the first message is lost


@pytest.fixture
def google() -> Iterator[Stand]:
    with standing("google") as made:
        yield made
        google_specification.asked(made)


@pytest.fixture
def both(google: Stand) -> Stand:
    return reopened(google, calendars="primary, Bookings")


def channels(google: Stand) -> list[dict[str, Any]]:
    return [row["is"] for row in google.served.control("state?slug=google").get("channel", [])]


def keep(google: Stand, secrets: list[str], address: str = ADDRESS) -> list[str]:
    return list(_channels.keep(google.client, address, secrets))


def message(channel: dict[str, Any], **more: str) -> dict[str, str]:
    """The headers as Google sends them."""
    return {
        "x-goog-channel-id": channel["id"],
        "x-goog-channel-token": channel["token"],
        "x-goog-resource-id": channel["resourceId"],
        "x-goog-resource-state": "exists",
        "x-goog-message-number": "8",
        **more,
    }


def receive(headers: dict[str, str], secrets: list[str]) -> Received:
    assert connector.hook
    return connector.hook.receive(b"", headers, secrets, time.time())


def test_a_channel_is_made_once_for_each_calendar_and_its_messages_ring(both: Stand) -> None:
    secrets = keep(both, [SECRET])
    assert [one["calendar"] for one in channels(both)] == ["ana@practice.example", BOOKINGS]
    assert keep(both, secrets) == secrets
    assert both.effects() == ["channel.watch", "channel.watch"]
    for channel in channels(both):
        assert receive(message(channel), secrets) == Received(catch_up=True)
        assert receive(message(channel, **{"x-goog-resource-state": "not_exists"}), secrets) == Received(catch_up=True)
        assert len(channel["id"]) <= 64
        assert SECRET not in channel["token"]


def test_the_first_message_may_come_before_the_answer_or_instead_of_it(google: Stand) -> None:
    google.served.fault("google", "cut_after", path="/calendar", method="POST")
    with pytest.raises(Exception, match=r"cut|closed|answer"):
        keep(google, [SECRET])
    (channel,) = channels(google)
    begins = message(channel, **{"x-goog-resource-state": "sync", "x-goog-message-number": "1"})
    assert receive(begins, [SECRET]) == Received(), "it only says that the channel begins"
    assert receive(message(channel), [SECRET]) == Received(catch_up=True)


@pytest.mark.parametrize(
    "change",
    [
        {"x-goog-channel-token": ""},
        {"x-goog-channel-token": "guessed"},
        {"x-goog-channel-token": "é"},
        {"x-goog-channel-token": SECRET},
        {"x-goog-channel-id": "another"},
        {"x-goog-channel-id": ""},
        {"x-goog-resource-id": "another"},
    ],
)
def test_a_message_with_another_token_channel_or_calendar_is_refused(google: Stand, change: dict[str, str]) -> None:
    secrets = keep(google, [SECRET])
    (channel,) = channels(google)
    with pytest.raises(BadSignature):
        receive(message(channel, **change), secrets)


def test_what_is_noted_of_a_channel_is_no_secret_that_opens_anything(google: Stand) -> None:
    secrets = keep(google, [SECRET])
    (channel,) = channels(google)
    record = secrets[1]
    forged = hmac.new(record.encode(), f"channel {channel['id']}".encode(), "sha256").hexdigest()
    with pytest.raises(BadSignature):
        receive(message(channel, **{"x-goog-channel-token": forged}), secrets)
    with pytest.raises(BadSignature):
        receive(signed(b"", "", 0.0), ["", record])


def test_a_channel_is_followed_by_a_new_one_before_it_ends_and_then_stopped(google: Stand) -> None:
    google.note(channel_life=3 * 86_400)
    secrets = keep(google, [SECRET])
    (old,) = channels(google)
    assert keep(google, secrets) == secrets, "three days are enough"
    google.note(channel_life=7 * 86_400)
    aged = [secrets[0], secrets[1].replace(old["expiration"], str(int((time.time() + 86_400) * 1000)))]
    after = keep(google, aged)
    (new,) = channels(google)
    assert new["id"] != old["id"]
    assert google.effects() == ["channel.watch", "channel.watch", "channel.stop"], "the new one first"
    assert receive(message(new), after) == Received(catch_up=True)
    assert receive(message(old), after) == Received(catch_up=True), "a last message of the old one does no harm"


def test_one_that_could_not_be_stopped_is_stopped_in_the_next_round(google: Stand) -> None:
    secrets = keep(google, [SECRET])
    aged = [secrets[0], secrets[1].replace(channels(google)[0]["expiration"], str(int((time.time() + 3600) * 1000)))]
    google.served.fault("google", "status", status=503, path="/calendar/v3/channels")
    after = keep(google, aged)
    assert len(channels(google)) == 2
    assert len(keep(google, after)) == 2
    assert len(channels(google)) == 1


def test_one_that_has_ended_and_one_that_google_does_not_know_are_let_go(google: Stand) -> None:
    past = int((datetime.now(UTC) - timedelta(days=1)).timestamp() * 1000)
    future = past + 3 * 86_400_000
    secrets = [SECRET, f"channel hub-x r {past} primary", f"channel hub-y r {future} primary"]
    after = keep(google, secrets)
    assert (after[0], len(after)) == (SECRET, 2)
    assert len([one for one in google.asked("POST") if one["path"].endswith("/stop")]) == 1


def test_another_address_or_another_choice_of_calendars_changes_the_channels(google: Stand, both: Stand) -> None:
    secrets = keep(both, keep(both, [SECRET]), ADDRESS + "2")
    assert {one["address"] for one in channels(both)} == {ADDRESS + "2"}
    keep(google, secrets, ADDRESS + "2")
    assert [one["calendar"] for one in channels(google)] == ["ana@practice.example"]


def test_another_secret_makes_new_channels_and_the_old_ones_still_ring(google: Stand) -> None:
    secrets = keep(google, [SECRET])
    (old,) = channels(google)
    after = keep(google, ["another", *secrets])
    (new,) = channels(google)
    assert new["id"] != old["id"]
    assert receive(message(new), after) == receive(message(old), after) == Received(catch_up=True)
    assert keep(google, after) == after


def test_while_the_hub_cannot_be_reached_nothing_is_made(google: Stand) -> None:
    assert keep(google, [SECRET], "") == [SECRET]
    assert channels(google) == []


def test_a_calendar_that_cannot_be_watched_is_left_to_the_looks(both: Stand) -> None:
    both.note(no_push=["ana@practice.example"])
    keep(both, [SECRET])
    assert [one["calendar"] for one in channels(both)] == [BOOKINGS]


def test_what_was_made_before_one_fails_is_kept(both: Stand) -> None:
    both.served.fault("google", "status", status=503, path="/calendar", method="POST", skip=1)
    secrets = keep(both, [SECRET])
    assert len(secrets) == 2
    assert len(keep(both, secrets)) == 3
    assert len(channels(both)) == 2


def test_an_address_that_google_does_not_take_is_no_reason_to_sign_in_again(google: Stand) -> None:
    google.note(no_address=True)
    with pytest.raises(Refused, match=r"must begin with https.*every fifteen minutes"):
        keep(google, [SECRET])


def test_without_the_right_to_read_events_none_is_made(google: Stand) -> None:
    less = reopened(google, scope=" ".join(NEEDED))
    assert keep(less, [SECRET]) == [SECRET]
    assert less.asked() == []
    with pytest.raises(Refused, match=r"may not read the events.*leave it ticked"):
        keep(reopened(google, scope=" ".join(NEEDED), calendars="Bookings"), [SECRET])
