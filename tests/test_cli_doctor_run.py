"""`patchbay doctor` beside a hub that runs: it finds its processes, and that the public address leads to it and to no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_cli_run import Started, wait_until


@pytest.fixture
def started(tmp_path: Path, free_port: int) -> Iterator[Started]:
    hub = Started(tmp_path / "home", free_port)
    hub.document()
    yield hub
    hub.process.terminate()
    hub.process.communicate(timeout=60)


def found(started: Started, home: Path | None = None) -> dict[str, tuple[str, str]]:
    if home:
        started.env["PATCHBAY_HOME"] = str(home)
    lines = json.loads(started.command("doctor", "--json").stdout)
    return {line["what"]: (line["state"], line["words"]) for line in lines}


def test_a_hub_that_works_is_told_to_work(started: Started, tmp_path: Path) -> None:
    started.env["PATCHBAY_PUBLIC_URL"] = f"http://127.0.0.1:{started.port}"
    wait_until(lambda: found(started)["processes"][0] == "ok", 30)
    seen = found(started)
    assert {what for what, (state, _) in seen.items() if state == "problem"} == set()
    assert "1 clock" in seen["processes"][1]
    assert "leads here" in seen["public address"][1]
    started.env["PATCHBAY_PUBLIC_URL"] = "http://127.0.0.1:1"
    assert "cannot be reached" in found(started)["public address"][1]
    started.env["PATCHBAY_PUBLIC_URL"] = f"http://127.0.0.1:{started.port}"
    started.env["PORT"] = "0"
    other = tmp_path / "other"
    started.env["PATCHBAY_HOME"] = str(other)
    started.command("runs")  # makes another hub
    assert "something else than this hub" in found(started, other)["public address"][1]
