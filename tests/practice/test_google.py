"""The practice Google shows what stands in it, and neither runs it nor tells what opens it."""

from __future__ import annotations

import requests

from app.practice.serve import Served

CHANNEL = {"id": "abc", "token": "s3cret", "address": "http://127.0.0.1:9/", "type": "web_hook"}


def test_events_stand_on_its_page_and_tokens_do_not(practice: Served) -> None:
    own = {"Authorization": f"Bearer {practice.token}"}
    watch = f"{practice.url}/google/calendar/v3/calendars/primary/events/watch"
    assert requests.post(watch, json=CHANNEL, headers=own, timeout=5).status_code == 200
    practice.control("google_event", {"summary": "<b>Shown</b>", "description": "Words", "location": "Here"})
    page = requests.get(f"{practice.url}/google/", timeout=5).text
    assert "&lt;b&gt;Shown&lt;/b&gt;" in page
    assert "Words" in page
    assert "kim@client.example" in page
    assert "has not answered" in page
    assert "s3cret" not in page


def test_mails_rows_and_documents_stand_on_its_page(practice: Served) -> None:
    own = {"Authorization": f"Bearer {practice.token}"}
    practice.control("google_mail_arrive", {"headers": {"Subject": "<i>Asked</i>"}, "text": "Is it <b>paid</b>?"})
    body = {"name": "Minutes", "mimeType": "application/vnd.google-apps.document"}
    made = requests.post(f"{practice.url}/google/drive/v3/files", json=body, headers=own, timeout=5).json()
    practice.control("google_doc", {"id": made["id"], "text": "We met.\n"})
    page = requests.get(f"{practice.url}/google/", timeout=5).text
    assert "&lt;i&gt;Asked&lt;/i&gt;" in page
    assert "Is it &lt;b&gt;paid&lt;/b&gt;?" in page
    assert "Practice shop › Orders" in page
    assert "Order number" in page
    assert "We met." in page


def test_limits_are_kept_with_403_as_google_does() -> None:
    with Served(limits=True) as served:
        served.control("settings", {"google_rate": 0.1})  # so that a slow machine meets the limit, too
        own = {"Authorization": f"Bearer {served.token}"}
        list_ = f"{served.url}/google/calendar/v3/users/me/calendarList"
        answers = [requests.get(list_, headers=own, timeout=5) for _ in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [403]
    assert answers[-1].json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"


def test_what_is_not_described_or_not_allowed_is_refused(practice: Served) -> None:
    own = {"Authorization": f"Bearer {practice.token}"}
    base = f"{practice.url}/google/calendar/v3"
    for path, status in (
        ("/calendars/primary/events?nonsense=1", 400),
        ("/calendars/primary/events?maxResults=many", 400),
        ("/calendars/primary/events?orderBy=title", 400),
        ("/nonsense", 404),
    ):
        assert requests.get(base + path, headers=own, timeout=5).status_code == status, path
    body = {"summary": "x", "start": {"date": "tomorrow"}}
    answer = requests.post(f"{base}/calendars/primary/events?sendUpdates=none", json=body, headers=own, timeout=5)
    assert answer.status_code == 400
    assert requests.get(f"{base}/users/me/calendarList", timeout=5).status_code == 401
