"""Forks workers that are killed or stopped at one exact point. Runs as a process of its own, with one thread, because a
process with threads must not be forked; `Forge` is how a test speaks with it."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from app.core.hub import Hub
from app.core.watchdog import Watch, Watchdog
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Order:
    """One worker: what it does, until which point, and what is broken in it."""

    # "round": what there is to do now; "finish": everything, whenever it is due; "receive": take a delivery; "submit": a form;
    # "drop": a file; "look": take what lies in the folders of drop places
    do: str
    given: dict[str, Any] | None = None  # the delivery, or what was filled in
    at: int = 0
    act: str = "kill"  # or "stop"
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """How a worker ended: "killed", "stopped" or "left"; at which point, and whether the kernel's timer was running."""

    end: str
    pid: int = 0
    points: int = 0
    label: str = ""
    armed: bool = False
    labels: tuple[str, ...] = ()
    error: str = ""


class Forge:
    """The test's end: `forge(Order(...))` gives a Report."""

    def __init__(self, settings: Settings) -> None:
        given = {**asdict(settings), "home": str(settings.home), "connectors": list(map(str, settings.connectors))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.durability.forge"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(given)

    def __call__(self, order: Order) -> Report:
        report = self._say(asdict(order))
        assert not report.error, report.error
        return report

    def go_on(self, stopped: Report, *, alarm: bool) -> Report:
        """Let a stopped worker continue; `alarm`: its timer has run out in the meantime."""
        return self._say({"go_on": stopped.pid, "alarm": alarm})

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)
        assert self.process.stdout
        self.process.stdout.close()

    def _say(self, line: dict[str, Any]) -> Report:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the forge is gone"
        report = json.loads(answer)
        return Report(**{**report, "labels": tuple(report.get("labels", ()))})


# --- in the forge's own process ---------------------------------------------------------------------------------------


def main() -> None:
    given = json.loads(sys.stdin.readline())
    folders = tuple(map(Path, given["connectors"]))
    settings = replace(Settings(**given), home=Path(given["home"]), keys=tuple(given["keys"]), connectors=folders)
    logging.basicConfig(level=logging.CRITICAL)
    hub = _warm(settings)
    _answer({"end": "ready"})
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if "go_on" in order:
            _answer(_go_on(order["go_on"], order["alarm"]))
        else:
            _answer(_fork(hub, Order(**{**order, "breaks": tuple(order["breaks"])})))
    for pid in _stopped:
        os.kill(pid, signal.SIGKILL)


_stopped: set[int] = set()


def _warm(settings: Settings) -> Hub:
    """A hub that has done one round: what takes long (imports, clients, statements) is inherited by the children.

    No thread and no open connection is left behind, for those do not survive a fork.
    """
    from app.core import wire as wire_
    from tests.durability.world import one_round, open_ahead

    wire: Any = wire_
    hub, watchdog = open_ahead(settings), wire.watchdog
    wire.watchdog = _Asleep()
    one_round(hub)
    wire.watchdog = watchdog
    wire._pool.cache_clear()
    gc.collect()
    gc.freeze()
    hub.close()
    assert threading.active_count() == 1
    return hub


class _Asleep(Watchdog):
    def watch(self, seconds: float) -> Watch:
        return Watch(0.0, 0)


def _answer(report: dict[str, Any]) -> None:
    print(json.dumps(report), flush=True)


def _fork(hub: Hub, order: Order) -> dict[str, Any]:
    ear, mouth = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(ear)
        _work(hub, order, mouth)
    os.close(mouth)
    report = _end(pid)
    with os.fdopen(ear) as told:
        os.set_blocking(ear, False)  # a stopped worker still holds the other end
        lines = [json.loads(line) for line in _lines(told)]
    return {**report, **(lines[-1] if lines else {})}


def _lines(told: IO[str]) -> list[str]:
    return (told.read() or "").splitlines()


def _go_on(pid: int, alarm: bool) -> dict[str, Any]:
    if alarm:
        os.kill(pid, signal.SIGALRM)  # pending until it continues, as the kernel's own would be
    os.kill(pid, signal.SIGCONT)
    return _end(pid)


def _end(pid: int) -> dict[str, Any]:
    _, status = os.waitpid(pid, os.WUNTRACED)
    _stopped.discard(pid)
    if os.WIFSTOPPED(status):
        _stopped.add(pid)
        return {"end": "stopped", "pid": pid}
    if os.WIFSIGNALED(status):
        ends = {signal.SIGKILL: "killed", signal.SIGALRM: "died of its alarm"}
        return {"end": ends[signal.Signals(os.WTERMSIG(status))], "pid": pid}
    return {"end": "left", "pid": pid}


def _work(hub: Hub, order: Order, tell: int) -> None:
    """In the child. Never returns."""
    try:
        _do(hub, order, tell)
    except BaseException:
        os.write(tell, json.dumps({"error": traceback.format_exc()[-3000:]}).encode() + b"\n")
    finally:
        os._exit(0)


def _do(hub: Hub, order: Order, tell: int) -> None:
    from app.core import alarm, files, folder, forms, intake
    from tests.durability import breaks
    from tests.durability.points import Points
    from tests.durability.world import drive, one_round

    alarm.enable()
    for name in order.breaks:
        breaks.BREAKS[name]()
    points = Points(order.at, order.act, tell)
    points.watch()
    if order.do == "receive":
        sent = order.given or {}
        intake.receive(hub, "zoom", sent["key"], sent["body"].encode(), sent["headers"])
    elif order.do == "submit":
        filled = order.given or {}
        forms.submit(hub, forms.by_id(hub, filled["form"]), filled["page"], filled["answers"])
    elif order.do == "drop":
        told = order.given or {}
        files.take(hub, files.place(hub, told["place"]), told["name"], told["text"].encode(), "Ana")
    elif order.do == "look":
        watcher, folder._STILL = folder.Watcher(hub), 0.01
        watcher.round()
        time.sleep(0.02)
        watcher.round()
    elif order.do == "round":
        one_round(hub)
    else:
        drive(hub)
    points("the end")
    if not order.at:
        points.report()


if __name__ == "__main__":
    main()
