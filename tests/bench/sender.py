"""The load: a process of its own that keeps a number of connections busy, one request at a time on each.

`python -m tests.bench.sender` reads a job as JSON from stdin and writes what it measured to stdout:

    {"port": 8700, "wires": 12, "path": "/hooks/zoom/…", "secret": "…", "body": {…}, "first": 0, "count": 300}
    {"port": 8790, "wires": 12, "requests": [{"method", "path", "headers", "body"}, …], "times": 100}

The first form signs `count` Zoom recaps, each of a meeting of its own; the second sends the same requests again and again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

JSON = Any
_PATIENCE = 120.0  # seconds without any answer


@dataclass
class Sent:
    """What was measured. Times are seconds; `at` is Unix ms when each request left, in the order of the requests."""

    seconds: float
    latencies: list[float]
    at: list[int]
    statuses: dict[str, int]

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


@dataclass
class _Wire:
    socket: socket.socket
    number: int = -1
    began: float = 0.0
    got: bytearray = field(default_factory=bytearray)


def elsewhere(job: JSON) -> Sent:
    """Do the job in another process, so that measuring and serving never share an interpreter."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.sender"], input=json.dumps(job), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the load stopped: {done.stderr.strip()[-800:]}")
    return Sent(**json.loads(done.stdout))


def send(job: JSON) -> Sent:
    requests = _recaps(job) if "body" in job else _plain(job)
    return _run(job["port"], min(job["wires"], len(requests)), requests)


def meeting(number: int) -> str:
    """What the recap of this number is called, in Zoom and on its page."""
    return f"Bench {number:07d}"


def _recaps(job: JSON) -> list[bytes]:
    now = time.time()
    made = []
    for number in range(job["first"], job["first"] + job["count"]):
        body = json.loads(json.dumps(job["body"]))
        body["event_ts"] = int(now * 1000)
        body["payload"]["object"] |= {"meeting_uuid": f"bench-{number}==", "meeting_topic": meeting(number)}
        made.append(_signed(job["path"], job["secret"], json.dumps(body, ensure_ascii=False).encode(), int(now)))
    return made


def _signed(path: str, secret: str, body: bytes, now: int) -> bytes:
    digest = hmac.new(secret.encode(), f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "x-zm-request-timestamp": str(now), "x-zm-signature": f"v0={digest}"}
    return _request("POST", path, headers, body)


def _plain(job: JSON) -> list[bytes]:
    made = [_request(r["method"], r["path"], r["headers"], r["body"].encode()) for r in job["requests"]]
    return made * int(job["times"])


def _request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def _run(port: int, wires: int, requests: list[bytes]) -> Sent:
    latencies, at = [0.0] * len(requests), [0] * len(requests)
    statuses: dict[str, int] = {}
    todo = iter(range(len(requests)))
    begun = time.perf_counter()
    with selectors.DefaultSelector() as watch:
        for _ in range(wires):
            wire = _Wire(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE))
            watch.register(wire.socket, selectors.EVENT_READ, wire)
            _next(wire, todo, requests, at, port, watch)
        while watch.get_map():
            ready = watch.select(_PATIENCE)
            if not ready:
                raise TimeoutError("no answer came any more")
            for key, _events in ready:
                wire = key.data
                status = _answer(wire)
                if status:
                    latencies[wire.number] = time.perf_counter() - wire.began
                    statuses[status] = statuses.get(status, 0) + 1
                    _next(wire, todo, requests, at, port, watch)
    return Sent(time.perf_counter() - begun, latencies, at, statuses)


def _next(wire: _Wire, todo: Any, requests: list[bytes], at: list[int], port: int, watch: Any) -> None:
    """The next request on this connection, or its end."""
    wire.number = next(todo, -1)
    if wire.number < 0:
        watch.unregister(wire.socket)
        wire.socket.close()
        return
    at[wire.number], wire.began = int(time.time() * 1000), time.perf_counter()
    wire.socket.sendall(requests[wire.number])


def _answer(wire: _Wire) -> str:
    """The status once the whole answer is there, else ""."""
    piece = wire.socket.recv(65536)
    if not piece:
        raise ConnectionError(f"the server hung up; so far it had said {bytes(wire.got[:300])!r}")
    wire.got += piece
    head, gap, rest = wire.got.partition(b"\r\n\r\n")
    if not gap:
        return ""
    length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")), 0)
    if len(rest) < length:
        return ""
    wire.got = bytearray()
    return head.split(b" ", 2)[1].decode()


if __name__ == "__main__":
    print(json.dumps(send(json.load(sys.stdin)).__dict__))
