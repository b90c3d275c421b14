"""The hub's processes as a person starts them, each of which may be killed, stopped, traced and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.cli import place

_MAIN = str(place.ROOT / "app" / "__main__.py")


class Part:
    """`name` is web, worker or clock. Every part is a process group of its own: gunicorn's children die with it. `before`:
    words of a command that starts it."""

    def __init__(self, name: str, env: Mapping[str, str], log: Path, before: Sequence[str] = ()) -> None:
        self.name, self.env, self.log, self.before = name, dict(env), log, tuple(before)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as out:
            words = [*self.before, sys.executable, _MAIN, self.name]
            self.process = subprocess.Popen(
                words, env=self.env, cwd=place.ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=0
            )

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        if self.alive:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """kill -9, at whatever instruction it is."""
        self.signal(signal.SIGKILL)
        self.gone(10)

    def restart(self) -> None:
        self.kill()
        self.start()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def leave(self, seconds: float = 30) -> None:
        """SIGTERM, and -9 for one that does not go."""
        self.thaw()
        self.signal(signal.SIGTERM)
        if not self.gone(seconds):
            self.kill()

    def gone(self, seconds: float) -> bool:
        """True once it has ended."""
        assert self.process
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def can_trace() -> str:
    """Why nothing can be placed with strace here, or ""."""
    if not shutil.which("strace"):
        return "strace is not installed (on Debian or Ubuntu: apt install strace)"
    tried = subprocess.run(
        ["strace", "-o", "/dev/null", "-e", "trace=none", "true"], capture_output=True, text=True, check=False
    )
    return f"strace may not trace here: {tried.stderr.strip()[:100]}" if tried.returncode else ""


class Tripwire:
    """Kills a running process as it enters its n-th call of one kind into the kernel, which then does not happen.

    The kernel's calls are counted from now on and for each thread apart. `child`: the process that serves, for a web
    process whose parent only looks after it.
    """

    def __init__(self, part: Part, call: str, number: int) -> None:
        self.pid = pid = _serving(part)
        inject = f"inject={call}:signal=KILL:when={number}"
        words = ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject, "-p", str(pid)]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _traced(pid)

    @property
    def fired(self) -> bool:
        """Whether the process is dead, even if its threads still wait for us to take note of it."""
        try:
            return "State:\tZ" in Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return True

    def remove(self) -> bool:
        """Let go of the process. True when it had been killed."""
        fired = self.fired
        self.process.send_signal(signal.SIGKILL if fired else signal.SIGTERM)  # strace may not see every thread's end
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return fired


def _serving(part: Part) -> int:
    """The process of a part that does the work: gunicorn's child, or itself."""
    try:
        children = Path(f"/proc/{part.pid}/task/{part.pid}/children").read_text().split()
    except OSError:
        return part.pid
    return int(children[0]) if part.name == "web" and children else part.pid


def _traced(pid: int) -> None:
    """Until every thread of it is traced."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            tasks = [p.read_text() for p in Path(f"/proc/{pid}/task").glob("*/status")]
        except OSError:
            return
        if tasks and all("TracerPid:\t0" not in text for text in tasks):
            return
        time.sleep(0.02)
