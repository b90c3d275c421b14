"""Backup, loss, restore and resume as people do them: with the command, while real processes are at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import pytest

from app.settings import Settings
from tests.durability.processes import ROOT, answers, environment, post, process, wait_for_all
from tests.durability.world import Delivery, World, until
from tests.postgres import binaries

pytestmark = pytest.mark.both_databases
RECAP = "zoom.meeting.summary_completed"


class Site:
    """A world whose web, worker and clock are processes."""

    def __init__(self, here: World, redis_url: str) -> None:
        self.here, self.redis = here, redis_url

    def __enter__(self) -> Site:
        self.up = ExitStack()
        self.web, *_ = [
            self.up.enter_context(process(self.here, name, self.redis)) for name in ("web", "worker", "clock")
        ]
        until(lambda: answers(self.here.settings.port))
        return self

    def __exit__(self, *_: object) -> None:
        self.web.terminate()  # a killed one leaves a child behind that notices only after a moment
        self.web.wait(30)
        self.up.close()

    def deliver(self, sent: Delivery) -> None:
        status, said = post(self.here.settings.port, f"/hooks/zoom/{sent.key}", sent.body, sent.headers)
        assert status == 200, said


def command(here: World, redis_url: str, *words: str) -> tuple[int, Any, str]:
    env = environment(here, redis_url)
    env["PATH"] = f"{binaries()}{os.pathsep}{env['PATH']}"
    main = str(ROOT / "app" / "__main__.py")
    done = subprocess.run([sys.executable, main, *words, "--json"], env=env, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout), done.stderr


def test_back_up_lose_restore_resume(here: World, redis_url: str, settings: Settings) -> None:
    site = Site(here, redis_url)
    sent = {topic: here.delivery(topic, meeting=topic) for topic in ("Before", "Lost", "Fresh")}
    with site:
        site.deliver(sent["Before"])
        wait_for_all(here, 1)
        code, made, said = command(here, redis_url, "backup")
        assert code == 0, said
        assert "keys are not in it" in said
        site.deliver(sent["Lost"])
        wait_for_all(here, 2)
        code, refused, said = command(here, redis_url, "restore", made["file"], "--replace")
        assert code == 1
        assert "still at work" in refused["error"]
    here.hub.close()
    code, refused, _ = command(here, redis_url, "restore", made["file"])
    assert code == 1
    assert "--replace" in refused["error"]
    code, restored, said = command(here, redis_url, "restore", made["file"], "--replace")
    assert code == 0, said
    assert restored["kept"]
    with site:
        site.deliver(sent["Lost"])
        site.deliver(sent["Fresh"])
        until(lambda: [event["kind"] for event in here.events()].count(RECAP) == 3)
        assert [run["state"] for run in here.runs()] == ["done"]
        assert sorted(here.pages()) == ["Before", "Lost"]
        code, resumed, said = command(here, redis_url, "resume")
        assert code == 0, said
        assert resumed["events"] == 2
        wait_for_all(here, 3)
    assert sorted(here.pages()) == ["Before", "Fresh", "Lost"]
