"""How a sender proves that a message is its own. Each is one pure function over the raw bytes; whatever is wrong is a no.

Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Svix, the same with other names: https://docs.svix.com/receiving/verifying-payloads/how-manual
GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

Headers = Mapping[str, str]
Proves = Callable[[str, bytes, Headers, float], bool]

TOLERANCE = 300  # seconds, past and future
SHORTEST = 24  # bytes of a key of Standard Webhooks
USER, HEADER, QUERY = "patchbay", "X-Hub-Secret", "secret"
_NUMBER = re.compile(r"[!-~]{1,256}")


@dataclass(frozen=True)
class Scheme:
    """`words` on the page. `signs`: the body is under the signature, so that nobody on the way can have changed it. `number`:
    the headers that number a message, the same in each try. `kind`: the header that says what it is."""

    words: str
    proves: Proves
    signs: bool = False
    number: tuple[str, ...] = ()
    kind: str = ""


def key_of(secret: str) -> bytes:
    """The bytes that Standard Webhooks signs with. Raises ValueError."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if len(key) < SHORTEST:
        raise ValueError("too short")
    return key


def signature(key: bytes, number: str, seconds: str, body: bytes) -> str:
    """One entry of `webhook-signature`."""
    mac = hmac.new(key, f"{number}.{seconds}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def _same(given: str, ours: str) -> bool:
    """In constant time, for any text: `compare_digest` takes no `str` beyond ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), ours.encode("utf-8", "replace"))


def _is_fresh(seconds: str, now: float) -> bool:
    return seconds.isascii() and seconds.isdigit() and len(seconds) <= 16 and abs(now - int(seconds)) <= TOLERANCE


def _standard(secret: str, body: bytes, headers: Headers, now: float) -> bool:
    name = "webhook" if "webhook-id" in headers else "svix"
    number, seconds = headers.get(f"{name}-id", ""), headers.get(f"{name}-timestamp", "")
    # With a point in it a number could run on into the time: "a" + "1.2" and "a.1" + "2" are signed alike.
    if not _NUMBER.fullmatch(number) or "." in number or not _is_fresh(seconds, now):
        return False
    good = signature(key_of(secret), number, seconds, body)
    # A list, so that every entry is compared, whichever fits.
    return any([_same(one, good) for one in headers.get(f"{name}-signature", "").split(" ")])  # noqa: C419 (see above)


def _github(secret: str, body: bytes, headers: Headers, now: float) -> bool:
    good = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(headers.get("x-hub-signature-256", ""), good)


def _header(secret: str, body: bytes, headers: Headers, now: float) -> bool:
    return _same(headers.get((headers.get(":header") or HEADER).lower(), ""), secret)


def _bearer(secret: str, body: bytes, headers: Headers, now: float) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return _same(given.strip(), secret) and scheme.lower() == "bearer"


def _basic(secret: str, body: bytes, headers: Headers, now: float) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    pair = base64.b64decode(given.strip(), validate=True)
    ours = f"{headers.get(':user') or USER}:{secret}".encode()
    return hmac.compare_digest(pair, ours) and scheme.lower() == "basic"


def _address(secret: str, body: bytes, headers: Headers, now: float) -> bool:
    given = parse_qs(headers.get(":query", ""), max_num_fields=20).get(QUERY, [])
    return len(given) == 1 and _same(given[0], secret)


SCHEMES: Mapping[str, Scheme] = {
    "standard": Scheme(
        "Signed by Standard Webhooks, also Svix",
        _standard,
        signs=True,
        number=("webhook-id", "svix-id"),
    ),
    "github": Scheme(
        "Signed as GitHub does: X-Hub-Signature-256",
        _github,
        signs=True,
        number=("x-github-delivery",),
        kind="x-github-event",
    ),
    "header": Scheme("A secret in a header of its own", _header),
    "bearer": Scheme("A secret after “Authorization: Bearer”", _bearer),
    "basic": Scheme("User name and password: HTTP Basic", _basic),
    "address": Scheme("Only an address: weakest, logs show the secret", _address),
}


def proven(name: str, secrets: tuple[str, ...], body: bytes, headers: Headers, now: float) -> bool:
    """Whether one of the secrets proves it. All are tried, also after one that is no secret of this kind."""
    scheme = SCHEMES.get(name)
    return scheme is not None and any([_holds(scheme, secret, body, headers, now) for secret in secrets])  # noqa: C419 (all)


def _holds(scheme: Scheme, secret: str, body: bytes, headers: Headers, now: float) -> bool:
    try:
        return bool(secret) and scheme.proves(secret, body, headers, now)
    except Exception:  # whatever a stranger's bytes may do in there, the answer is no
        return False
