"""Reading what was sent: never more than the limit, never for longer than ten seconds."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

LIMIT = 1024 * 1024
SECONDS = 10.0


class Watch:
    """Ends connections whose body is not there in time.

    A thread reading a socket cannot be interrupted from Python, and a body that drips byte by byte resets every
    time-out of the socket. So one thread looks at all readers and shuts the sockets of those that are late.
    """

    def __init__(self) -> None:
        self._late: dict[int, tuple[float, socket.socket]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, sock: socket.socket, seconds: float) -> int:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # late, so that it lives in the forked worker
                self._thread = threading.Thread(target=self._look, name="body-watch", daemon=True)
                self._thread.start()
            self._late[id(sock)] = (time.monotonic() + seconds, sock)
        return id(sock)

    def end(self, ticket: int) -> None:
        with self._lock:
            self._late.pop(ticket, None)

    def _look(self) -> None:
        while True:
            time.sleep(0.5)
            now = time.monotonic()
            with self._lock:
                over = [ticket for ticket, (until, _) in self._late.items() if until < now]
                late = [self._late.pop(ticket)[1] for ticket in over]
            for sock in late:
                _shut(sock)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RD)
    except OSError:
        return  # gone already


_watch = Watch()


def read(limit: int = LIMIT, seconds: float = SECONDS) -> bytes:
    """The raw body.

    Raises RequestEntityTooLarge before reading a body that says it is too large, BadRequest for one that ends early.
    """
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge
    request.max_content_length = limit + 1  # a body that does not say its length is silently cut off there
    sock: Any = request.environ.get("gunicorn.socket")
    ticket = _watch.begin(sock, seconds) if sock is not None else None
    try:
        data = request.get_data(cache=True)
    except OSError as error:
        raise BadRequest from error
    finally:
        if ticket is not None:
            _watch.end(ticket)
    if len(data) > limit:
        raise RequestEntityTooLarge
    if request.content_length is not None and len(data) < request.content_length:
        raise BadRequest
    return data


def read_files(limit: int, seconds: float) -> None:
    """Reads a form with files while the time runs; what is large goes to a file without a name that goes with the request.

    Raises like `read`."""
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge
    request.max_content_length = limit
    sock: Any = request.environ.get("gunicorn.socket")
    ticket = _watch.begin(sock, seconds) if sock is not None else None
    try:
        _ = request.files
    except OSError as error:
        raise BadRequest from error
    finally:
        if ticket is not None:
            _watch.end(ticket)


def read_now() -> None:
    """For pages: reads the form while the time runs; `request.form` then comes from memory."""
    if request.method in ("POST", "PUT", "PATCH", "DELETE"):
        read()
