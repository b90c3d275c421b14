"""The lock files pin every package by hash and name no place to fetch from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cli import developers, place


def test_the_committed_locks_are_neutral() -> None:
    assert developers.lock_problems() == []


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://packages.example/simple",
        "--find-links /somewhere",
        "-i packages",
        "thing @ file:///somewhere/thing.whl",
        "thing @ https://example.org/thing.whl",
        "other==1.0",
    ],
)
def test_a_line_that_ties_us_to_a_place_is_found(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("app", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "lock.txt").write_text("good==1.0 \\\n    --hash=sha256:aa\n")
    monkeypatch.setattr(place, "ROOT", tmp_path)
    assert developers.lock_problems() == []
    with (tmp_path / "app" / "lock.txt").open("a") as lock:
        lock.write(line + "\n")
    assert len(developers.lock_problems()) == 1


def test_tests_have_everything_the_app_has_at_the_same_version() -> None:
    app, tests = (
        set(re.findall(r"^(\S+==\S+)", (place.ROOT / name / "lock.txt").read_text(), re.M)) for name in ("app", "tests")
    )
    assert app
    assert app <= tests
