"""What machines may ask: alive, ready, numbers."""

from __future__ import annotations

from dataclasses import replace

from app.core import sessions
from tests.web.conftest import Site


def test_alive_and_ready(site: Site) -> None:
    client = site.app.test_client()
    assert client.get("/healthz").text == "ok\n"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "database: ok\nqueue: away, work is late\n")


def test_ready_with_a_queue(site: Site, redis_url: str) -> None:
    site.hub.settings = replace(site.hub.settings, redis_url=redis_url)
    assert site.app.test_client().get("/readyz").text == "database: ok\nqueue: ok\n"


def test_numbers_for_this_machine_only(site: Site) -> None:
    client = site.app.test_client()
    assert "# TYPE patchbay_runs gauge" in client.get("/metrics").text
    site.hub.settings = replace(
        site.hub.settings, public_url="https://hub.example"
    )  # behind a proxy all come from here
    assert client.get("/metrics").status_code == 404
    token = sessions.make_token(site.hub, site.people["owner"], "prometheus")
    assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_what_was_refused_is_counted(site: Site) -> None:
    visitor = site.visitor("owner")
    for _ in range(2):
        site.stranger().post("/hooks/zoom/nope")
    assert 'patchbay_refused_total{kind="address"} 2' in visitor.get("/metrics").text
    assert "Delivery to an unknown address" in visitor.get("/settings").text
