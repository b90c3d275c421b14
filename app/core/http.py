"""The one door out: every request of every connector and SDK goes through a `Door`.

A door belongs to one opened connection. It lets out only requests to that vendor's hosts, follows no redirect, reads no
proxy or netrc from the environment, and remembers the last answer, from which `core.answers` tells what a failure means.
Writes are drawn first (the bytes are caught, nothing is sent) and later let out only if they are the same bytes.
"""

from __future__ import annotations

import hashlib
import http.cookiejar
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx  # both at once: openai 3.57 stumbles over an httpx that another thread is just importing
import httpx2
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from app.core import mail, masks, wire
from app.core.alarm import armed
from app.core.wire import Answer, Cut, NotSent

__all__ = ["Answer", "Cut", "Door", "Drawn", "ForbiddenHost", "NotSent", "Request", "SomethingElse"]

ANSWER_CAP = 8 * 1024 * 1024  # bytes
_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_NO_ADDRESS = re.compile(r"[\x00-\x20\\\x7f]")  # what readers of addresses make different things of


@dataclass(frozen=True)
class Request:
    """A change as it goes over the wire. The host is not part of it, so it stays the same when a vendor's address moves."""

    method: str
    path: str  # with the query
    body: bytes
    content_type: str = ""

    @property
    def sha256(self) -> str:
        head = f"{self.method} {self.path}\n{self.content_type}\n".encode()
        return hashlib.sha256(head + self.body).hexdigest()

    def to_json(self) -> dict[str, str]:
        """For the journal; bodies that are no text are kept as hex."""
        try:
            body = {"body": self.body.decode()}
        except UnicodeDecodeError:
            body = {"hex": self.body.hex()}
        return {"method": self.method, "path": self.path, "content_type": self.content_type, **body}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Request:
        body = bytes.fromhex(data["hex"]) if "hex" in data else data["body"].encode()
        return cls(data["method"], data["path"], body, data["content_type"])


class Drawn(BaseException):
    """Carries a caught request out through an SDK (which must not catch it, hence BaseException)."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.method, request.path)
        self.request = request


class ForbiddenHost(BaseException):
    """A connector asked for a host that is not its vendor's: our bug, or an attack."""


class SomethingElse(BaseException):
    """The request about to leave is not the one that was stored: it stays in."""


