"""Faults that a test can order: held, cut, slow, garbled and refused answers, before or after the change was made.

A fault is JSON: `slug`, `method` ("" is any), `path` (prefix, without the slug), `contains` (text in the body), `skip`
(matching requests to let pass first), `times`, and `do`:

- `hold_before`, `hold_after`: waits for `POST /_control/release`, at most `seconds` (120), then goes on
- `cut_before`, `cut_after`: closes the connection without an answer
- `status` (nothing applied), `status_after` (applied): answers `status` with `headers` and `body`
- `error_in_200`: answers 200 with an error body; nothing applied unless `"applied": true`
- `rubbish`: applied, then 200 with something that is not JSON
- `slow`: applied, answered after `seconds`; `drip`: applied, one byte every `seconds` (0.05)
- `flood`: applied, then 200 with `bytes` (1 GB) of spaces
- `model`: the model answers badly, `as` says how (see the stand-in `openai`)
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, request

from app.practice.ledger import JSON, Ledger

BEFORE = ("hold_before", "cut_before", "status", "error_in_200")
AFTER = ("hold_after", "cut_after", "status_after", "rubbish", "slow", "drip", "flood", "error_in_200")
KINDS = (*BEFORE, *AFTER, "model")

Fault = dict[str, Any]


def order(ledger: Ledger, fault: Fault, slugs: Sequence[str]) -> None:
    """Raises ValueError for a fault or a vendor nobody knows."""
    if fault.get("do") not in KINDS:
        raise ValueError(f"do must be one of {', '.join(sorted(set(KINDS)))}")
    if fault.get("slug") not in slugs:
        raise ValueError(f"slug must be one of {', '.join(slugs)}")
    ledger.change(
        "insert into faults (slug, skip, times, spec) values (?,?,?,?)",
        *(fault["slug"], int(fault.get("skip", 0)), int(fault.get("times", 1)), json.dumps(fault)),
    )


def take(ledger: Ledger, no: int, slug: str, method: str, path: str, body: bytes) -> Fault | None:
    """The first fault that fits this request; it is used up by one."""
    if not ledger.rows("select 1 from faults where slug=? limit 1", slug):
        return None
    with ledger.write():
        for row in ledger.rows("select * from faults where slug=? and times>0 order by no", slug):
            fault: Fault = json.loads(row["spec"])
            if not _fits(fault, method, path, body):
                continue
            if row["skip"] > 0:
                ledger.change("update faults set skip=skip-1 where no=?", row["no"])
                continue
            ledger.change("update faults set times=times-1 where no=?", row["no"])
            ledger.change("update requests set fault=? where no=?", fault["do"], no)
            return fault
    return None


def _fits(fault: Fault, method: str, path: str, body: bytes) -> bool:
    return (
        (not fault.get("method") or fault["method"].upper() == method)
        and path.startswith(fault.get("path", ""))
        and fault.get("contains", "").encode() in body
    )


class Visit:
    """One request on its way through: its number, its fault, and whether its connection was cut."""

    def __init__(self, ledger: Ledger, closing: threading.Event, no: int, fault: Fault | None) -> None:
        self.ledger, self.closing, self.no, self.fault = ledger, closing, no, fault
        self.cut = False

    @property
    def do(self) -> str:
        return str(self.fault["do"]) if self.fault else ""

    def before(self) -> Response | None:
        """What happens before the vendor looks at the request; an answer ends it there."""
        do, fault = self.do, self.fault or {}
        if do == "hold_before":
            return None if self._wait() else self._hang_up()
        if do == "cut_before":
            return self._hang_up()
        if do == "status" or (do == "error_in_200" and not fault.get("applied")):
            return _answer(fault, 500 if do == "status" else 200)
        return None

    def after(self, response: Response) -> Response:
        """What happens to the answer."""
        do, fault = self.do, self.fault or {}
        if do == "hold_after" and not self._wait():
            return self._hang_up()
        if do == "cut_after":
            return self._hang_up()
        if do == "status_after" or (do == "error_in_200" and fault.get("applied")):
            return _answer(fault, 500 if do == "status_after" else 200)
        if do == "rubbish":
            return Response("<html>upstream said what?</html>", 200, content_type="text/html")
        if do == "slow":
            self.closing.wait(float(fault.get("seconds", 1)))
        if do in ("drip", "flood"):
            return _trickle(response, fault, self.closing) if do == "drip" else _flood(fault)
        return response

    def _wait(self) -> bool:
        """True once somebody releases it or its time is over; False if the stand-in shuts down."""
        until = time.monotonic() + float((self.fault or {}).get("seconds", 120))
        self.ledger.hold(self.no, True)
        while self.ledger.note("released", 0) < self.no and time.monotonic() < until:
            if self.closing.wait(0.01):
                return False
        self.ledger.hold(self.no, False)
        return True

    def _hang_up(self) -> Response:
        self.cut = True
        wire: Any = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
        if wire is not None:
            wire.shutdown(socket.SHUT_RDWR)  # what the server writes after this goes nowhere
        return Response(status=500)


def _answer(fault: Fault, status: int) -> Response:
    body: JSON = fault.get("body", {"message": "ordered by the test"})
    text = body if isinstance(body, str) else json.dumps(body)
    response = Response(text, int(fault.get("status", status)), content_type="application/json")
    response.headers.update(fault.get("headers", {}))
    return response


def _trickle(response: Response, fault: Fault, closing: threading.Event) -> Response:
    whole, pause = response.get_data(), float(fault.get("seconds", 0.05))

    def bytewise() -> Iterator[bytes]:
        for i in range(len(whole)):
            if closing.wait(pause):
                return
            yield whole[i : i + 1]

    slow = Response(bytewise(), response.status_code, content_type=response.content_type)
    slow.content_length = len(whole)
    return slow


def _flood(fault: Fault) -> Response:
    size = int(fault.get("bytes", 1_000_000_000))
    block = b" " * 65536
    flood = Response((block[: min(65536, size - i)] for i in range(0, size, 65536)), 200)
    flood.content_type = "application/json"
    flood.content_length = size
    return flood
