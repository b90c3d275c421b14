"""The hub's figures in Prometheus' words, made anew at every look: whichever web process is asked, the answer is the same."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from app.core import figures
from app.core.hub import Hub
from app.core.tallies import BUCKETS
from app.web import refusals

_CALLS = "Calls to vendors, by what they answered (none: no answer; not sent: nothing left this hub)."
_WRITES = "Tries to change something at a vendor, by what came of them (found: arrived, though its answer was lost)."
_TALLIES = (
    ("deliveries", "Deliveries from vendors, by what they were answered.", ("vendor", "answer")),
    ("calls", _CALLS, ("vendor", "answer")),
    ("writes", _WRITES, ("vendor", "outcome")),
    ("runs_ended", "Runs that ended, by how.", ("recipe", "state")),
)


def page(hub: Hub, accept: str) -> tuple[bytes, str]:
    """(the text, its content type), in the format that the asker prefers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Now(hub))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Now(Collector):
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        found = figures.read(self._hub)
        yield _build(self._hub)
        yield _oldest(found, self._hub.now())
        yield _gauge(
            "patchbay_on_hold", "1 while nothing is sent, until the owner resumes.", {"all": int(found.on_hold)}
        )
        yield _gauge("patchbay_events_new", "Events that no run was made for yet.", {"all": found.events_new})
        yield _gauge("patchbay_runs", "Runs that have not ended.", found.runs, "state")
        yield _gauge("patchbay_runs_waiting", "Runs that wait, by what for.", found.waiting, "cause")
        yield _gauge("patchbay_writes_open", "Changes that are not settled.", found.writes, "state")
        yield _gauge("patchbay_reviews_open", "What waits for a person, by kind.", found.reviews, "kind")
        yield from _connections(found.accounts)
        for name, text, labels in _TALLIES:
            yield _counter(name, text, labels, self._hub.tallies.totals(name))
        yield _refused(self._hub)
        yield _durations(self._hub)


def _build(hub: Hub) -> Metric:
    family = GaugeMetricFamily("patchbay_build_info", "What runs here.", labels=["version", "database"])
    family.add_metric([_version(), "sqlite" if hub.db.is_sqlite else "postgresql"], 1)
    return family


@cache
def _version() -> str:
    file = Path(__file__).parents[2] / "pyproject.toml"
    return str(tomllib.loads(file.read_text())["project"]["version"])


def _oldest(found: figures.Figures, now: int) -> Metric:
    text = "How long ago the oldest event came that has not ended, by where it stands."
    ages = {stage: max(now - at, 0) / 1000 for stage, at in found.oldest.items()}
    stages = dict.fromkeys(("new", *found.runs, "planned", *ages))
    return _gauge("patchbay_oldest_unfinished_event_age_seconds", text, {s: ages.get(s, 0.0) for s in stages}, "stage")


def _gauge(name: str, text: str, values: Mapping[str, float], label: str = "") -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label] if label else [])
    for value, number in values.items():
        family.add_metric([value] if label else [], number)
    return family


def _connections(accounts: list[figures.Account]) -> Iterator[Metric]:
    labels = ["connection", "vendor", "practice"]
    open_text = "1 while a vendor does not answer and is left alone for a while."
    circuit = GaugeMetricFamily("patchbay_connection_circuit_open", open_text, labels=labels)
    reconnect = GaugeMetricFamily(
        "patchbay_connection_needs_reconnect", "1 while somebody must connect the account again.", labels=labels
    )
    for account in accounts:
        values = [account.id, account.vendor, "yes" if account.practice else "no"]
        circuit.add_metric(values, int(account.circuit_open))
        reconnect.add_metric(values, int(account.reconnect))
    yield from (circuit, reconnect)


def _counter(name: str, text: str, labels: tuple[str, str], totals: Mapping[tuple[str, str], int]) -> Metric:
    family = CounterMetricFamily(f"patchbay_{name}", text, labels=labels)
    for values, number in totals.items():
        family.add_metric(values, number)
    return family


def _refused(hub: Hub) -> Metric:
    family = CounterMetricFamily("patchbay_refused", "Requests from outside that were refused.", labels=["kind"])
    for kind, number in refusals.totals(hub).items():
        family.add_metric([kind], number)
    return family


def _durations(hub: Hub) -> Metric:
    family = HistogramMetricFamily("patchbay_call_duration_seconds", "How long calls took.", labels=["vendor"])
    for vendor, spread in hub.tallies.spreads().items():
        steps = [(str(most), float(count)) for most, count in zip(BUCKETS, spread.up_to, strict=True)]
        family.add_metric([vendor], [*steps, ("+Inf", float(spread.count))], spread.seconds)
    return family
