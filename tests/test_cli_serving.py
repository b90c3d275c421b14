"""The process for the pages ends itself when it no longer answers, and says where it stuck."""

from __future__ import annotations

import subprocess
import sys

from app.cli.place import ROOT

_STUCK = """
import sys, time
from app.cli import serving

serving._STUCK = 0.3
worker = object.__new__(serving._Worker)
for _ in range(int(sys.argv[1])):
    worker.notify()
    time.sleep(0.1)

def hangs():
    time.sleep(1.0)

hangs() if len(sys.argv) > 2 else None
print("well", flush=True)
"""


def _look(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _STUCK, *words], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_loop_that_hangs_ends_the_process() -> None:
    done = _look("2", "hang")
    assert done.returncode == 1
    assert "well" not in done.stdout
    assert "in hangs" in done.stderr


def test_signs_of_life_keep_it() -> None:
    done = _look("8")
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr
