"""A hub's door for deliveries on loopback, without its pages, and a round of its clock: for vendors that call back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy import select, update

from app.core import intake, polling
from app.core.hub import Hub
from app.db import models


@contextmanager
def listening(hub: Hub) -> Iterator[list[int]]:
    """The hub takes deliveries at its own address; yields the statuses it answered with, as they come."""
    answered: list[int] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            _, _, slug, key = self.path.split("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = intake.receive(hub, slug, key, body, headers, self.headers.get("Content-Type", ""))
            answered.append(answer.status)
            said = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(said))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", hub.settings.port), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield answered
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def look(hub: Hub, connection_id: str, *, now: bool = False) -> list[str]:
    """A round of the clock for one connection; which kinds had their turn. `now`: all of them are due."""
    if now:
        mine = models.polls.c.connection == connection_id
        hub.db.write(lambda conn: conn.execute(update(models.polls).where(mine).values(next_at=0)))
    turns = [(connection, kind) for connection, kind in polling.due(hub) if connection == connection_id]
    for turn in turns:
        polling.poll(hub, *turn)
    return sorted(kind for _, kind in turns)


def events(hub: Hub, connection_id: str) -> list[tuple[str, bytes]]:
    """(kind, body) of every event that was stored for a connection, in order."""
    mine = models.events.c.connection == connection_id
    with hub.db.read() as conn:
        rows = conn.execute(select(models.events).where(mine).order_by(models.events.c.id)).mappings().all()
    return [(str(row["kind"]), hub.vault.open(row["body"], f"events:{row['id']}:body")) for row in rows]


def errors(hub: Hub, connection_id: str) -> list[str]:
    """What went wrong in the last round."""
    with hub.db.read() as conn:
        mine = models.polls.c.connection == connection_id
        rows = conn.execute(select(models.polls.c.error).where(mine)).scalars()
        return [str(error) for error in rows if error]
