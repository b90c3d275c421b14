"""What processes hold and use, read from /proc: memory in bytes, processor time in seconds. Empty where there is no /proc."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PARTS = ("gunicorn", "web", "valkey", "worker", "clock", "run")


@dataclass
class Use:
    """Of each part of the hub: its share of memory (PSS), its resident memory (RSS), its processor time so far."""

    pss: dict[str, int] = field(default_factory=dict)
    rss: dict[str, int] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)


def of(root: int) -> Use:
    """The process `root` and all its descendants, by part."""
    use = Use()
    for pid in family(root):
        try:
            name, pss, rss, cpu = _one(pid)
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
        use.pss[name] = use.pss.get(name, 0) + pss
        use.rss[name] = use.rss.get(name, 0) + rss
        use.cpu[name] = use.cpu.get(name, 0.0) + cpu
    return use


def family(root: int) -> list[int]:
    parents = {int(p.name): _parent(p) for p in Path("/proc").glob("[0-9]*")}
    found = [root] if root in parents else []
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


@contextmanager
def peak(root: int, every: float = 0.3) -> Iterator[Use]:
    """The highest sum of PSS and of RSS seen inside the block, with the parts it was made of."""
    highest, stop = Use(), threading.Event()

    def look() -> None:
        now = of(root)
        if sum(now.pss.values()) > sum(highest.pss.values()):
            highest.pss = now.pss
        if sum(now.rss.values()) > sum(highest.rss.values()):
            highest.rss = now.rss

    def watch() -> None:
        while not stop.wait(every):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield highest
    finally:
        stop.set()
        thread.join()
        look()


def _one(pid: int) -> tuple[str, int, int, float]:
    folder = Path("/proc", str(pid))
    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    name = next((part for part in PARTS if part in words), "other")
    lines = dict(line.split(":") for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    cpu = (int(times[11]) + int(times[12])) / _TICKS
    return name.replace("gunicorn", "web"), _kilobytes(lines["Pss"]), _kilobytes(lines["Rss"]), cpu


def _kilobytes(text: str) -> int:
    return int(text.split()[0]) * 1024


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