class Door:
    """One opened connection's way out; used by one thread at a time."""

    def __init__(
        self,
        bases: Mapping[str, str],
        *,
        seconds: float = 30.0,
        alarm: float = 40.0,
        public_only: bool = True,
        cap: int = ANSWER_CAP,
        heard: Callable[[float, str], None] | None = None,
    ) -> None:
        """`bases`: host name of the connector → base address; `seconds`: all a single exchange may take; after `alarm`
        seconds the kernel ends a worker that still hangs in it. `heard` is told of every exchange: how many seconds it took
        and what came of it ("2xx" to "5xx", "429", "none" for no answer, "not sent")."""
        self._bases = {name: base.rstrip("/") for name, base in bases.items()}
        self.seconds = seconds
        self.alarm = alarm
        self.permit: Callable[[], None] | None = None  # asked before every request that is not a drawn write
        self.stopped: BaseException | None = None  # what `permit` raised; SDKs may wrap it
        self._public_only = public_only
        self._cap = cap
        self._heard = heard
        self._drawing = False
        self._expected: Request | None = None
        self.last: Answer | None = None
        self.failure: NotSent | Cut | None = None
        self.calls = 0
        self._session: requests.Session | None = None

    def url(self, host: str = "api") -> str:
        return self._bases[host]

    def reaches(self, url: str) -> bool:
        """Whether a request to this address would be let out: to be asked before one from a vendor's answer is followed."""
        try:
            self._path(url)
        except (ForbiddenHost, ValueError):
            return False
        return True

    @property
    def session(self) -> requests.Session:
        if self._session is None:
            self._session = _Session(self)
        return self._session

    def carry(self, session: requests.Session) -> None:
        """Makes this session of an SDK go through the door and nowhere else."""
        _through(self, session)

    def httpx(self) -> Any:
        return httpx.Client(transport=_httpx_transport(self, httpx), trust_env=False, timeout=self.seconds)

    def httpx2(self) -> Any:
        return httpx2.Client(transport=_httpx_transport(self, httpx2), trust_env=False, timeout=self.seconds)

    # --- how the gate uses it ---

    def draw(self, run: Any) -> Request:
        """Call `run` until it would change something; returns that request, which is not sent."""
        self._drawing = True
        try:
            run()
        except Drawn as drawn:
            return drawn.request
        finally:
            self._drawing = False
        raise SomethingElse("this action sent nothing although it says that it changes something")

    @contextmanager
    def sending(self, request: Request) -> Iterator[None]:
        """Only this request may leave, once."""
        self._expected = request
        self.forget()
        try:
            yield
        finally:
            self._expected = None

    def forget(self) -> None:
        """Before a call: nothing seen yet."""
        self.last, self.failure, self.stopped, self.calls = None, None, None, 0

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What all clients end in. Raises NotSent, Cut, or one of the three that no SDK may catch."""
        request = Request(method.upper(), self._path(url), body, _header(headers, "content-type"))
        masks.know(_header(headers, "authorization").rpartition(" ")[2])

        def send() -> Answer:
            return wire.exchange(
                request.method,
                url,
                _outgoing(headers),
                body or None,
                seconds=self.seconds,
                cap=self._cap,
                public_only=self._public_only,
            )

        return self._let_out(request, send)

    def mail(self, host: str, method: str, path: str, login: Mapping[str, str], body: bytes = b"") -> Answer:
        """One session with the mail server `host` ("imap" or "smtp"), under the same rules. `login` ("user", and
        "password" or "token") is no part of the request. Raises as `exchange` does."""
        request = Request(method, path, body, "message/rfc822" if body else "")

        def send() -> Answer:
            return mail.exchange(
                host,
                self._bases[host],
                method,
                path,
                login,
                body,
                seconds=self.seconds,
                cap=self._cap,
                public_only=self._public_only,
            )

        return self._let_out(request, send)

    def _let_out(self, request: Request, send: Callable[[], Answer]) -> Answer:
        if self._drawing:
            raise Drawn(request)
        if self._expected is not None:
            self._only_once(request)
        elif self.permit is not None:
            self._ask_permit(self.permit)
        self.calls += 1
        self.last, self.failure = None, None
        began = time.monotonic()
        try:
            with armed(self.alarm):
                self.last = _refusal(answer) if (answer := send()).status >= 400 else answer
        except (NotSent, Cut) as problem:
            self.failure = problem
            raise
        finally:
            if self._heard is not None:
                self._heard(time.monotonic() - began, self._answer())
        return self.last

    def _answer(self) -> str:
        if self.last is None:
            return "not sent" if isinstance(self.failure, NotSent) else "none"
        return "429" if self.last.status == 429 else f"{self.last.status // 100}xx"

    def _ask_permit(self, permit: Callable[[], None]) -> None:
        try:
            permit()
        except BaseException as stop:
            self.stopped = stop
            raise

    def _only_once(self, request: Request) -> None:
        if self._expected is None or request.sha256 != self._expected.sha256 or self.calls:
            raise SomethingElse(f"{request.method} {request.path} is not the request that was stored")

    def _path(self, url: str) -> str:
        asked = urlsplit(url)
        for base in self._bases.values():
            own = urlsplit(base)
            if _is_at(url, asked, own) and _below(asked.path, own.path):
                path = asked.path[len(own.path) :] or "/"
                return f"{path}?{asked.query}" if asked.query else path
        raise ForbiddenHost(f"{asked.scheme}://{asked.netloc} is not one of this vendor's addresses")


def _refusal(answer: Answer) -> Answer:
    """Without the secrets that the vendor may repeat in it: whoever quotes from it may cut one in two."""
    return replace(answer, body=masks.mask_bytes(answer.body))


def _is_at(url: str, asked: SplitResult, own: SplitResult) -> bool:
    """Whether the address is that of `own`, or, where this one begins with "*.", of any host below it: by its name alone,
    without a port or anybody's name in it."""
    if not own.netloc.startswith("*."):
        return (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
    host = asked.netloc.lower()
    plain = _NAME.fullmatch(host) is not None and _NO_ADDRESS.search(url) is None
    return plain and asked.scheme == own.scheme and host.endswith(own.netloc[1:])


def _below(path: str, base: str) -> bool:
    return not base or path == base or path.startswith(base.rstrip("/") + "/")


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((str(v) for k, v in headers.items() if k.lower() == name), "")


def _outgoing(headers: Mapping[str, str]) -> dict[str, str]:
    """No compressed answers (a bomb would unpack in our memory), no second Host or Content-Length beside urllib3's own."""
    kept = {
        k: str(v)
        for k, v in headers.items()
        if k.lower() not in ("host", "content-length", "accept-encoding", "connection")
    }
    return {**kept, "Accept-Encoding": "identity"}


def _through(door: Door, session: requests.Session) -> None:
    session.trust_env = False
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    session.mount("https://", _Adapter(door))
    session.mount("http://", _Adapter(door))


class _Session(requests.Session):
    """A requests session whose only adapter is the door."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        _through(door, self)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _Adapter(BaseAdapter):
    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if not isinstance(body, bytes):
            raise TypeError("a request body must be bytes: streams cannot be stored or sent again")
        answer = self._door.exchange(request.method or "GET", request.url or "", request.headers, body)
        response = requests.Response()
        response.status_code, response.headers = answer.status, CaseInsensitiveDict(answer.headers)
        response._content, response._content_consumed = answer.body, True  # type: ignore[attr-defined]
        response.request, response.url, response.encoding = request, request.url or "", "utf-8"
        return response

    def close(self) -> None:
        """The sockets belong to `wire`."""


def _httpx_transport(door: Door, module: Any) -> Any:
    """A transport for httpx or httpx2, which have the same shape."""

    class Transport(module.BaseTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            try:
                answer = door.exchange(request.method, str(request.url), dict(request.headers), request.read())
            except NotSent as problem:
                raise module.ConnectError(str(problem), request=request) from problem
            except Cut as problem:
                raise module.ReadTimeout(str(problem), request=request) from problem
            return module.Response(answer.status, headers=answer.headers, content=answer.body, request=request)

    return Transport()


def as_json(answer: Answer | None) -> Any:
    """The JSON of an answer, or None where it is none."""
    try:
        return json.loads(answer.body) if answer else None
    except ValueError:
        return None
