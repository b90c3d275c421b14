"""Vendors that answer at once: the first answer of a kind comes from the practice vendors, every further one from memory.

`python -m tests.bench.instant` takes the arguments of `python -m app.practice`. A practice vendor checks, keeps and remembers
like the real one, which takes the processor two milliseconds an event: on the machine that is measured it would be most of the
vendors' time. The books are kept here in memory, in the shape of the practice vendors' ledger.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.practice import create_app
from app.practice.__main__ import arguments

JSON = Any
_MODEL, _PAGES = "/openai/v1/chat/completions", "/notion/v1/pages"


class Vendors:
    """What all connections share: the practice vendors behind, the answers known so far, the books."""

    def __init__(self, app: Any) -> None:
        self._app = app.test_client()
        self._known: dict[tuple[str, str], tuple[bytes, str]] = {}
        self._books: list[tuple[int, str, str, bytes, str]] = []
        self.delay = 0.0  # seconds the model takes

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[bytes, float]:
        """(the whole HTTP answer, seconds to wait before it leaves)."""
        if target.startswith("/_control/"):
            return self._control(target, body), 0.0
        if method == "PATCH":
            self._known.clear()  # what was read before is no longer so
        known = self._known.get((method, target))
        if known is None:
            got = self._app.open(target, method=method, headers=headers, data=body)
            known = _http(got.status_code, got.data), got.json["id"] if _makes_page(method, target, got) else ""
            if got.status_code == 200:
                self._known[method, target] = known
        text, made = known
        if made:
            text = _renamed(text, made, str(uuid.uuid4()))
        self._books.append((int(time.time() * 1000), method, target, body, "page.create" if made else ""))
        return text, self.delay if target == _MODEL else 0.0

    def _control(self, target: str, body: bytes) -> bytes:
        asked = urlsplit(target)
        if asked.path == "/_control/ledger":
            return _http(200, json.dumps(self._ledger(parse_qs(asked.query))).encode())
        if asked.path == "/_control/model":
            self.delay = json.loads(body).get("delay_ms", 0) / 1000
            return _http(200, b"null")
        return _http(404, b'{"error": "only the ledger and the model can be asked for"}')

    def _ledger(self, query: dict[str, list[str]]) -> list[dict[str, JSON]]:
        after, bodies = int(query.get("after", ["0"])[0]), query.get("bodies") == ["1"]
        rows = list(enumerate(self._books, 1))[after:]
        return [_row(no, *row, bodies) for no, row in rows]


def _makes_page(method: str, target: str, got: Any) -> bool:
    return (method, target, got.status_code) == ("POST", _PAGES, 200)


def _row(no: int, at: int, method: str, target: str, body: bytes, effect: str, bodies: bool) -> dict[str, JSON]:
    path, _, query = target.partition("?")
    slug = path.split("/")[1]
    row = {"no": no, "at": at, "slug": slug, "method": method, "path": path[len(slug) + 1 :], "query": query}
    return {**row, "effect": effect or None, **({"body": body.decode()} if bodies else {})}


def _renamed(text: bytes, old: str, new: str) -> bytes:
    """Ids stand in answers with dashes, and without them in addresses."""
    text = text.replace(old.encode(), new.encode())
    return text.replace(old.replace("-", "").encode(), new.replace("-", "").encode())


def _http(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Wire(asyncio.Protocol):
    """One connection: requests come whole or in pieces, one after the other."""

    def __init__(self, vendors: Vendors) -> None:
        self._vendors = vendors
        self._got = bytearray()

    def connection_made(self, transport: Any) -> None:
        self._out = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, gap, body = bytes(self._got).partition(b"\r\n\r\n")
        if not gap:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if len(body) < int(headers.get("content-length", 0)):
            return
        self._got.clear()
        method, target, _ = first.split(" ")
        text, delay = self._vendors.answer(method, target, headers, body)
        asyncio.get_running_loop().call_later(delay, self._out.write, text) if delay else self._out.write(text)


async def _serve(host: str, port: int, vendors: Vendors) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Wire(vendors), host, port, backlog=1000)
    print(f"http://{host}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    given = arguments("python -m tests.bench.instant", __doc__).parse_args()
    vendors = Vendors(create_app(given.folder, given.token, control=True, limits=False))
    try:
        asyncio.run(_serve(given.host, given.port, vendors))
    except KeyboardInterrupt:
        sys.exit(0)
