"""What happens in Google calendars: looks with the sync token, nothing told twice, nothing of ourselves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.core.connections import asking
from connectors.contract import Event, Refused
from connectors.google import connector
from connectors.google._event import own_id
from connectors.google._event_shape import FIELDS, shape
from connectors.google._scopes import NEEDED
from tests.connectors import google_specification
from tests.connectors.stand import KEY, Stand, reopened, standing

BOOKINGS = "bookings@group.calendar.google.com"


@pytest.fixture
def google() -> Iterator[Stand]:
    with standing("google") as made:
        yield made
        google_specification.asked(made)


@pytest.fixture
def both(google: Stand) -> Stand:
    return reopened(google, calendars="primary, Bookings")


def by_hand(google: Stand, **more: Any) -> dict[str, Any]:
    return dict(google.served.control("google_event", more))


def look(google: Stand, cursor: Any) -> tuple[list[Event], Any]:
    """One round, the cursor stored between rounds as JSON."""
    events, after = connector.polls[0].run(google.client, cursor)
    return events, json.loads(json.dumps(after))


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(one.kind, shape(one.body)["title"]) for one in events]


def lists(google: Stand) -> list[dict[str, list[str]]]:
    """What was asked in lists of events."""
    return [parse_qs(one["query"]) for one in google.asked("GET") if one["path"].endswith("/events")]


def test_the_first_look_starts_nothing_and_then_each_kind_is_told_once(google: Stand) -> None:
    events, cursor = look(google, None)
    assert events == []
    made = by_hand(google, summary="Lunch")
    events, cursor = look(google, cursor)
    assert told(events) == [("event.created", "Lunch")]
    by_hand(google, id=made["id"], location="Café")
    events, cursor = look(google, cursor)
    assert told(events) == [("event.changed", "Lunch")]
    by_hand(google, id=made["id"], cancel=True)
    events, cursor = look(google, cursor)
    assert told(events) == [("event.cancelled", "Lunch")], "what was cancelled can still be named"
    assert look(google, cursor)[0] == []
    assert set(shape(events[0].body)) == {name.split("[")[0] for name in FIELDS}


def test_what_was_there_before_is_changed_and_not_made(google: Stand) -> None:
    by_hand(google, id="long0ago", summary="Old", ago=90 * 86_400)
    cursor = look(google, None)[1]
    by_hand(google, id="long0ago", summary="Older")
    assert told(look(google, cursor)[0]) == [("event.changed", "Older")]


def test_an_answer_of_a_guest_is_a_change_and_what_google_touches_is_none(google: Stand) -> None:
    cursor = look(google, None)[1]
    by_hand(google, id="practice0meeting", touch=True)
    events, cursor = look(google, cursor)
    assert events == []
    answered = [{"email": "kim@client.example", "responseStatus": "accepted"}]
    by_hand(google, id="practice0meeting", attendees=answered)
    events, cursor = look(google, cursor)
    assert told(events) == [("event.changed", "Call with Kim")]
    assert shape(events[0].body)["guests"] == [{"email": "kim@client.example", "name": "", "answer": "accepted"}]


def test_two_looks_at_the_same_news_fold_and_two_changes_do_not(google: Stand) -> None:
    cursor = look(google, None)[1]
    made = by_hand(google, summary="Lunch")
    one, two = look(google, cursor)[0], look(google, cursor)[0]
    assert [event.dedupe_key for event in one] == [event.dedupe_key for event in two]
    after = look(google, cursor)[1]
    by_hand(google, id=made["id"], summary="A")
    first, after = look(google, after)
    time.sleep(0.002)
    by_hand(google, id=made["id"], summary="Lunch")
    second, _ = look(google, after)
    assert first[0].dedupe_key != second[0].dedupe_key
    assert first[0].serial_key == second[0].serial_key


def test_with_the_token_no_parameter_is_sent_that_google_forbids_and_all_others_stay_the_same(google: Stand) -> None:
    google.note(page=1)
    for name in ("A", "B", "C"):
        by_hand(google, summary=name)
    cursor = look(google, None)[1]
    for name in ("D", "E"):
        by_hand(google, summary=name)
    assert [title for _, title in told(look(google, cursor)[0])] == ["D", "E"]
    asked = lists(google)
    assert any("syncToken" in one for one in asked)
    assert any("pageToken" in one for one in asked)
    same = [{name: value for name, value in one.items() if name not in ("syncToken", "pageToken")} for one in asked]
    assert all(one == same[0] for one in same)
    assert set(same[0]) == {"showDeleted", "maxResults", "alt"}


def test_a_second_page_that_fails_loses_and_doubles_nothing(google: Stand) -> None:
    cursor = look(google, None)[1]
    google.note(page=1)
    for name in ("A", "B", "C"):
        by_hand(google, summary=name)
    google.served.fault("google", "status", status=503, path="/calendar", skip=1)
    with pytest.raises(Exception, match="503"):
        look(google, cursor)
    assert [title for _, title in told(look(google, cursor)[0])] == ["A", "B", "C"]


def test_a_forgotten_token_leads_to_a_full_look_that_tells_only_news(google: Stand) -> None:
    for number in range(5):
        by_hand(google, summary=f"Old {number}", ago=30 * 86_400)
    gone = by_hand(google, summary="Gone", ago=30 * 86_400)
    cursor = look(google, None)[1]
    cursor["calendars"]["primary"]["seen"] = {}  # there are more than are remembered
    google.served.control("google_forget", {"id": gone["id"], "but_id": True})
    by_hand(google, summary="New")
    google.note(forgotten=10_000)
    events, after = look(google, cursor)
    assert told(events) == [("event.created", "New")]
    google.note(forgotten=-1)
    by_hand(google, summary="Newer")
    assert told(look(google, after)[0]) == [("event.created", "Newer")], "and then with a token again"


def test_a_cancelled_one_of_which_only_the_id_is_left_is_told(google: Stand) -> None:
    made = by_hand(google, summary="Theirs")
    cursor = look(google, None)[1]
    google.served.control("google_forget", {"id": made["id"], "but_id": True})
    events, _ = look(google, cursor)
    assert [(event.kind, shape(event.body)["id"]) for event in events] == [("event.cancelled", made["id"])]


def test_birthdays_and_where_people_work_are_no_events(google: Stand) -> None:
    cursor = look(google, None)[1]
    by_hand(google, summary="Home", eventType="workingLocation")
    by_hand(google, summary="Ben's birthday", eventType="birthday")
    assert look(google, cursor)[0] == []


def test_what_patchbay_made_or_changed_is_known_again(google: Stand) -> None:
    cursor = look(google, None)[1]
    made = google.do("create_event", title="Ours", start="2030-12-03T09:00")
    events, cursor = look(google, cursor)
    assert events == [], "not even if Google has touched it since"
    changed = google.do("update_event", "hub-another", event=made["id"], title="Ours, too")
    (event,), cursor = look(google, cursor)
    assert (event.object, event.version) == (changed["id"], changed["version"]), "the hub knows it by these"
    cancelled = google.do("cancel_event", "hub-third", event=made["id"])
    (event,), cursor = look(google, cursor)
    assert (event.object, event.version) == (cancelled["id"], cancelled["version"])


def test_a_copy_that_somebody_made_of_ours_is_theirs(google: Stand) -> None:
    cursor = look(google, None)[1]
    by_hand(google, summary="Copy", extendedProperties={"private": {"patchbay": KEY}})
    assert told(look(google, cursor)[0]) == [("event.created", "Copy")]
    assert own_id(KEY) != KEY


# --- which calendars --------------------------------------------------------------------------------------------------


def test_calendars_are_named_as_google_shows_them(both: Stand) -> None:
    cursor = look(both, None)[1]
    by_hand(both, summary="Mine")
    by_hand(both, summary="Booked", calendar=BOOKINGS)
    events, _ = look(both, cursor)
    assert {(shape(one.body)["calendar_id"], shape(one.body)["calendar"]) for one in events} == {
        ("primary", "ana@practice.example"),
        (BOOKINGS, "Bookings"),
    }


def test_a_name_that_no_calendar_has_is_said(google: Stand) -> None:
    with pytest.raises(Refused, match="no calendar called “Vacations”"):
        look(reopened(google, calendars="Vacations"), None)


def test_more_calendars_than_can_be_watched_are_said_and_not_left_out(google: Stand) -> None:
    many = ",".join(f"c{number}@group.calendar.google.com" for number in range(11))
    with pytest.raises(Refused, match="At most 10 calendars"):
        look(reopened(google, calendars=many), None)


def test_an_interface_that_is_not_switched_on_says_where_that_is_done(google: Stand) -> None:
    google.note(off=["calendar"])
    with pytest.raises(Refused, match=r"click Enable.*Google Calendar API has not been used"):
        asking(google.opened, lambda: look(google, None))


def test_a_calendar_that_fails_keeps_nothing_of_the_others_back_and_is_heard_next(both: Stand) -> None:
    cursor = look(both, None)[1]
    by_hand(both, summary="Mine")
    by_hand(both, summary="Booked", calendar=BOOKINGS)
    both.note(hidden=[BOOKINGS])
    both.client.options["calendars"] = f"primary, {BOOKINGS}"
    events, cursor = look(both, cursor)
    assert told(events) == [("event.created", "Mine")]
    with pytest.raises(Exception, match="404"):
        look(both, cursor)
    both.note(hidden=[])
    assert told(look(both, cursor)[0]) == [("event.created", "Booked")]


def test_a_calendar_that_is_added_later_tells_from_then_on(google: Stand) -> None:
    cursor = look(google, None)[1]
    by_hand(google, summary="Before", calendar=BOOKINGS)
    more = reopened(google, calendars=f"primary,{BOOKINGS}")
    events, cursor = look(more, cursor)
    assert events == []
    by_hand(google, summary="After", calendar=BOOKINGS)
    assert told(look(more, cursor)[0]) == [("event.created", "After")]


def test_without_the_right_to_read_events_nothing_is_asked(google: Stand) -> None:
    less = reopened(google, scope=" ".join(NEEDED))
    assert look(less, None)[0] == []
    assert less.asked() == []


def test_who_names_calendars_but_left_them_out_at_the_sign_in_is_told(google: Stand) -> None:
    less = reopened(google, scope=" ".join(NEEDED), calendars="Bookings")
    with pytest.raises(Refused, match=r"may not read the events.*leave it ticked"):
        look(less, None)
