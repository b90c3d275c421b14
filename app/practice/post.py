"""One webhook on its way from a practice vendor to the hub: posted, never redirected, its answer reported."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit


def post(address: str, body: bytes, headers: Mapping[str, str], timeout: float = 10) -> dict[str, Any]:
    """`status`, `answer` (JSON, or text), `headers` (lower-case names), `seconds`; without an answer status is None and `error`
    says why.

    Raises ValueError for an address that is none.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address[:200]} is not an http or https address.")
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    wire = make(parts.hostname, parts.port, timeout=timeout)
    begun = time.monotonic()
    try:
        wire.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, dict(headers))
        answer = wire.getresponse()
        text = answer.read(65536).decode("utf-8", "replace")
        heard = {name.lower(): value for name, value in answer.getheaders()}
        seconds = round(time.monotonic() - begun, 3)
        return {"status": answer.status, "answer": _parsed(text), "headers": heard, "seconds": seconds}
    except (OSError, HTTPException, socket.gaierror) as problem:
        words = f"Nobody answered at {address}: {problem}. Check that the hub is running under this address."
        return {"status": None, "answer": None, "error": words, "seconds": round(time.monotonic() - begun, 3)}
    finally:
        wire.close()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
