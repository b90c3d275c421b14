"""The fault runner in short: its most telling lines on both databases, and that it notices a hub that is broken on purpose."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from app.cli.place import ROOT

LINES = (
    "web killed before commit",
    "worker killed; vendor applied",
    "cut before the vendor",
    "stay in order",
    "50 copies",
)


def played(*words: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and the table."""
    command = [sys.executable, "-m", "tests.faults", "--short", "--json", "--way", "zoom", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-2000:]
    return done.returncode, json.loads(done.stdout)


def test_the_most_telling_lines_on_sqlite() -> None:
    code, rows = played("--db", "sqlite", *(word for line in LINES for word in ("--only", line)))
    assert [row["breaches"] for row in rows] == [[]] * len(LINES)
    assert all(row["found"]["tries"] > 0 for row in rows)
    assert code == 0


def test_a_worker_killed_on_postgresql() -> None:
    code, (row,) = played("--db", "postgres", "--only", "worker killed; vendor applied")
    if row["not_yet"]:
        pytest.skip(f"NO POSTGRESQL HERE: {row['not_yet']}")
    assert (code, row["breaches"], row["found"]["tries"] > 0) == (0, [], True)


@pytest.mark.parametrize("mutant", ["no look-up", "no dedupe"])
def test_a_hub_that_is_broken_on_purpose_is_noticed(mutant: str) -> None:
    command = [sys.executable, "-m", "tests.faults", "--mutant", mutant]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "1 mutants, 0 not noticed" in done.stdout
