"""Times of recipes, against an oracle that walks through every minute there is."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import schedule, zones
from app.core.schedule_words import NoSuchTime, cron_of

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "UTC",
    "Asia/Kolkata",
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def oracle(
    minutes: set[int], hours: set[int] | None, days: set[int] | None, zone: str, begin: datetime, end: datetime
) -> list[int]:
    """The instants in (begin, end], minute by minute of real time: `hours` None is every hour, `days` None every weekday."""
    here, found = zones.zone(zone), []
    before = begin.astimezone(here).replace(tzinfo=None)
    real = begin + timedelta(minutes=1)
    seen = {before - timedelta(minutes=n) for n in range(300)}
    while real <= end:
        local = real.astimezone(here).replace(tzinfo=None)
        passed = [local]  # the local minutes that this real minute stands for: its own, and those the clocks skipped
        skipped = before + timedelta(minutes=1)
        while skipped < local:
            passed.append(skipped)
            skipped += timedelta(minutes=1)
        fits = [
            each
            for each in passed
            if each.minute in minutes
            and (hours is None or each.hour in hours)
            and (days is None or each.isoweekday() in days)
            and (hours is None or each not in seen or each != local)
        ]
        if fits and not (hours is not None and local in seen):
            found.append(int(real.timestamp() * 1000))
        seen |= set(passed)
        before, real = local, real + timedelta(minutes=1)
    return found


def changes(zone: str, year: int) -> list[datetime]:
    here = zones.zone(zone)
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(24 * 365)]
    return [b for a, b in itertools.pairwise(hours) if a.astimezone(here).utcoffset() != b.astimezone(here).utcoffset()]


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    year=st.integers(2025, 2030),
    which=st.integers(0, 1),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.none() | st.sets(st.integers(0, 4), min_size=1, max_size=3),
    days=st.none() | st.sets(st.integers(1, 7), min_size=1, max_size=4),
)
def test_the_instants_around_a_change_of_the_clocks_are_those_of_somebody_who_watches_every_minute(
    zone: str, year: int, which: int, minutes: set[int], hours: set[int] | None, days: set[int] | None
) -> None:
    moved = changes(zone, year) or [datetime(year, 3, 1, tzinfo=UTC)]
    middle = moved[which % len(moved)]
    begin, end = middle - timedelta(hours=9), middle + timedelta(hours=30)
    fields = [",".join(map(str, sorted(each))) if each is not None else "*" for each in (minutes, hours, days)]
    cron = f"{fields[0]} {fields[1]} * * {fields[2]}"
    a, b = (int(each.timestamp() * 1000) for each in (begin, end))
    assert list(schedule.between(cron, zone, a, b)) == oracle(minutes, hours, days, zone, begin, end)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.integers(0, 5 * 365 * 24 * 60),
    st.sampled_from(["0 7 * * 1", "30 2 * * *", "*/15 * * * *", "0 0 L * *", "15 1,2 * * *"]),
)
def test_the_next_instant_is_later_and_nothing_lies_between(zone: str, minute: int, cron: str) -> None:
    after = ms("2025-01-01T00:00:00Z") + minute * 60_000 + 17
    at = schedule.next_after(cron, zone, after)
    assert at > after
    assert at % 60_000 == 0
    for earlier in (after + (at - after) // 2, at - 1):
        assert schedule.next_after(cron, zone, earlier) == at


def test_a_skipped_time_comes_at_the_next_minute_and_a_doubled_one_once() -> None:
    berlin = "Europe/Berlin"
    spring = list(schedule.between("30 2 * * *", berlin, ms("2026-03-28T12:00:00Z"), ms("2026-03-30T12:00:00Z")))
    assert spring == [ms("2026-03-29T01:00:00Z"), ms("2026-03-30T00:30:00Z")]
    autumn = list(schedule.between("30 2 * * *", berlin, ms("2026-10-24T12:00:00Z"), ms("2026-10-26T12:00:00Z")))
    assert autumn == [ms("2026-10-25T00:30:00Z"), ms("2026-10-26T01:30:00Z")]
    quarters = list(schedule.between("*/15 * * * *", berlin, ms("2026-10-25T00:00:00Z"), ms("2026-10-25T02:00:00Z")))
    assert len(quarters) == 8


@pytest.mark.parametrize(
    ("text", "cron", "says"),
    [
        ("monday at 07:00", "0 7 * * 1", "Every Monday at 07:00"),
        ("every weekday at 8:30", "30 8 * * 1-5", "Monday to Friday at 08:30"),
        ("day at 7:00 and 19:00", "0 7,19 * * *", "Every day at 07:00 and 19:00"),
        ("Monday, Wednesday and Friday at 09:15", "15 9 * * 1,3,5", "Every Monday, Wednesday and Friday at 09:15"),
        ("month on the 1st at 09:00", "0 9 1 * *", "On day 1 of every month at 09:00"),
        ("month on the last day at 18:00", "0 18 L * *", "On the last day of every month at 18:00"),
        ("last friday of the month at 16:00", "0 16 * * 5L", "Every last Friday of the month at 16:00"),
        ("first monday of the month at 9:00", "0 9 * * 1#1", "Every first Monday of the month at 09:00"),
        ("15 minutes", "*/15 * * * *", "Every 15 minutes"),
        ("hour", "0 * * * *", "Every hour"),
        ("6 hours", "0 */6 * * *", "Every 6 hours"),
    ],
)
def test_words_become_a_cron_line(text: str, cron: str, says: str) -> None:
    assert cron_of(text) == (cron, says)
    assert not schedule.problem(cron)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("monday", "does not say at what time"),
        ("moonday at 07:00", "no day"),
        ("monday at 25:00", "no time of day"),
        ("monday at 7:00 and 8:30", "different minutes"),
        ("month on the 31st at 07:00", "not every month"),
        ("7 minutes", "would not come at the same times"),
        ("now and then", "no time this hub knows"),
    ],
)
def test_what_is_no_time_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(NoSuchTime, match=said) as caught:
        cron_of(text)
    assert caught.value.hint


def test_an_event_of_a_time_says_when_in_local_words() -> None:
    found = schedule.seen(ms("2026-11-30T06:00:00Z"), "Europe/Berlin", ms("2026-11-23T06:00:00Z"))
    assert found == {
        "at": "2026-11-30T06:00:00Z",
        "local": "2026-11-30T07:00+01:00",
        "date": "2026-11-30",
        "time": "07:00",
        "weekday": "Monday",
        "zone": "Europe/Berlin",
        "last_at": "2026-11-23T06:00:00Z",
    }
