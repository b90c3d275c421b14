"""Events of Google Calendar over real HTTP: made once, changed only as they were read, cancelled and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.core.answers import Kind, Left
from connectors.contract import Refused
from connectors.google import connector
from connectors.google._event import own_id
from connectors.google._scopes import CALENDARS, NEEDED
from tests.connectors import google_specification
from tests.connectors.stand import KEY, Stand, reopened, standing

EVENT = {"title": "Site visit", "start": "2030-12-03T09:00", "location": "Harbour Street", "description": "Bring plans"}
MEETING = {**EVENT, "guests": ["Kim@client.example", "lee@client.example"]}
KIM = "practice0meeting"


@pytest.fixture
def google() -> Iterator[Stand]:
    with standing("google") as made:
        yield made
        google_specification.asked(made)  # whatever was asked fits Google's own description


def event(google: Stand, own: str) -> dict[str, Any]:
    """As it lies in the stand-in."""
    return next(row["is"] for row in google.served.control("state?slug=google")["event"] if row["is"]["id"] == own)


def by_hand(google: Stand, **more: Any) -> dict[str, Any]:
    return dict(google.served.control("google_event", more))


def mailed(google: Stand) -> list[str]:
    """What was said about mail with each change, in order."""
    changes = [one for one in google.asked() if one["method"] != "GET"]
    return [parse_qs(one["query"])["sendUpdates"][0] for one in changes]


# --- making -----------------------------------------------------------------------------------------------------------


def test_an_event_is_made_under_an_id_of_ours_and_mails_nobody(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    there = event(google, made["id"])
    assert made["id"] == own_id(KEY)
    assert set(made["id"]) <= set("0123456789abcdefghijklmnopqrstuv")
    assert (there["summary"], there["location"], there["description"]) == (
        "Site visit",
        "Harbour Street",
        "Bring plans",
    )
    assert there["start"] == {"dateTime": "2030-12-03T09:00:00-05:00", "timeZone": "America/New_York"}
    assert there["end"]["dateTime"] == "2030-12-03T10:00:00-05:00", "an hour, if nothing is said"
    assert there["extendedProperties"] == {"private": {"patchbay": KEY}}
    assert made["url"] == there["htmlLink"]
    assert mailed(google) == ["none"]


def test_whole_days_end_for_google_on_the_day_after(google: Stand) -> None:
    made = google.do("create_event", title="Fair", start="2030-12-03", end="2030-12-05")
    there = event(google, made["id"])
    assert (there["start"], there["end"]) == ({"date": "2030-12-03"}, {"date": "2030-12-06"})
    assert (made["start"], made["end"]) == ("2030-12-03", "2030-12-05")
    assert google.connector.actions["get_event"].run(google.client, event=made["id"])["all_day"] is True


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"start": "2030-07-01T09:00", "time_zone": "Europe/Berlin"}, "2030-07-01T09:00:00+02:00"),
        ({"start": "2030-12-01T09:00", "time_zone": "Europe/Berlin"}, "2030-12-01T09:00:00+01:00"),
        ({"start": "2030-12-01T09:00", "calendar": "Bookings"}, "2030-12-01T09:00:00+01:00"),
        ({"start": "2030-12-01T09:00:00Z"}, "2030-12-01T09:00:00+00:00"),
        ({"start": "2030-12-01 09:00+05:30"}, "2030-12-01T09:00:00+05:30"),
    ],
)
def test_times_are_in_the_zone_that_is_given_else_in_the_calendars_own(
    google: Stand, given: dict[str, str], sent: str
) -> None:
    made = google.do("create_event", title="Call", **given)
    assert event(google, made["id"])["start"]["dateTime"] == sent


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": " "}, "needs a title"),
        ({"start": "tomorrow"}, "no start"),
        ({"start": "2030-02-30"}, "no start"),
        ({"end": "2030-12-03"}, "both days or both times"),
        ({"end": "2030-12-03T08:00"}, "before it begins"),
        ({"end": "2030-12-03T09:00"}, "before it begins"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"time_zone": "../etc"}, "no time zone"),
        ({"description": "x" * 8193}, "too long"),
        ({"calendar": "Nowhere"}, "no calendar called"),
        ({"calendar": "en.usa#holiday@group.v.calendar.google.com"}, "may only read"),
    ],
)
def test_what_google_would_refuse_is_said_before(google: Stand, given: dict[str, str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        google.prepared("create_event", **{**EVENT, **given})
    assert google.effects() == []


def test_inviting_is_for_a_person_to_decide_and_mails_everybody(google: Stand) -> None:
    assert google.action("create_meeting").judgment
    made = google.do("create_meeting", **MEETING)
    assert [one["email"] for one in event(google, made["id"])["attendees"]] == [
        "kim@client.example",
        "lee@client.example",
    ]
    assert mailed(google) == ["all"]
    assert google.undo("create_meeting", MEETING, made) is None
    assert mailed(google) == ["all", "all"], "who was invited hears that it is cancelled"


@pytest.mark.parametrize("guests", [[], "", ["kim"], "kim@client.example, <x>", ["a@b.example\nBcc: c@d.example"]])
def test_guests_are_addresses(google: Stand, guests: Any) -> None:
    with pytest.raises(Refused, match=r"no e-mail address|must be invited"):
        google.prepared("create_meeting", **{**MEETING, "guests": guests})


def test_guests_may_be_one_text_and_each_is_invited_once(google: Stand) -> None:
    made = google.prepared(
        "create_meeting", **{**MEETING, "guests": "Kim@client.example; kim@client.example,lee@x.example"}
    )
    assert made["guests"] == ["kim@client.example", "lee@x.example"]


# --- lost answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "arrived"), [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]
)
@pytest.mark.parametrize(("name", "given"), [("create_event", EVENT), ("create_meeting", MEETING)])
def test_a_lost_answer_is_looked_up_by_the_id(
    google: Stand, name: str, given: dict[str, Any], fault: str, arrived: int
) -> None:
    assert [one["id"] for one in google.lost(name, fault, **given)] == [own_id(KEY)] * arrived


def test_a_second_request_with_the_same_key_meets_the_first(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    met = google.trouble("create_event", **EVENT)
    assert (met.kind, met.left, met.status) == (Kind.UNKNOWN, Left.THERE, 409)
    find = google.action("create_event").find
    assert find
    assert find(google.client, KEY, google.prepared("create_event", **EVENT)) == [made]
    assert google.effects() == ["event.insert"]


def test_one_that_somebody_cancelled_in_between_did_arrive_and_is_not_made_again(google: Stand) -> None:
    google.lost("create_event", "cut_after", **EVENT)
    by_hand(google, id=own_id(KEY), cancel=True)
    find = google.action("create_event").find
    assert find
    assert [one["id"] for one in find(google.client, KEY, google.prepared("create_event", **EVENT))] == [own_id(KEY)]
    assert google.trouble("create_event", **EVENT).status == 409, "the id of a deleted event stays used"


@pytest.mark.parametrize(("fault", "arrived"), [("cut_before", 0), ("cut_after", 1), ("rubbish", 1)])
def test_a_lost_answer_to_a_change_is_looked_up(google: Stand, fault: str, arrived: int) -> None:
    made = google.do("create_event", **EVENT)
    given = {"event": made["id"], "title": "Later visit", "start": "2030-12-04T09:00"}
    arguments = google.prepared("update_event", **given)
    assert len(google.lost("update_event", fault, **given)) == arrived
    still = google.action("update_event").still
    assert still
    assert still(google.client, arguments) is not bool(arrived)


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_change_touches_only_what_is_given_and_is_taken_back(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    given = google.prepared("update_event", event=made["id"], title="Visit moved", start="2030-12-04T11:30")
    before = google.before("update_event", **given)
    result = google.send("update_event", KEY, given)
    there = event(google, made["id"])
    assert (there["summary"], there["location"]) == ("Visit moved", "Harbour Street")
    assert (there["start"]["dateTime"], there["end"]["dateTime"]) == (
        "2030-12-04T11:30:00-05:00",
        "2030-12-04T12:30:00-05:00",
    ), "it takes as long as before"
    assert google.undo("update_event", given, result, before) is None
    there = event(google, made["id"])
    assert (there["summary"], there["start"]["dateTime"]) == ("Site visit", "2030-12-03T09:00:00-05:00")
    assert set(mailed(google)) == {"none"}


def test_times_become_whole_days_and_back(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    given = google.prepared("update_event", event=made["id"], start="2030-12-04")
    before = google.before("update_event", **given)
    result = google.send("update_event", KEY, given)
    assert event(google, made["id"])["start"] == {"date": "2030-12-04"}
    assert google.undo("update_event", given, result, before) is None
    assert event(google, made["id"])["start"]["dateTime"] == "2030-12-03T09:00:00-05:00"


def test_what_somebody_changed_meanwhile_is_not_written_over(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    given = google.prepared("update_event", event=made["id"], title="Ours")
    by_hand(google, id=made["id"], summary="Theirs")
    request = google.door.draw(lambda: google.action("update_event").run(google.client, KEY, **given))
    with google.door.sending(request), pytest.raises(Exception, match="412"):
        google.action("update_event").run(google.client, KEY, **given)
    assert event(google, made["id"])["summary"] == "Theirs"
    find, still = google.action("update_event").find, google.action("update_event").still
    assert find
    assert still
    assert (find(google.client, KEY, given), still(google.client, given)) == ([], False)
    assert "nothing was written over" in (connector.explain(412, b"{}") or "")


def test_who_changed_or_answered_since_keeps_an_undo_away_but_google_itself_does_not(google: Stand) -> None:
    made = google.do("create_meeting", **MEETING)
    by_hand(google, id=made["id"], touch=True)  # another etag, the same words
    changed = google.action("create_meeting").undo
    assert changed
    assert changed.changed(google.client, MEETING, made, 0) is None
    answered = [{"email": "kim@client.example", "responseStatus": "accepted"}]
    by_hand(google, id=made["id"], attendees=answered)
    assert "or answered" in (google.undo("create_meeting", MEETING, made) or "")
    by_hand(google, id=made["id"], cancel=True)
    assert "nothing to take back" in (google.undo("create_meeting", MEETING, made) or "")


def test_nothing_to_change_and_events_that_are_gone_are_said(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    with pytest.raises(Refused, match="nothing to change"):
        google.prepared("update_event", event=made["id"])
    by_hand(google, id=made["id"], cancel=True)
    with pytest.raises(Refused, match="was cancelled"):
        google.prepared("update_event", event=made["id"], title="x")
    with pytest.raises(Refused, match="no such event"):
        google.prepared("update_event", event="nothere", title="x")


def test_guests_are_told_of_what_concerns_them_or_it_is_not_done(google: Stand) -> None:
    for given in ({"title": "x"}, {"start": "2030-12-01T10:00"}, {"location": "y"}):
        with pytest.raises(Refused, match="Change a meeting and tell the guests"):
            google.prepared("update_event", event=KIM, **given)
    google.do("update_event", event=KIM, description="Notes: …")
    google.do("update_meeting", event=KIM, location="Second floor")
    assert mailed(google) == ["none", "all"]
    assert google.action("update_meeting").judgment


# --- cancelling -------------------------------------------------------------------------------------------------------


def test_an_event_is_cancelled_and_brought_back_under_its_id(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    given = google.prepared("cancel_event", event=made["id"])
    result = google.send("cancel_event", KEY, given)
    assert event(google, made["id"])["status"] == "cancelled"
    assert google.undo("cancel_event", given, result) is None
    assert event(google, made["id"])["status"] == "confirmed"
    assert google.undo("cancel_event", given, result) == "Somebody has brought the event back already."


def test_cancelling_with_guests_is_for_a_person_and_mails_them(google: Stand) -> None:
    with pytest.raises(Refused, match="Cancel a meeting and tell the guests"):
        google.prepared("cancel_event", event=KIM)
    google.do("cancel_meeting", event=KIM)
    assert (mailed(google), google.action("cancel_meeting").judgment) == (["all"], True)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "status_after"])
def test_a_lost_answer_to_a_cancellation_is_looked_up(google: Stand, fault: str) -> None:
    google.do("create_event", **EVENT)
    found = google.lost("cancel_event", fault, event=own_id(KEY))
    assert len(found) == (0 if fault == "cut_before" else 1)


def test_gone_already_is_as_good(google: Stand) -> None:
    made = google.do("create_event", **EVENT)
    given = google.prepared("cancel_event", event=made["id"])
    google.send("cancel_event", KEY, given)
    assert google.send("cancel_event", KEY, given)["id"] == made["id"], "410"
    google.served.control("google_forget", {"id": made["id"]})
    assert google.send("cancel_event", KEY, given)["id"] == made["id"], "404"


# --- looking ----------------------------------------------------------------------------------------------------------


def test_events_of_a_time_are_found_the_earliest_first(google: Stand) -> None:
    for day in ("04", "03"):
        by_hand(
            google, summary=f"Day {day}", start={"date": f"2031-01-{day}"}, end={"date": f"2031-01-0{int(day) + 1}"}
        )
    look = google.action("find_events").run
    found = look(google.client, after="2031-01-03", before="2031-01-04")
    assert ([one["title"] for one in found["events"]], found["more"]) == (["Day 03", "Day 04"], False)
    assert look(google.client, after="2031-01-03T00:00", before="2031-01-03T12:00", search="day 04")["events"] == []
    with pytest.raises(Refused, match="ends before it begins"):
        look(google.client, after="2031-01-04", before="2031-01-03")


def test_calendars_that_may_be_changed_and_coming_events_fill_pickers(google: Stand) -> None:
    assert [one.label for one in google.choices("calendar")] == ["ana@practice.example", "Bookings"]
    (choice,) = google.choices("event", "kim")
    assert (choice.id, choice.label.startswith("Call with Kim, 20")) == (f"primary/{KIM}", True)
    assert google.action("get_event").run(google.client, event=choice.id)["title"] == "Call with Kim"


def test_addresses_that_people_paste_are_understood(google: Stand) -> None:
    link = by_hand(google, id=KIM)["htmlLink"]
    assert [one.id for one in google.resolve("event", link)] == [f"primary/{KIM}"]
    bookings = "bookings@group.calendar.google.com"
    for text in (
        bookings,
        "bookings",
        f"https://calendar.google.com/calendar/embed?src={bookings.replace('@', '%40')}",
    ):
        assert [one.id for one in google.resolve("calendar", text)] == [bookings]
    coded = "https://calendar.google.com/calendar/u/0?cid=Ym9va2luZ3NAZ3JvdXAuY2FsZW5kYXIuZ29vZ2xlLmNvbQ"
    assert [one.id for one in google.resolve("calendar", coded)] == [bookings]
    for lookup, text in (("calendar", "https://calendar.google.com/"), ("calendar", "no@where.example")):
        with pytest.raises(Refused, match=r"Calendar ID|Share it"):
            google.resolve(lookup, text)
    for text in ("https://www.google.com/calendar/event", "nothere", "a b"):
        with pytest.raises(Refused, match=r"no event|no such event"):
            google.resolve("event", text)


def test_without_the_right_to_list_calendars_the_own_one_still_works(google: Stand) -> None:
    less = reopened(google, scope=" ".join(one for one in (*NEEDED, "https://www.googleapis.com/auth/calendar.events")))
    assert less.do("create_event", **EVENT)["id"]
    with pytest.raises(Refused, match="may not list your calendars"):
        less.choices("calendar")
    none = reopened(google, scope=" ".join([*NEEDED, CALENDARS]))
    with pytest.raises(Refused, match=r"may not read the events.*sign in to Google again"):
        none.prepared("create_event", **EVENT)
