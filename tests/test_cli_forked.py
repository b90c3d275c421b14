"""A forked child hears what is said to it from its first moment."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.cli.place import ROOT

_ASKED_AT_ONCE = """
import os, signal, sys, time
from app.cli.forked import Forked

signal.signal(signal.SIGTERM, lambda *_: None)  # as the supervisor's own
codes = set()
for _ in range(20):
    child = Forked("child", lambda: time.sleep(20), dict(os.environ), 1)
    os.kill(child.pid, signal.SIGTERM)
    until = time.monotonic() + 5
    while child.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    codes.add(child.poll())
    if codes != {-signal.SIGTERM}:
        os.kill(child.pid, signal.SIGKILL)
        sys.exit(f"a child asked to end ended with {codes}")
os.kill(os.getpid(), signal.SIGTERM)  # ours are not held back
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")
def test_a_child_that_is_asked_to_end_as_it_begins_does() -> None:
    done = subprocess.run([sys.executable, "-c", _ASKED_AT_ONCE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-1500:]
