"""A disk that fills up, on a real small file system: nothing is taken that cannot be kept, and it goes on when there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import claims, engine, intake, routing
from app.settings import Settings
from tests.durability.world import ALL_WELL, Delivery, World, world

SIZE = 24  # MB


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("NO SMALL DISK HERE: mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def here(settings: Settings, small: Path, tmp_path: Path) -> Iterator[World]:
    given = replace(settings, home=small, database_url="", least_disk=2 * 1024 * 1024)
    with world(given, tmp_path / "practice") as made:
        yield made


def fill(here: World, leave: int) -> None:
    """Take all room but `leave` bytes."""
    free = shutil.disk_usage(here.settings.home).free
    with (here.settings.home / "ballast").open("wb") as ballast:
        ballast.write(b"x" * max(free - leave, 0))


def make_room(here: World) -> None:
    (here.settings.home / "ballast").unlink()


def give(here: World, sent: Delivery) -> int:
    return intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers).status


def test_below_the_limit_nothing_is_taken_in_or_begun(here: World) -> None:
    here.receive()
    fill(here, 1024 * 1024)
    assert give(here, here.delivery("Other", meeting="other")) == 503
    here_ids = [event["id"] for event in here.events()]
    assert routing.start(here.hub, here_ids, "a test", 8) == ([], [])
    assert len(here_ids) == 1
    make_room(here)
    (run_id,) = routing.route(here.hub, here_ids[0])
    fill(here, 1024 * 1024)
    assert claims.claim(here.hub, "a test", run_id) is None
    make_room(here)
    here.work()
    assert here.state() == ALL_WELL


def test_no_room_at_all_changes_nothing_and_the_same_delivery_is_taken_later(here: World) -> None:
    here.hub.settings = replace(here.settings, least_disk=0)
    sent = [here.delivery(f"Meeting {n}", meeting=f"m{n}", summary_overview="x" * 200_000) for n in range(20)]
    fill(here, 300_000)
    answers = [give(here, one) for one in sent]
    assert 503 in answers
    assert len(here.events()) == answers.count(200)
    make_room(here)
    assert [give(here, one) for one in sent] == [200] * 20
    assert len(here.events()) == 20
    assert {event["copies"] for event in here.events()} <= {0, 1}


def test_a_run_in_hand_when_the_disk_fills_up_goes_on_later_and_writes_once(here: World) -> None:
    here.hub.settings = replace(here.settings, least_disk=0)
    (run_id,) = routing.route(here.hub, here.receive())
    claim = claims.claim(here.hub, "a test", run_id)
    assert claim
    fill(here, 0)
    assert engine.work_on(here.hub, claim).state == "lost"
    make_room(here)
    here.work()
    assert here.state() == ALL_WELL
