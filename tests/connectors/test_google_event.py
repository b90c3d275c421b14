"""When an event of Google Calendar is, and what a recipe sees of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.contract import Unreadable
from connectors.google._event_shape import FIELDS, shape
from connectors.google._event_time import Span, moved, read, span

SAMPLES = Path(__file__).parent / "samples" / "google"


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [
        ("2030-12-03", "", ""),
        ("2030-12-03", "2030-12-31", ""),
        ("2030-10-27T02:30", "2030-10-27T04:00", "Europe/Berlin"),
    ],
)
def test_what_is_written_is_read_again(start: str, end: str, zone: str) -> None:
    made = span(start, end, zone)
    again = read(made.body())
    assert again is not None
    assert again.moments() == made.moments()


def test_a_later_end_alone_and_a_shorter_time_are_possible() -> None:
    there = Span("2030-12-03T09:00:00-05:00", "2030-12-03T10:00:00-05:00", "America/New_York").body()
    longer = moved(there, "", "2030-12-03T12:00", "America/New_York")
    assert longer.moments()[0].isoformat() == "2030-12-03T09:00:00-05:00"
    assert (longer.moments()[1] - longer.moments()[0]).seconds == 3 * 3600
    days = moved(Span("2030-12-03", "2030-12-05").body(), "2030-12-10", "", "UTC")
    assert (days.start, days.end) == ("2030-12-10", "2030-12-12")


def test_a_recipe_sees_every_field_and_plain_words() -> None:
    seen = shape((SAMPLES / "event_created.json").read_bytes())
    assert set(seen) == {name.split("[")[0] for name in FIELDS}
    assert seen["description"] == "Bring the plans & the keys.\nGate\nRoof"
    assert (seen["start"], seen["end"], seen["all_day"]) == (
        "2026-12-03T09:00:00-05:00",
        "2026-12-03T10:30:00-05:00",
        False,
    )
    assert [one["name"] for one in seen["guests"]] == ["", "Kim Lee"]
    assert seen["meeting_link"] == "https://meet.google.com/abc-defg-hij"


def test_a_cancelled_date_of_a_series_may_have_nothing_but_its_id() -> None:
    seen = shape((SAMPLES / "event_cancelled_bare.json").read_bytes())
    assert set(seen) == {name.split("[")[0] for name in FIELDS}
    assert (seen["status"], seen["title"], seen["start"]) == ("cancelled", "", "")
    assert (seen["series_id"], seen["original_start"]) == ("5v0dpl4q2d9hrq1u7pebk6a7ms", "2026-12-10T09:00:00-05:00")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"item": [], "calendar": {}}', b"[" * 9999])
def test_anything_else_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        shape(body)


def test_words_with_less_than_signs_are_no_tags() -> None:
    body = json.loads((SAMPLES / "event_created.json").read_text())
    body["item"]["description"] = "if a < b and c > d"
    assert shape(json.dumps(body).encode())["description"] == "if a < b and c > d"
