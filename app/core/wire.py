"""One HTTP exchange over a socket of ours: total time-out, size cap, and knowing whether anything was sent.

SO_LINGER (1, 0) and TCP_USER_TIMEOUT: without them the kernel delivers a dead process's request once the network is back
(tcp(7), socket(7)); with them its bytes die with it.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPException
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from app.core.addresses import NotPublic, resolve
from app.core.watchdog import Watch, watchdog

_TCP_USER_TIMEOUT = 18  # linux/tcp.h; Python names it on Linux only
_CONNECT = 10.0
_now = threading.local()  # the exchange this thread is in, for the connection classes below


class NotSent(Exception):
    """Nothing left this machine: the name, the connection or the TLS handshake failed."""


class Cut(Exception):
    """The answer was lost, late, too big or no HTTP: whether the request arrived is unknown."""


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` has lower-case names; those that came several times are joined with commas."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class _Exchange:
    seconds: float
    public_only: bool
    watch: Watch
    sent: bool = field(default=False)


class _Ours:
    """Mixed into urllib3's connections: our resolving, our socket options, under watch before the first byte."""

    host: str
    port: int

    def _new_conn(self) -> socket.socket:
        exchange: _Exchange = _now.exchange
        error: OSError | None = None
        for family, address in resolve(self.host.strip("[]"), self.port, public_only=exchange.public_only)[:3]:
            sock = socket.socket(family, socket.SOCK_STREAM)
            set_options(sock, exchange.seconds)
            exchange.watch.hold(sock)
            try:
                sock.connect((address, self.port))
            except OSError as problem:
                error = problem
                sock.close()
                continue
            sock.settimeout(exchange.seconds)
            return sock
        raise error or OSError(f"{self.host} has no address")


def set_options(sock: socket.socket, seconds: float) -> None:
    """What a socket of ours must have before it connects."""
    sock.settimeout(min(_CONNECT, seconds))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, max(int(seconds * 1000), 1))


class _Plain(_Ours, HTTPConnection):
    pass


class _Secure(_Ours, HTTPSConnection):
    pass


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


@lru_cache(maxsize=256)
def _pool(scheme: str, host: str, port: int, public_only: bool) -> urllib3.HTTPConnectionPool:
    """Connections kept alive per host. Which addresses are allowed is part of the key, so a checked one is never shared."""
    kind: Any = _SecurePool if scheme == "https" else _PlainPool
    extra = {"ssl_context": _tls()} if scheme == "https" else {}
    return kind(host, port=port, maxsize=64, block=False, retries=False, **extra)  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def exchange(
    method: str, url: str, headers: dict[str, str], body: bytes | None, *, seconds: float, cap: int, public_only: bool
) -> Answer:
    """Send one request and read its answer within `seconds` in all and `cap` bytes. Raises NotSent or Cut."""
    parts = urllib3.util.parse_url(url)
    scheme, host = parts.scheme or "https", parts.host or ""
    pool = _pool(scheme, host, parts.port or (443 if scheme == "https" else 80), public_only)
    watch = watchdog.watch(seconds)
    state = _now.exchange = _Exchange(seconds, public_only, watch)
    try:
        return _talk(pool, state, method, parts.request_uri, headers, body, cap)
    except NotPublic as problem:
        raise NotSent(str(problem)) from problem
    except (HTTPError, HTTPException, OSError, ValueError) as problem:
        raise _explain(state, problem, host) from problem
    finally:
        watchdog.done(watch)


def _talk(
    pool: urllib3.HTTPConnectionPool,
    state: _Exchange,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes | None,
    cap: int,
) -> Answer:
    conn = pool._get_conn(timeout=None)
    keep = False
    try:
        if getattr(conn, "sock", None) is None:
            conn.connect()
        assert isinstance(conn, HTTPConnection)
        conn.sock.settimeout(state.seconds)
        state.watch.hold(conn.sock)
        state.sent = True
        conn.request(method, path, body=body, headers=headers, preload_content=False, decode_content=True)
        answer = _read(conn.getresponse(), cap)
        if state.watch.fired:  # a socket we closed looks like an answer that ended
            raise Cut(f"{conn.host} did not answer within {state.seconds:g} seconds")
        keep = True
        return answer
    finally:
        if not keep:
            conn.close()
        pool._put_conn(conn)


def _read(response: Any, cap: int) -> Answer:
    chunks, size = [], 0
    for chunk in response.stream(65536, decode_content=True):
        size += len(chunk)
        if size > cap:
            raise Cut(f"the answer is larger than {cap // 1024} KiB")
        chunks.append(chunk)
    dropped = {"content-encoding", "content-length", "transfer-encoding", "connection"}
    # By name, which joins a header that came several times (RFC 9110, 5.3); the pairs would leave only its last one.
    headers = {name.lower(): response.headers[name] for name in response.headers if name.lower() not in dropped}
    return Answer(response.status, headers, b"".join(chunks))


def _explain(state: _Exchange, problem: Exception, host: str) -> Exception:
    if state.watch.fired or "timed out" in str(problem):
        words = f"{host} did not answer within {state.seconds:g} seconds"
    else:
        words = f"the connection to {host} failed ({type(problem).__name__}: {problem})"[:300]
    return Cut(words) if state.sent else NotSent(words)
