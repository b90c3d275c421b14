"""A server that speaks no proper HTTP: what a function does with a socket once a request has come in."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.core.http import Door


@dataclass
class Raw:
    url: str
    heads: list[bytes] = field(default_factory=list)  # what came in, up to the end of the headers

    def door(self, seconds: float = 2.0, **more: Any) -> Door:
        return Door({"api": self.url}, seconds=seconds, public_only=False, **more)


@contextmanager
def raw(do: Callable[[socket.socket], None], *, talk: bool = True) -> Iterator[Raw]:
    """`talk` False: `do` gets the connection before anything is read from it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Raw(f"http://127.0.0.1:{listening.getsockname()[1]}")
        clients: list[socket.socket] = []

        def serve(client: socket.socket) -> None:
            with client, contextlib.suppress(OSError):
                if talk:
                    served.heads.append(client.recv(65536))
                do(client)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    clients.append(listening.accept()[0])
                    threading.Thread(target=serve, args=(clients[-1],), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for client in clients:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def nobody_listens() -> str:
    """An address of this machine that answers nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def post(door: Door, path: str = "/things", body: Any = None) -> Any:
    """One change through a door; returns the JSON of the answer."""
    return door.session.post(door.url() + path, json=body or {"a": 1}).json()


def shut(client: socket.socket) -> None:
    """Takes the request and hangs up."""
