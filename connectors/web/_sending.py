"""Signed messages to one fixed address, by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests

from connectors.contract import JSON, Account, Http, Refused, Stopped, Unauthorized
from connectors.web._schemes import key_of, signature
from connectors.web._secrets import is_standard

NOWHERE = "https://address.invalid"  # never resolves (RFC 6761, 6.4)
_AWAY = (429, 502, 503, 504)
LARGEST = 256 * 1024  # bytes
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # of a header (RFC 9110, 5.6.2)
_GONE = (
    "The receiver says that nothing may be sent to this address any more (410). Nothing is sent there until you enter the "
    "address that counts now, or have them switch theirs on again"
)
_UNSIGNED = "Messages cannot be signed yet. Open this connection, press “Make a new signing secret”, and enter it at the receiver"


class Web:
    """`path` is what follows the receiver's host; "" where nothing is sent."""

    def __init__(self, base: str, path: str, secrets: tuple[str, ...], http: Http) -> None:
        self.url, self.sends, self.secrets, self._http = f"{base}{path}", bool(path), secrets, http
        self.host = urlsplit(base).hostname or ""

    def ask(self) -> None:
        """Whether somebody answers there. HEAD, which changes nothing (RFC 9110, 9.2.1). An address that takes only POST says
        so in many ways, so only those answers count that can mean nothing else."""
        answer = self._http.session.head(self.url)
        if answer.status_code == 410:
            raise Stopped(_GONE)
        if answer.status_code in _AWAY:
            answer.raise_for_status()

    def post(self, number: str, body: bytes) -> requests.Response:
        return self._http.session.post(self.url, data=body, headers=self._signed(number, body))

    def _signed(self, number: str, body: bytes) -> dict[str, str]:
        """The number is that of the change, so it is the same in each try. The time is that of this try, as the standard wants
        it: a receiver refuses what was signed more than five minutes ago, and somebody may approve a day later. Both stand in
        headers; the bytes that were approved and stored are the body's, and they never change."""
        seconds = str(int(time.time()))
        entries = [signature(key_of(secret), number, seconds, body) for secret in self.secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": "Patchbay",
            "webhook-id": number,
            "webhook-timestamp": seconds,
            "webhook-signature": " ".join(entries),
        }


def open_site(credentials: Mapping[str, str], http: Http) -> Web:
    """Raises Refused for fields that cannot be meant."""
    try:
        hosts(credentials)
    except ValueError as problem:
        raise Refused(str(problem)) from None
    header, address = credentials.get("header", ""), credentials.get("address", "")
    if header and not _NAME.fullmatch(header):
        raise Refused("The name of the header holds something that no header can be called. Copy it again")
    if ":" in credentials.get("user", ""):
        raise Refused("A user name with a colon in it does not work with HTTP Basic. Take another one")
    secrets = tuple(credentials.get("signing_secret", "").split())
    if len(secrets) > 2 or not all(map(is_standard, secrets)):
        raise Refused(
            "The signing secret must begin with whsec_ and go on with 32 letters, digits, + and / or more. Leave it empty "
            "and have one made on the next page"
        )
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "") if address else ""
    return Web(http.url("api"), path, secrets, http)


def hosts(credentials: Mapping[str, str]) -> dict[str, str]:
    """Where the typed address leads. Raises ValueError with what to do."""
    address = credentials.get("address", "")
    if not address:
        return {"api": NOWHERE}
    try:
        parts = urlsplit(address)
        fits = parts.scheme == "https" and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        fits = False
    if not fits or re.search(r"[^!-~]", address) or len(address) > 2000:
        raise ValueError(f"The address {address[:100]} must begin with https:// and hold no password. Copy it again")
    return {"api": f"https://{parts.netloc}"}


def check(client: Web) -> Account:
    """Named by the receiver's host; without one there is nobody to ask."""
    if not client.sends:
        return Account("", "")
    client.ask()
    return Account("", client.host)


def ready(client: Web, arguments: dict[str, JSON]) -> dict[str, JSON]:
    if not client.sends:
        raise Refused("This connection has no address to send to. Enter one on its page, then run this again")
    if not client.secrets:
        raise Unauthorized(_UNSIGNED)
    return arguments


def send(client: Web, key: str, *, message: dict[str, JSON]) -> JSON:
    """The mapping goes out as the JSON it is; the standard advises "type", "timestamp" and "data". Any 2xx is a yes."""
    body = json.dumps(message, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    if len(body) > LARGEST:
        raise Refused("This message is larger than 256 KB, and receivers take only small ones. Send less, or a link")
    answer = client.post(key, body)
    if answer.status_code == 410:
        raise Stopped(_GONE)
    if not 200 <= answer.status_code < 300:
        raise requests.HTTPError(f"{answer.status_code}", response=answer)
    return {"id": key, "url": ""}


def explain(status: int, body: bytes) -> str | None:
    if status == 401:
        return "The receiver does not take our signature. Enter the signing secret of this connection there, or make a new one"
    if 300 <= status < 400:
        return f"The address leads on to another one ({status}). Enter the final address on the connection, then run this again"
    if status == 404:
        return (
            "There is nothing at the address any more (404). Look at it on the connection's page, then run this again"
        )
    return None
