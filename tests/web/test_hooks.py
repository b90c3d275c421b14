"""The vendors' door: every answer it may give, that it stores before it says yes, and that nobody holds it open."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from app.core import practice, right_of_way
from app.db import models
from app.web import body, hooks, limits, refusals
from tests.web.conftest import Site

SAMPLE = Path(__file__).parents[2] / "recipes/zoom-recap-to-notion/samples/quick-catch-up.json"


@pytest.fixture(autouse=True)
def _fresh_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_deliveries", limits.Bucket(rate=1000, burst=2000))
    monkeypatch.setattr(hooks, "_refused", limits.Bucket(rate=10, burst=200))
    refusals.reset()


class Zoom:
    """Delivers to the practice Zoom connection of a site, signed as Zoom signs."""

    def __init__(self, site: Site) -> None:
        self.site, self.client = site, site.app.test_client()
        own = practice.connection_id(site.hub, "zoom")
        with site.hub.db.read() as conn:
            key = conn.execute(select(models.connections.c.hook_key).where(models.connections.c.id == own)).scalar()
        self.path = f"/hooks/zoom/{key}"

    def send(self, data: bytes, *, at: float | None = None, signature: str = "", **more: Any) -> TestResponse:
        stamp = str(int(at or time.time()))
        secret = practice.token(self.site.hub).encode()
        signed = hmac.new(secret, f"v0:{stamp}:".encode() + data, hashlib.sha256).hexdigest()
        headers = {"x-zm-request-timestamp": stamp, "x-zm-signature": signature or f"v0={signed}"}
        more.setdefault("content_type", "application/json")
        return self.client.post(self.path, data=data, headers=headers, **more)


@pytest.fixture
def zoom(site: Site) -> Zoom:
    return Zoom(site)


def stored(site: Site) -> int:
    with site.hub.db.read() as conn:
        return int(conn.execute(select(func.count()).select_from(models.events)).scalar_one())


def test_stored_then_answered_then_folded(zoom: Zoom) -> None:
    first, second = zoom.send(SAMPLE.read_bytes()), zoom.send(SAMPLE.read_bytes())
    assert first.status_code == 200
    assert second.json == {"event": (first.json or {})["event"], "copy": True}
    assert stored(zoom.site) == 1


def test_the_handshake(zoom: Zoom) -> None:
    data = json.dumps({"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}}).encode()
    answer = zoom.send(data)
    assert answer.status_code == 200
    assert (answer.json or {})["plainToken"] == "abc"
    assert stored(zoom.site) == 0


@pytest.mark.parametrize("signature", ["v0=00", "nonsense", "v0=é"])
def test_a_wrong_signature(zoom: Zoom, signature: str) -> None:
    answer = zoom.send(SAMPLE.read_bytes(), signature=signature)
    assert (answer.status_code, answer.json) == (400, {"error": "signature"})
    assert stored(zoom.site) == 0
    assert refusals.totals(zoom.site.hub) == {"signature": 1}


def test_a_stale_signature(zoom: Zoom) -> None:
    assert zoom.send(SAMPLE.read_bytes(), at=time.time() - 400).status_code == 400


def test_an_unknown_address_looks_like_a_wrong_one(zoom: Zoom) -> None:
    for path in ("/hooks/zoom/nope", "/hooks/nope/nope", zoom.path.replace("zoom", "notion")):
        answer = zoom.client.post(path, data=b"{}", content_type="application/json")
        assert (answer.status_code, answer.json) == (404, {"error": "not found"})


def test_too_large_is_refused_unread(zoom: Zoom) -> None:
    answer = zoom.client.post(zoom.path, data=b" " * (body.LIMIT + 1), content_type="application/json")
    assert answer.status_code == 413


def test_too_large_without_a_length(zoom: Zoom) -> None:
    """Chunked bodies do not say how long they are."""

    class Endless:
        left = body.LIMIT * 3

        def read(self, size: int = -1) -> bytes:
            taken = min(size if size > 0 else self.left, self.left)
            self.left -= taken
            return b" " * taken

    stream = Endless()
    environ = {
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    answer = zoom.client.open(zoom.path, method="POST", environ_overrides=environ)
    assert answer.status_code == 413
    assert stream.left > body.LIMIT


def test_a_wrong_type_and_method(zoom: Zoom) -> None:
    assert zoom.send(SAMPLE.read_bytes(), content_type="text/plain").status_code == 415
    answer = zoom.client.get(zoom.path)
    assert (answer.status_code, answer.is_json) == (405, True)
    assert "POST" in answer.headers["Allow"]


def test_form_bodies_are_not_parsed_away(zoom: Zoom) -> None:
    """Reading `request.form` first would leave nothing to check: then this would be a wrong signature, not a wrong type."""
    assert zoom.send(b"a=b", content_type="application/x-www-form-urlencoded").status_code == 415


def test_signed_but_unreadable_waits_for_a_person(zoom: Zoom) -> None:
    answer = zoom.send(b"{")
    assert answer.status_code == 202
    with zoom.site.hub.db.read() as conn:
        assert conn.execute(select(models.reviews.c.kind)).scalars().all() == ["dead"]


def test_too_fast(zoom: Zoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_deliveries", limits.Bucket(rate=0.5, burst=2))
    answers = [zoom.send(SAMPLE.read_bytes()) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "2"


def test_whoever_guesses_is_slowed_down(zoom: Zoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_refused", limits.Bucket(rate=0.1, burst=3))
    tries = [zoom.client.post(f"/hooks/zoom/{n}", json={}).status_code for n in range(5)]
    assert tries == [404, 404, 404, 429, 429]


def test_without_a_database_the_vendor_comes_again(zoom: Zoom) -> None:
    zoom.site.hub.db.write(lambda conn: conn.execute(text("drop table events")))
    answer = zoom.send(SAMPLE.read_bytes())
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_before_setup_strangers_come_again(bare: Site) -> None:
    answer = bare.app.test_client().post("/hooks/zoom/nope", json={})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_body_that_drips_is_cut_off() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watch = body.Watch()
        watch.begin(ours, 0.05)
        begun = time.monotonic()
        assert ours.recv(1) == b""
        assert time.monotonic() - begun < 2


def test_a_body_in_time_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watch = body.Watch()
        watch.end(watch.begin(ours, 0.05))
        time.sleep(0.7)
        theirs.send(b"x")
        assert ours.recv(1) == b"x"


def test_work_is_told_of_a_delivery_while_it_is_stored(zoom: Zoom) -> None:
    """Those who work on runs give way to it."""
    hub, in_hand = zoom.site.hub, []
    hub.db.before_write = lambda: in_hand.append(right_of_way._shared[0])
    assert zoom.send(SAMPLE.read_bytes()).status_code == 200
    assert in_hand == [1]
    assert right_of_way._shared[0] == 0
