"""The cable between a worker and the vendors is pulled: the worker is a machine of its own, which reaches them by that cable only."""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.durability.neighbours import Neighbour, NoNetwork, neighbour, own_network
from tests.faults.case import Case
from tests.faults.line import Line

_AT_ONCE = 8  # the threads of a worker
_AWAY = 1.5  # seconds
_CABLE = "out"


def after_send(case: Case) -> None:
    """The vendor has applied the changes; its answers find no way back. Later the network is there again."""
    with _far_worker(case) as far:
        for count in _in_turns(case):
            _held(case, count, "hold_after")
            far.pull(_CABLE)
            case.bed.books.release()
            time.sleep(_AWAY)
            far.plug(_CABLE)
            case.tried += count
        _settled(case)


def then_killed(case: Case) -> None:
    """The network goes, the worker dies, the network comes back; another worker finishes."""
    with _far_worker(case) as far:
        _held(case, min(case.tries, _AT_ONCE), "hold_before")
        far.pull(_CABLE)
        case.bed.parts["worker"].kill()
        far.plug(_CABLE)
        case.bed.books.release()
        case.tried += min(case.tries, _AT_ONCE)


def _in_turns(case: Case) -> list[int]:
    whole, rest = divmod(case.tries, _AT_ONCE)
    return [_AT_ONCE] * whole + ([rest] if rest else [])


def _held(case: Case, count: int, fault: str) -> None:
    names = [case.name() for _ in range(count)]
    for name in names:
        case.bed.story.fault(fault, name)
    for name in names:
        case.deliver(name)
    case.held(count)


def _settled(case: Case) -> None:
    """The far worker itself brings it to its end."""
    case.over()
    end = time.monotonic() + case.within
    while not case.drained() and time.monotonic() < end:
        time.sleep(0.25)


@contextmanager
def _far_worker(case: Case) -> Iterator[Neighbour]:
    """Instead of the worker here. Database and Redis are sockets in the file system, so only the vendors are far."""
    bed, number = case.bed, os.getpid() % 250 + 2
    bed.parts.pop("worker").leave()
    with neighbour(number) as far, _relay(far.middle(_CABLE), bed.books.port):
        url = f"http://{far.middle(_CABLE)}:{bed.books.port}"
        bed.start("worker", before=far.inside, PATCHBAY_PRACTICE_URL=url)
        bed.worker_ready()
        try:
            yield far
        finally:
            bed.parts.pop("worker").kill()
    bed.start("worker")


class _Carry(socketserver.BaseRequestHandler):
    """Carries bytes both ways, as a router does."""

    def handle(self) -> None:
        _, port = self.request.getsockname()
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=_pour, args=(there, self.request), daemon=True)
            back.start()
            _pour(self.request, there)
            back.join()


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
    except OSError:
        pass
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # it is gone already


class _Router(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def _relay(address: str, port: int) -> Iterator[None]:
    """The vendors listen on this machine alone; who comes by the cable gets to them, and nobody else."""
    with _Router((address, port), _Carry) as router:
        thread = threading.Thread(target=router.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            router.shutdown()
            thread.join()


def _needs() -> str:
    if os.geteuid() or not all(map(shutil.which, ("ip", "unshare", "nsenter"))):
        return "a cable that can be pulled needs root, and the commands ip, unshare and nsenter"
    try:
        own_network()
    except NoNetwork as problem:
        return str(problem)
    return ""


LINES = (
    Line("network cut after send", after_send, tries=8, few=4, within=90, classes=True, needs=_needs),
    Line("network cut, worker killed, network back", then_killed, tries=8, few=4, within=90, needs=_needs),
)
