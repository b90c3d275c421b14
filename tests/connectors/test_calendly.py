"""Calendly over real HTTP: connecting, webhooks that are kept, catching up, cancelling, and what is said when it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, intake, polling, practice
from app.core.answers import Kind
from app.core.http import Cut
from app.practice.serve import Served
from app.settings import Settings
from connectors.calendly import connector
from connectors.calendly._booking import shape
from connectors.calendly._catch_up import PER_ROUND
from connectors.calendly._delivery import keep
from connectors.contract import Account, Choice, Event, Refused, Unauthorized, Unavailable
from tests.connectors.signing_calendly import signed
from tests.connectors.stand import Stand, reopened, standing
from tests.durability.world import World, world

ADDRESS = "https://hub.example/hooks/calendly/k"
(POLL,) = connector.polls


@pytest.fixture
def calendar() -> Iterator[Stand]:
    with standing("calendly") as stand:
        yield stand


def guest(stand: Stand, do: str = "book", **more: Any) -> dict[str, Any]:
    """Somebody books, cancels or moves; the delivery gets lost."""
    told = dict(stand.served.control(f"calendly_{do}", {"lose": True, **more}))
    return dict(told["guest"])


def hooks(stand: Stand) -> list[dict[str, Any]]:
    return list(stand.served.control("state?slug=calendly").get("subscription", []))


def look(stand: Stand, cursor: Any = None) -> tuple[list[Event], Any]:
    events, after = POLL.run(reopened(stand).client, cursor)
    return events, json.loads(json.dumps(after))


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# --- connecting -------------------------------------------------------------------------------------------------------


def test_check_names_the_user_and_reads_a_meeting(calendar: Stand) -> None:
    assert calendar.check() == Account("uana", "Ana Silva")
    assert [one["path"] for one in calendar.asked()] == ["/users/me", "/scheduled_events"]


@pytest.mark.parametrize("scope", ["users:read", "scheduled_events:read"])
def test_a_missing_scope_is_told_at_once(calendar: Stand, scope: str) -> None:
    calendar.note(lacks=[scope])
    with pytest.raises(Refused, match=f"scopes users:read, .*{scope}”"):
        calendar.check()


def test_bookings_of_everybody_need_an_owner(calendar: Stand) -> None:
    whole = reopened(calendar, whose="Organization")
    assert whole.check().id == "uana"
    calendar.note(role="user")
    with pytest.raises(Refused, match="owner or admin"):
        reopened(calendar, whose="organization").check()
    assert calendar.check().id == "uana"


def test_a_word_that_says_nothing_about_whose_bookings_is_refused(calendar: Stand) -> None:
    with pytest.raises(Refused, match="the word organization"):
        reopened(calendar, whose="Ben")


def test_a_token_that_was_revoked_says_where_to_make_a_new_one(calendar: Stand) -> None:
    with pytest.raises(Unauthorized, match=r"calendly\.com/integrations/api_webhooks"):
        reopened(calendar, token="eyJ.wrong").check()


def test_kinds_of_meetings_are_chosen_by_name_over_all_pages(calendar: Stand) -> None:
    calendar.note(page=1)
    assert [one.label for one in calendar.choices("event_type")] == ["30 min", "An hour"]
    assert calendar.choices("event_type", "hour") == [Choice("https://api.calendly.com/event_types/t60", "An hour")]
    calendar.served.fault("calendly", "status", path="/event_types", skip=1, status=503)
    with pytest.raises(Unavailable):
        calendar.choices("event_type")


def test_who_approves_sees_a_meeting_and_a_guest_by_name(calendar: Stand) -> None:
    soon = guest(calendar, name="Ann Lee", start="2126-11-25T15:00:00.000000Z")
    held = guest(calendar, name="Ben Okoro", start=ago(hours=3), type="t60")
    guest(calendar, name="Cy", start=ago(days=30))
    guest(calendar, "cancel", guest=guest(calendar, name="Di")["uri"])
    words = "30 min, 25 November 2126, 15:00 UTC"
    assert calendar.resolve("meeting", soon["event"]) == [Choice(soon["event"], words)]
    assert calendar.choices("meeting") == [Choice(soon["event"], words)]
    assert calendar.resolve("booking", soon["uri"]) == [Choice(soon["uri"], f"Ann Lee, {words}")]
    (there,) = calendar.choices("booking")
    assert (there.id, there.label.startswith("Ben Okoro, An hour, ")) == (held["uri"], True)
    assert calendar.choices("meeting", "an hour") == []
    with pytest.raises(Refused, match="no such booking or meeting"):
        calendar.resolve("meeting", "gone")


def test_too_fast_waits_as_long_as_calendlys_own_header_says() -> None:
    with Served() as served, standing("calendly") as other:
        stand = reopened(Stand(served, other.connector, other.opened))
        stand.note(rate=1)
        stand.client.ask("GET", "/users/me")
        with pytest.raises(Unavailable) as refusal:
            stand.client.ask("GET", "/users/me")
        assert 50 <= (refusal.value.seconds or 0) <= 60


# --- webhooks that live -----------------------------------------------------------------------------------------------


def test_one_webhook_is_made_with_our_own_key(calendar: Stand) -> None:
    assert keep(calendar.client, ADDRESS, ["key", "older"]) == ["key", "older"]
    keep(calendar.client, ADDRESS, ["key"])
    (hook,) = hooks(calendar)
    assert (hook["callback_url"], hook["key"], hook["scope"], hook["state"]) == (ADDRESS, "key", "user", "active")
    assert hook["events"] == ["invitee.created", "invitee.canceled"]
    assert len(calendar.asked("POST")) == 1


def test_for_everybody_it_is_made_for_the_organization(calendar: Stand) -> None:
    whole = reopened(calendar, whose="organization")
    keep(whole.client, ADDRESS, ["key"])
    sent = json.loads(calendar.asked("POST")[-1]["body"])
    assert (sent["scope"], "user" in sent) == ("organization", False)
    assert keep(whole.client, ADDRESS, ["key"])
    assert len(hooks(calendar)) == 1


def test_one_that_calendly_disabled_is_made_anew(calendar: Stand) -> None:
    keep(calendar.client, ADDRESS, ["key"])
    (hook,) = hooks(calendar)
    calendar.served.control("calendly_subscription", {"id": hook["id"], "state": "disabled"})
    keep(calendar.client, ADDRESS, ["key"])
    (fresh,) = hooks(calendar)
    assert (fresh["state"], fresh["id"] != hook["id"]) == ("active", True)


def test_those_of_other_programs_are_left_alone_on_every_page(calendar: Stand) -> None:
    calendar.note(page=1)
    for number in range(3):
        keep(calendar.client, f"https://other.example/{number}", ["theirs"])
    keep(calendar.client, ADDRESS, ["key"])
    keep(calendar.client, ADDRESS, ["key"])
    assert len(hooks(calendar)) == 4
    assert calendar.effects("webhook.delete") == []


def test_a_lost_answer_is_found_by_the_next_look(calendar: Stand) -> None:
    calendar.served.fault("calendly", "cut_after", method="POST")
    with pytest.raises(Cut):
        keep(calendar.client, ADDRESS, ["key"])
    keep(calendar.client, ADDRESS, ["key"])
    assert [hook["key"] for hook in hooks(calendar)] == ["key"]


def test_a_hub_that_cannot_be_reached_asks_for_nothing(calendar: Stand) -> None:
    assert keep(calendar.client, "", ["key"]) == ["key"]
    assert calendar.asked() == []


# --- catching up ------------------------------------------------------------------------------------------------------


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_a_lost_booking_is_found_and_counts_as_the_webhook_would(calendar: Stand) -> None:
    made = guest(calendar, name="Ann Lee", answers={"Topic?": "Tax"})
    ((event,), cursor) = look(calendar)
    seen = shape(event.body)
    assert (event.kind, seen["booking"], seen["name"], seen["title"]) == (
        "booking.made",
        made["uri"],
        "Ann Lee",
        "30 min",
    )
    assert (seen["answers"], seen["meeting"]) == ({"Topic?": "Tax"}, made["event"])
    assert event.once_key == event.dedupe_key
    assert look(calendar, cursor)[0] == []


def test_a_lost_cancellation_and_a_lost_move_are_found(calendar: Stand) -> None:
    first, second = guest(calendar, at=ago(days=3)), guest(calendar, at=ago(days=3), name="Ben Okoro")
    events, cursor = look(calendar)
    assert events == []
    guest(calendar, "cancel", guest=first["uri"], reason="Ill")
    moved = guest(calendar, "move", guest=second["uri"])
    events, cursor = look(calendar, cursor)
    assert sorted(kinds(events)) == ["booking.cancelled", "booking.moved"]
    seen = {event.kind: shape(event.body) for event in events}
    assert seen["booking.cancelled"]["reason"] == "Ill"
    assert (seen["booking.moved"]["old_booking"], seen["booking.moved"]["booking"]) == (second["uri"], moved["uri"])
    assert look(calendar, cursor)[0] == []


def test_only_what_changed_costs_a_call(calendar: Stand) -> None:
    for _ in range(5):
        guest(calendar, at=ago(days=3))
    _, cursor = look(calendar)
    assert [one["path"] for one in calendar.asked()][1:] == ["/scheduled_events"]
    guest(calendar)
    look(calendar, cursor)
    assert len([one for one in calendar.asked() if one["path"].endswith("/invitees")]) == 1


def test_meetings_come_page_by_page_and_are_all_there_or_it_is_tried_again(calendar: Stand) -> None:
    calendar.note(page=2)
    made = {guest(calendar)["uri"] for _ in range(5)}
    calendar.served.fault("calendly", "status", path="/scheduled_events", skip=1, status=503)
    with pytest.raises(Exception, match="503"):
        look(calendar)
    events, _ = look(calendar)
    assert {shape(event.body)["booking"] for event in events} == made


def test_what_was_read_before_a_failure_is_kept_and_the_failure_is_heard_next(calendar: Stand) -> None:
    for _ in range(3):
        guest(calendar)
    second = sorted(
        calendar.client.listed("/scheduled_events", **calendar.client.whose()), key=lambda one: one["start_time"]
    )
    path = f"/scheduled_events/{second[1]['uri'].rpartition('/')[2]}/invitees"
    calendar.served.fault("calendly", "status", path=path, times=2, status=500)
    events, cursor = look(calendar)
    assert len(events) == 1
    with pytest.raises(Exception, match="500"):
        look(calendar, cursor)
    assert len(look(calendar, cursor)[0]) == 2


def test_after_an_outage_a_few_at_a_time_until_all_are_read(calendar: Stand) -> None:
    for _ in range(PER_ROUND + 3):
        guest(calendar)
    first, cursor = look(calendar)
    rest, cursor = look(calendar, cursor)
    assert (len(first), len(rest)) == (PER_ROUND, 3)
    assert look(calendar, cursor)[0] == []


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_meeting_is_cancelled_with_the_reason_and_a_person_decides(calendar: Stand) -> None:
    made = guest(calendar)
    action = calendar.action("cancel_meeting")
    assert action.judgment
    assert calendar.before("cancel_meeting", meeting=made["event"]) == "active"
    calendar.do("cancel_meeting", meeting=made["event"], reason="We are closed that day")
    assert calendar.before("cancel_meeting", meeting=made["event"]) == "canceled"
    assert json.loads(calendar.asked("POST")[-1]["body"]) == {"reason": "We are closed that day"}


@pytest.mark.parametrize("fault", ["cut_after", "rubbish", "status_after"])
def test_a_lost_answer_to_a_cancellation_is_seen_in_the_meeting(calendar: Stand, fault: str) -> None:
    made = guest(calendar)
    assert calendar.lost("cancel_meeting", fault, meeting=made["event"]) == [{"id": made["event"], "url": ""}]


def test_a_cancellation_that_did_not_arrive_is_not_seen(calendar: Stand) -> None:
    assert calendar.lost("cancel_meeting", "cut_before", meeting=guest(calendar)["event"]) == []


def test_what_is_cancelled_already_is_refused_in_words(calendar: Stand) -> None:
    made = guest(calendar)
    guest(calendar, "cancel", guest=made["uri"])
    trouble = calendar.trouble("cancel_meeting", meeting=made["event"])
    assert trouble.kind is Kind.REFUSED
    assert "already canceled" in trouble.words


def test_a_meeting_that_is_gone_is_told(calendar: Stand) -> None:
    with pytest.raises(Refused, match="no such booking or meeting"):
        calendar.before("cancel_meeting", meeting="https://api.calendly.com/scheduled_events/gone")


def test_a_guest_who_did_not_come_is_marked_and_that_is_taken_back(calendar: Stand) -> None:
    made = guest(calendar)
    arguments = {"booking": made["uri"]}
    assert calendar.before("mark_no_show", **arguments) == ""
    result = calendar.do("mark_no_show", **arguments)
    assert calendar.before("mark_no_show", **arguments) == result["id"]
    assert calendar.undo("mark_no_show", arguments, result) is None
    assert (
        calendar.undo("mark_no_show", arguments, result) == "Somebody has changed in Calendly whether this guest came."
    )


@pytest.mark.parametrize("fault", ["cut_after", "rubbish", "status_after"])
def test_a_lost_answer_to_a_mark_is_seen_at_the_guest(calendar: Stand, fault: str) -> None:
    made = guest(calendar)
    ((found),) = calendar.lost("mark_no_show", fault, booking=made["uri"])
    assert "/invitee_no_shows/" in found["id"]
    assert calendar.lost("remove_no_show", fault, mark=found["id"]) == [{"id": found["id"], "url": ""}]


# --- in the hub -------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with world(settings, tmp_path / "practice") as made:
        yield made


def rounds(here: World, own: str) -> list[str]:
    found = [polling.poll(here.hub, *turn) for turn in polling.due(here.hub) if turn[0] == own]
    return [event for part in found for event in part]


def deliver(here: World, told: dict[str, Any]) -> None:
    (hook,) = here.served.control("state?slug=calendly")["subscription"]
    for one in told["deliveries"]:
        body = one["event"].encode()
        headers = signed(body, hook["key"], datetime.now(UTC).timestamp())
        answer = intake.receive(here.hub, "calendly", hook["callback_url"].rsplit("/", 1)[1], body, headers)
        assert answer.status == 200


def test_the_hub_sets_it_up_and_takes_each_booking_once(here: World) -> None:
    own = practice.connection_id(here.hub, "calendly")
    rounds(here, own)
    made = here.served.control("calendly_book", {"name": "Ann"})
    deliver(here, made)
    deliver(here, here.served.control("calendly_move", {"guest": made["guest"]["uri"], "reversed": True}))
    deliver(here, here.served.control("calendly_book", {"name": "Ben", "bare": True}))
    here.served.control("calendly_book", {"name": "Chloe", "lose": True})
    assert len(rounds(here, own)) == 2, "the one without its meeting, and the lost one"
    found = [one["kind"] for one in here.events() if one["connection"] == own]
    assert sorted(found) == ["calendly.booking.made"] * 3 + ["calendly.booking.moved"]


def test_a_plan_without_webhooks_says_so_and_bookings_are_fetched(here: World) -> None:
    own = practice.connection_id(here.hub, "calendly")
    here.served.control("settings", {"calendly_plan": "free"})
    here.served.control("calendly_book", {"name": "Ann"})
    assert len(rounds(here, own)) == 1
    assert "need the plan Standard or higher" in connections.hook_trouble(here.hub, own)
    assert connections.get(here.hub, own)["state"] == "ok"


def test_after_reconnecting_nothing_is_missing(here: World) -> None:
    own = practice.connection_id(here.hub, "calendly")
    rounds(here, own)
    here.served.control("revoke", {"slug": "calendly"})
    here.served.control("calendly_book", {"name": "Ann", "lose": True})
    here.skip(1_000_000)
    assert rounds(here, own) == []
    assert connections.get(here.hub, own)["state"] == "reconnect"
    here.served.control("unrevoke", {"slug": "calendly"})
    assert connections.change(here.hub, own, {})["state"] == "ok"
    assert len(rounds(here, own)) == 1
