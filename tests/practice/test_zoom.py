"""The practice Zoom signs, sends, lists and refuses as the real one does."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest
import requests

from app.practice.serve import Served

RECAP: dict[str, Any] = {
    "event": "meeting.summary_completed",
    "event_ts": 1793000000123,
    "payload": {
        "account_id": "practice",
        "object": {
            "meeting_uuid": "/aB1+x==",
            "meeting_id": 81234567890,
            "meeting_topic": "Wöchentlich 🚚",
            "summary_created_time": "2026-11-02T09:40:00Z",
            "summary_overview": "Paper",
        },
    },
}


class Hub:
    """A place to deliver to: keeps what comes, answers what it is told."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answer: Any = {"ok": True}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                hub.came.append(({k.lower(): v for k, v in self.headers.items()}, raw))
                body = json.dumps(hub.answer(raw) if callable(hub.answer) else hub.answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hooks/zoom/key?a=b"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()


@pytest.fixture
def hub() -> Iterator[Hub]:
    place = Hub()
    yield place
    place.server.shutdown()
    place.thread.join()
    place.server.server_close()


def deliver(practice: Served, address: str, path: str = "deliver", **more: Any) -> dict[str, Any]:
    answer = requests.post(
        f"{practice.url}/zoom/{path}",
        json={"address": address, **({"body": RECAP} if path == "deliver" else {}), **more},
        headers={"Authorization": f"Bearer {practice.token}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def sign_in(practice: Served, secret: str = "", **more: str) -> requests.Response:
    form = {"grant_type": "account_credentials", "account_id": "practice", **more}
    return requests.post(
        f"{practice.url}/zoom/oauth/token", data=form, auth=("client", secret or practice.token), timeout=5
    )


def ask(practice: Served, path: str, token: str = "", **query: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or sign_in(practice).json()['access_token']}"}
    return requests.get(f"{practice.url}/zoom/v2{path}", headers=headers, params=query, timeout=5)


def test_deliveries_are_signed_over_the_bytes_sent(practice: Served, hub: Hub) -> None:
    report = deliver(practice, hub.address)
    assert (report["status"], report["answer"]) == (200, {"ok": True})
    headers, raw = hub.came[0]
    seconds = headers["x-zm-request-timestamp"]
    mac = hmac.new(practice.token.encode(), f"v0:{seconds}:".encode() + raw, hashlib.sha256).hexdigest()
    assert headers["x-zm-signature"] == f"v0={mac}"
    assert abs(int(seconds) - time.time()) < 5
    assert "Wöchentlich 🚚".encode() in raw
    assert json.loads(raw) == report["body"]


def test_a_delivery_is_a_new_meeting_unless_kept(practice: Served, hub: Hub) -> None:
    fresh, again = deliver(practice, hub.address)["body"], deliver(practice, hub.address)["body"]
    assert len({body["payload"]["object"]["meeting_uuid"] for body in (fresh, again, RECAP)}) == 3
    assert abs(fresh["event_ts"] - time.time() * 1000) < 5000
    assert deliver(practice, hub.address, keep=True)["body"] == RECAP
    assert RECAP["event_ts"] == 1793000000123


def test_a_lost_delivery_is_there_to_be_caught_up(practice: Served, hub: Hub) -> None:
    uuid = deliver(practice, hub.address, lose=True)["body"]["payload"]["object"]["meeting_uuid"]
    assert hub.came == []
    listed = ask(practice, "/meetings/meeting_summaries", **{"from": "2026-01-01T00:00:00Z"}).json()
    assert [(s["meeting_uuid"], s["meeting_topic"]) for s in listed["summaries"]] == [(uuid, "Wöchentlich 🚚")]
    assert "summary_overview" not in listed["summaries"][0]


def test_nobody_there_is_said(practice: Served, free_port: int) -> None:
    report = deliver(practice, f"http://127.0.0.1:{free_port}/hooks")
    assert report["status"] is None
    assert "Check that the hub is running" in report["error"]
    for address in ("ftp://x/", "file:///etc/passwd", "nonsense"):
        answer = requests.post(
            f"{practice.url}/zoom/deliver",
            json={"address": address, "body": RECAP},
            headers={"Authorization": f"Bearer {practice.token}"},
            timeout=5,
        )
        assert answer.status_code == 400
    assert requests.post(f"{practice.url}/zoom/deliver", json={}, timeout=5).status_code == 401


def test_validation_checks_the_answer(practice: Served, hub: Hub) -> None:
    def right(raw: bytes) -> dict[str, str]:
        plain = json.loads(raw)["payload"]["plainToken"]
        mac = hmac.new(practice.token.encode(), plain.encode(), hashlib.sha256).hexdigest()
        return {"plainToken": plain, "encryptedToken": mac}

    hub.answer = right
    assert deliver(practice, hub.address, "validate")["valid"] is True
    assert json.loads(hub.came[0][1])["event"] == "endpoint.url_validation"
    hub.answer = {"plainToken": "x", "encryptedToken": "y"}
    assert deliver(practice, hub.address, "validate")["valid"] is False


@pytest.mark.parametrize("uuid", ["aB1+x==", "/aB1+x==", "a//b==", "a/b==", "%2Fa=="])
def test_a_uuid_is_encoded_as_zoom_wants_it(practice: Served, uuid: str) -> None:
    practice.control("recap", {"body": {"payload": {"object": {"meeting_uuid": uuid, "summary_overview": uuid}}}})
    once = quote(uuid, safe="")
    twice = quote(once, safe="")
    assert ask(practice, f"/meetings/{twice}/meeting_summary").json()["summary_overview"] == uuid
    needs_it = uuid.startswith("/") or "//" in uuid
    if not uuid.startswith("%"):
        assert (ask(practice, f"/meetings/{once}/meeting_summary").status_code == 404) is needs_it


def test_reading_wants_a_token_from_the_sign_in(practice: Served) -> None:
    assert ask(practice, "/users/me").json()["account_id"] == "practice"
    for token in (practice.token, "x.y", "x"):
        answer = ask(practice, "/users/me", token)
        assert (answer.status_code, answer.json()["code"]) == (401, 124)
    assert sign_in(practice, "wrong").json()["error"] == "invalid_client"
    assert sign_in(practice, grant_type="client_credentials").json()["error"] == "unsupported_grant_type"
    assert sign_in(practice, account_id="").status_code == 400
    practice.control("settings", {"token_life": -1})
    assert ask(practice, "/users/me").json()["message"] == "Access token is expired."
    practice.control("revoke", {"slug": "zoom"})
    assert sign_in(practice).status_code == 400


def test_lists_come_in_pages_and_in_time(practice: Served) -> None:
    for day in (1, 2, 3):
        meeting = {"meeting_uuid": f"m{day}", "meeting_id": 5, "summary_created_time": f"2026-11-0{day}T10:00:00Z"}
        practice.control("recap", {"body": {"payload": {"object": meeting}}})

    def listed(**query: Any) -> tuple[list[str], str]:
        answer = ask(practice, "/meetings/meeting_summaries", **query).json()
        return [s["meeting_uuid"] for s in answer["summaries"]], answer["next_page_token"]

    found, token = listed(**{"from": "2026-11-01", "to": "2026-11-03", "page_size": 2})
    assert (found, bool(token)) == (["m1", "m2"], True)
    assert listed(**{"from": "2026-11-01", "to": "2026-11-03", "page_size": 2, "next_page_token": token}) == (
        ["m3"],
        "",
    )
    assert listed(**{"from": "2026-11-02T00:00:00Z", "to": "2026-11-02T23:00:00Z"}) == (["m2"], "")
    assert ask(practice, "/meetings/5/meeting_summary").json()["meeting_uuid"] == "m3"
    for query in (
        {"page_size": 301},
        {"from": "yesterday"},
        {"next_page_token": "x"},
        {"from": "2026-11-02", "to": "2026-11-01"},
    ):
        assert ask(practice, "/meetings/meeting_summaries", **query).status_code == 400
    assert ask(practice, "/meetings/nope/meeting_summary").json()["code"] == 3001


def test_more_than_the_rate_is_refused() -> None:
    with Served() as practice:
        practice.control("settings", {"zoom_rate": 2})
        token = sign_in(practice).json()["access_token"]
        answers = [ask(practice, "/meetings/meeting_summaries", token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["X-RateLimit-Limit"] == "2"
    assert answers[2].headers["X-RateLimit-Type"] == "QPS"
