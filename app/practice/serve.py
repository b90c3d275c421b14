"""Serves the practice vendors on a loopback port, in a thread of this process: for tests, benches and `__main__`."""

from __future__ import annotations

import io
import json
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from app.practice import create_app, ground_of
from app.practice.door import Vendor

TOKEN = "practice-token"  # noqa: S105 - opens nothing but the stand-ins of a test


class _Handler(WSGIRequestHandler):
    """Keeps connections open, as the vendors do. Werkzeug's own handler closes each one, after waiting 10 ms."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The ledger has it."""

    def run_wsgi(self) -> None:
        try:
            self._answer()
        except OSError:  # the client left, or a fault cut the connection
            self.close_connection = True

    def _answer(self) -> None:
        environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0)))
        begun: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc: Any = None, /) -> Callable[[bytes], object]:
            begun[:] = (status, headers)
            return self.wfile.write

        parts = self.server.app(environ, start)
        try:
            head = b""
            for part in parts:
                head = head or self._head(*begun)
                self.wfile.write(part if head is SENT else head + part)
                head = SENT
            if head is not SENT:
                self.wfile.write(self._head(*begun))
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def _head(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.close_connection = True
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        lines += [f"Date: {self.date_time_string()}", "Connection: close"][: 2 if self.close_connection else 1]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


SENT = b"sent"


class Server(ThreadedWSGIServer):
    """A threaded server that can be stopped without waiting for clients to hang up."""

    daemon_threads = True

    def __init__(self, host: str, port: int, app: Any) -> None:
        self._wires: set[socket.socket] = set()
        self._hands: set[threading.Thread] = set()
        super().__init__(host, port, app, handler=_Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._wires.add(request)
        self._hands.add(threading.current_thread())
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._wires.discard(request)
            self._hands.discard(threading.current_thread())

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is no news
            super().handle_error(request, client_address)

    def stop(self) -> None:
        self.shutdown()
        for wire in list(self._wires):
            try:
                wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # already gone
        for thread in list(self._hands):
            thread.join(2)
        self.server_close()


class Served:
    """`with Served() as practice:` — the stand-ins at `practice.url`, with faults and the ledger under control.

    `folder` None is a fresh temporary one. A connector's base address is `url + "/notion"`. `host` "0.0.0.0" lets neighbours
    in; `url` and the control of faults stay on loopback.
    """

    def __init__(
        self,
        folder: Path | None = None,
        token: str = TOKEN,
        *,
        control: bool = True,
        limits: bool = True,
        host: str = "127.0.0.1",
        further: Sequence[Vendor] = (),
    ) -> None:
        self.token, self._host, self._further = token, host, further
        self._folder, self._control, self._limits = folder, control, limits
        self.url = ""

    def __enter__(self) -> Served:
        self._temporary = None if self._folder else tempfile.TemporaryDirectory(prefix="practice-")
        folder = self._folder or Path(self._temporary.name if self._temporary else "")
        self._app = create_app(folder, self.token, control=self._control, limits=self._limits, further=self._further)
        self.server = Server(self._host, 0, self._app)
        self.port = int(self.server.server_port)
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        ground = ground_of(self._app)
        ground.closing.set()
        self.server.stop()
        self._thread.join(5)
        ground.ledger.close()
        if self._temporary:
            self._temporary.cleanup()

    def control(self, path: str, body: Any = None, method: str = "") -> Any:
        """One call of `/_control/<path>`: POST with a body, else GET. Raises AssertionError."""
        raw = None if body is None else json.dumps(body).encode()
        verb = method or ("GET" if raw is None else "POST")
        wire = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json"} if raw is not None else {}
            wire.request(verb, "/_control/" + path.removeprefix("/_control").lstrip("/"), raw, headers)
            answer = wire.getresponse()
            text = answer.read().decode()
        finally:
            wire.close()
        if answer.status != 200:
            raise AssertionError(f"{verb} {path}: {answer.status} {text}")
        return json.loads(text)

    def ledger(self, slug: str = "", *, bodies: bool = False) -> list[dict[str, Any]]:
        """Every API request so far, in order."""
        return list(self.control(f"ledger?slug={slug}&bodies={int(bodies)}"))

    def effects(self, slug: str, what: str = "") -> list[dict[str, Any]]:
        """The requests that changed something, for example "page.create"."""
        return [r for r in self.ledger(slug) if r["effect"] and (not what or r["effect"] == what)]

    def fault(self, slug: str, do: str, **more: Any) -> None:
        self.control("faults", {"slug": slug, "do": do, **more})
