"""Whether a vendor can reach a connection: a signed message of our own, sent to its public address as a vendor would send one."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.core.http import Door, as_json
from app.core.hub import Hub
from app.core.patience import Patience
from app.core.wire import Answer, Cut, NotSent

HEADER = "x-patchbay-test"
_SECONDS = 15.0
_SIZE = 64 * 1024  # bytes of the message, as large as vendors' are: a proxy that takes only small ones is noticed


@dataclass(frozen=True)
class Reached:
    """`words` are a whole sentence; where it is not `ok` they say what to look at."""

    ok: bool
    words: str


def test(hub: Hub, address: str) -> Reached:
    """Sends the message to the hook address of a connection, as it is shown to people."""
    parts = urlsplit(address)
    base, patience = f"{parts.scheme}://{parts.netloc}", Patience(hub.settings.patience)
    seconds = patience.call(_SECONDS)
    door = Door({"api": base}, seconds=seconds, alarm=patience.alarm(seconds), public_only=False)
    body = json.dumps({"test": secrets.token_hex(16), "padding": "x" * _SIZE}).encode()
    headers = {"Content-Type": "application/json", HEADER: _seal(hub, body)}
    try:
        answer = door.exchange("POST", address, headers, body)
    except NotSent as problem:
        return Reached(False, f"{base} cannot be reached ({problem}). Look at DNS, the certificate and the proxy.")
    except Cut as problem:
        return Reached(False, f"{base} did not answer ({problem}). Look at the proxy in front of this hub.")
    return _judged(hub, base, parts.hostname or "", body, answer)


def answer_to(hub: Hub, headers: Mapping[str, str], body: bytes) -> dict[str, str] | None:
    """What such a message is answered; None for everything else. Nobody without this hub's secret can make one."""
    seal = headers.get(HEADER, "")
    if not seal or not hmac.compare_digest(seal.encode("utf-8", "replace"), _seal(hub, body).encode()):
        return None
    return {"reached": _seal(hub, b"answer" + body)}


def _judged(hub: Hub, base: str, host: str, body: bytes, answer: Answer) -> Reached:
    said = as_json(answer)
    if isinstance(said, dict) and said.get("reached") == _seal(hub, b"answer" + body):
        if host in ("127.0.0.1", "localhost", "::1"):
            words = "It works on this machine, but vendors cannot reach it: set PATCHBAY_PUBLIC_URL to a public https address."
            return Reached(False, words)
        return Reached(True, f"A signed message came through {base}. Vendors can reach this connection.")
    if answer.status == 413:
        return Reached(False, f"The proxy at {base} refuses messages of 64 KB. Let it take at least 2 MB.")
    if answer.status in (301, 302, 307, 308):
        return Reached(
            False, f"{base} sends callers elsewhere ({answer.status}). Vendors do not follow: enter the final address."
        )
    return Reached(
        False, f"Something else than this hub answered at {base} ({answer.status}). Look at DNS and the proxy."
    )


def _seal(hub: Hub, message: bytes) -> str:
    return hmac.new(b"reach" + hub.secret, message, "sha256").hexdigest()
