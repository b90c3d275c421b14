"""The bench itself: five events through the real processes; counts are checked, times never."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli import place
from tests.bench import grown, memory, report, sender
from tests.bench.ports import free
from tests.bench.whole import tally


@pytest.fixture(scope="module")
def chapters() -> list[dict[str, Any]]:
    words = ["--quick", "--events", "5", "--database", "sqlite", "--threads", "2", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *words], cwd=place.ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout))


def test_every_delivery_became_one_page(chapters: list[dict[str, Any]]) -> None:
    whole = {figure["name"].strip(): figure["value"] for figure in chapters[1]["figures"]}
    assert (whole["Deliveries taken"], whole["lost"], whole["doubled"]) == (2 + 5 + 5 + 5 + 5, 0, 0)
    assert [chapter["wrong"] for chapter in chapters] == [[], []]


def test_a_grown_database_is_measured_beside_a_small_one(tmp_path: Path) -> None:
    chapter = grown.measure("SQLite", tmp_path, ("", "", ""), large=1300, rounds=1)
    compared = [figure for figure in chapter.figures if figure.floor]
    assert len(compared) >= 15
    assert {figure.unit for figure in compared} == {"ms"}
    each, whole = (figure.value for figure in chapter.figures if figure.unit == "KB")
    assert 2 < each < 100
    assert 2 < whole < 100


def test_figures_stand_beside_their_floors(chapters: list[dict[str, Any]]) -> None:
    with_floor = [f for chapter in chapters for f in chapter["figures"] if f["floor"]]
    assert len(with_floor) >= 8
    assert all(f["value"] > 0 and f["ratio"] == pytest.approx(f["value"] / f["floor"]) for f in with_floor)


def test_a_lost_and_a_doubled_page_are_told() -> None:
    assert tally(["Bench 0000000", "Bench 0000002", "Bench 0000002"], 3) == (["Bench 0000001"], ["Bench 0000002"])


def test_the_sender_says_when_a_server_hangs_up() -> None:
    with pytest.raises(ConnectionError):
        sender.send({"port": free(), "wires": 1, "requests": [_get()], "times": 1})


def test_a_share_is_the_value_that_so_many_do_not_exceed() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [report.share(values, part) for part in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_counts_children_too() -> None:
    with subprocess.Popen(["sleep", "30"]) as child:
        assert child.pid in memory.family(os.getpid())
        assert sum(memory.of(child.pid).rss.values()) > 100_000
        child.kill()


def _get() -> dict[str, Any]:
    return {"method": "GET", "path": "/", "headers": {}, "body": ""}
