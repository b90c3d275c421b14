"""A vendor of three lines for a test: what a function answers, over real HTTP on loopback, and what it was asked."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.core.http import Door


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # as it came over the wire, with the query
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = tuple[int, Any]  # status, and bytes as they are or anything else as JSON


@dataclass
class Vendor:
    url: str
    asked: list[Asked] = field(default_factory=list)

    def door(self, below: str = "", **more: Any) -> Door:
        base = self.url + below
        return Door({"api": base, "token": base}, seconds=5, public_only=False, **more)

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is no news
            super().handle_error(request, client_address)


@contextmanager
def vendor(answer: Callable[[Asked], Answer]) -> Iterator[Vendor]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            one = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            stage.asked.append(one)
            status, said = answer(one)
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.send_header("x-request-id", f"req_{len(stage.asked)}")
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = _Server(("127.0.0.1", 0), Handler)
    stage = Vendor(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
