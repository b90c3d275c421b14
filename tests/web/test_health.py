"""What machines may ask: alive, ready, numbers."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import tomllib
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as openmetrics
from sqlalchemy import update

from app.cli import place
from app.core import connections, practice, samples, sessions
from app.db.models import events
from tests.durability.world import RECIPE
from tests.web.conftest import Site


def test_alive_and_ready(site: Site) -> None:
    client = site.app.test_client()
    assert client.get("/healthz").text == "ok\n"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "database: ok\nqueue: away, work is late\n")


def test_ready_with_a_queue(site: Site, redis_url: str) -> None:
    site.hub.settings = replace(site.hub.settings, redis_url=redis_url)
    assert site.app.test_client().get("/readyz").text == "database: ok\nqueue: ok\n"


def scraped(client: Any, accept: str = "") -> dict[str, Any]:
    """The families of /metrics by name, read by Prometheus' own parsers, which are strict."""
    answer = client.get("/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    if accept:
        assert answer.content_type.startswith("application/openmetrics-text")
        read: Any = openmetrics.text_string_to_metric_families
    else:
        assert answer.content_type.startswith("text/plain")
        read = prometheus.text_string_to_metric_families
    return {family.name: family for family in read(answer.text)}


def value(families: dict[str, Any], name: str, **labels: str) -> float:
    """Of the one sample with this name that has these labels."""
    (found,) = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return float(found)


def test_figures_for_this_machine_or_with_a_token(site: Site) -> None:
    client = site.app.test_client()
    assert "patchbay_runs" in scraped(client)
    site.hub.settings = replace(
        site.hub.settings, public_url="https://hub.example"
    )  # behind a proxy all come from here
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer nonsense"}).status_code == 404
    token = sessions.make_token(site.hub, site.people["owner"], "prometheus")
    assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text;version=1.0.0"])
def test_figures_of_a_run_from_end_to_end(served: Site, accept: str) -> None:
    served.add("owner")
    client = served.app.test_client()
    before = scraped(client, accept)
    assert value(before, "patchbay_build_info", database="sqlite", version=_version()) == 1
    assert value(before, "patchbay_on_hold") == 0
    assert value(before, "patchbay_oldest_unfinished_event_age_seconds", stage="new") == 0
    sent = _deliver(served)
    assert (sent.status_code, _deliver(served).json["copy"]) == (200, True)
    hour_ago = update(events).values(received_at=served.hub.now() - 3_600_000)
    served.hub.db.write(lambda conn: conn.execute(hour_ago))
    waits = scraped(client, accept)
    assert 3600 <= value(waits, "patchbay_oldest_unfinished_event_age_seconds", stage="new") < 3700
    assert value(waits, "patchbay_events_new") == 1
    assert value(waits, "patchbay_deliveries_total", vendor="zoom", answer="taken") == 1
    assert value(waits, "patchbay_deliveries_total", vendor="zoom", answer="copy") == 1
    served.work()
    after = scraped(client, accept)
    assert value(after, "patchbay_oldest_unfinished_event_age_seconds", stage="new") == 0
    assert value(after, "patchbay_runs_ended_total", recipe=RECIPE, state="done") == 1
    assert value(after, "patchbay_writes_total", vendor="notion", outcome="done") >= 1
    assert value(after, "patchbay_calls_total", vendor="openai", answer="2xx") == 1
    assert value(after, "patchbay_call_duration_seconds_count", vendor="openai") == 1
    assert value(after, "patchbay_call_duration_seconds_bucket", vendor="openai", le="+Inf") == 1
    assert value(after, "patchbay_call_duration_seconds_sum", vendor="openai") > 0
    assert value(after, "patchbay_connection_circuit_open", vendor="notion", practice="yes") == 0


def test_names_follow_the_conventions(site: Site) -> None:
    """Of prometheus.io: one prefix, base units, counters end in _total, everything says what it is."""
    for name, family in scraped(site.app.test_client()).items():
        assert re.fullmatch(r"patchbay_[a-z_]+", name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|millis|minutes|count|total)$", name), name
        assert all(sample.name.endswith("_total") for sample in family.samples if family.type == "counter")


def test_nothing_that_strangers_choose_becomes_a_label(site: Site) -> None:
    site.stranger().post("/hooks/made-up-by-a-stranger/nope")
    text = site.app.test_client().get("/metrics").text
    assert 'patchbay_deliveries_total{answer="address",vendor="unknown"} 1.0' in text
    assert "stranger" not in text


def test_what_was_refused_is_counted(site: Site) -> None:
    visitor = site.visitor("owner")
    for _ in range(2):
        site.stranger().post("/hooks/zoom/nope")
    assert value(scraped(visitor.client), "patchbay_refused_total", kind="address") == 2
    assert "Delivery to an unknown address" in visitor.get("/settings").text


def _version() -> str:
    return str(tomllib.loads((place.ROOT / "pyproject.toml").read_text())["project"]["version"])


def _deliver(site: Site) -> Any:
    """A recap as the practice Zoom signs it, the same each time."""
    stamp, body = str(int(time.time())), samples.body(RECIPE, "weekly-planning")
    secret = practice.token(site.hub).encode()
    seal = hmac.new(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-zm-request-timestamp": stamp, "x-zm-signature": f"v0={seal}"}
    address = connections.get(site.hub, practice.connection_id(site.hub, "zoom"))["hook_address"]
    path = urlsplit(address).path
    return site.app.test_client().post(path, data=body, headers=headers, content_type="application/json")
