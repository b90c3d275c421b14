"""Mail's own way through the one door: one exchange is one session with a mail server over a socket of ours.

The same promises as for HTTP: the addresses that `core.addresses` allows, TLS that is never done without, all of it within the
seconds and bytes that are given, and knowing whether anything was sent. An address begins with "imaps", "smtps" (TLS at once),
"imap" or "smtp" (STARTTLS, RFC 3501 and 3207). Whoever runs the hub may also name a web address that answers an Upgrade (RFC
9110, 7.8) with the protocol asked for: the practice mailbox does.

What comes back looks like an answer of HTTP: 2xx for yes; `stage` in its headers says where a no came from.
"""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from app.core import mail_imap, mail_smtp
from app.core.addresses import NotPublic, resolve
from app.core.watchdog import Watch, watchdog
from app.core.wire import Answer, Cut, NotSent, set_options

PORTS = (25, 143, 465, 587, 993, 2525)
_USUAL = {"imaps": 993, "imap": 143, "smtps": 465, "smtp": 587}


@dataclass
class Session:
    """One session with a mail server: its open socket, and what is asked of it.

    `sent`: something that changes the mailbox, or that may be a mail to somebody, has begun to leave.
    """

    base: SplitResult
    path: str  # with the query
    login: Mapping[str, str]  # "user", and "password" or an access token ("token")
    body: bytes
    watch: Watch
    seconds: float
    cap: int
    sock: socket.socket
    sent: bool = False

    @property
    def host(self) -> str:
        return self.base.hostname or ""

    @property
    def starts_tls(self) -> bool:
        """The server begins without TLS and must change over before anything is said."""
        return self.base.scheme in ("imap", "smtp")

    def proof(self) -> str:
        """What XOAUTH2 says: who it is, and the token of a sign-in.
        https://developers.google.com/workspace/gmail/imap/xoauth2-protocol , the same at Microsoft. Raises ValueError for what
        would say more than that."""
        user, token = self.login["user"], self.login["token"]
        if not (user + token).isascii() or any(ord(c) < 32 for c in user + token):
            raise ValueError("a name or token that mail servers cannot take")
        return f"user={user}\1auth=Bearer {token}\1\1"

    def hold(self, sock: socket.socket) -> None:
        """The socket that is used from now on."""
        self.sock = sock
        self.watch.hold(sock)


def exchange(
    protocol: str,
    base: str,
    method: str,
    path: str,
    login: Mapping[str, str],
    body: bytes,
    *,
    seconds: float,
    cap: int,
    public_only: bool,
) -> Answer:
    """`protocol` is "imap" or "smtp". Raises NotSent while surely nothing was changed or sent, else Cut."""
    watch, where = watchdog.watch(seconds), urlsplit(base)
    session = None
    try:
        sock = _reach(where, protocol, watch, seconds, public_only)
        session = Session(where, path, login, body, watch, seconds, cap, sock)
        return (mail_imap.talk if protocol == "imap" else mail_smtp.talk)(session, method)
    except NotPublic as problem:
        raise NotSent(str(problem)) from problem
    except (OSError, ValueError, EOFError, imaplib.IMAP4.error, smtplib.SMTPException) as problem:
        raise _explain(session, watch, where.hostname or "", seconds, problem) from problem
    finally:
        watchdog.done(watch)
        if session is not None:
            session.sock.close()


def _explain(session: Session | None, watch: Watch, host: str, seconds: float, problem: Exception) -> Exception:
    if watch.fired or "timed out" in str(problem):
        words = f"{host} did not answer within {seconds:g} seconds"
    else:
        words = f"the connection to {host} failed ({type(problem).__name__}: {problem})"[:300]
    return Cut(words) if session is not None and session.sent else NotSent(words)


def _reach(where: SplitResult, protocol: str, watch: Watch, seconds: float, public_only: bool) -> socket.socket:
    if where.scheme in _USUAL:
        port = where.port or _USUAL[where.scheme]
        if public_only and port not in PORTS:
            raise OSError(f"{port} is no port for mail; those are {', '.join(map(str, PORTS))}")
        sock = _connected(where.hostname or "", port, watch, seconds, public_only)
        return _secure(sock, where.hostname or "", watch) if where.scheme.endswith("s") else sock
    if where.scheme != "http" or public_only:
        raise OSError(f"{where.scheme} is no way to a mail server")
    sock = _connected(where.hostname or "", where.port or 80, watch, seconds, public_only)
    try:
        _upgrade(sock, where, protocol)
    except BaseException:
        sock.close()
        raise
    return sock


def _secure(sock: socket.socket, host: str, watch: Watch) -> socket.socket:
    """Certificates are checked, always."""
    try:
        secure = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise
    watch.hold(secure)
    return secure


def _connected(host: str, port: int, watch: Watch, seconds: float, public_only: bool) -> socket.socket:
    error: OSError | None = None
    for family, address in resolve(host, port, public_only=public_only)[:3]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        set_options(sock, seconds)
        watch.hold(sock)
        try:
            sock.connect((address, port))
        except OSError as problem:
            error = problem
            sock.close()
            continue
        sock.settimeout(seconds)
        return sock
    raise error or OSError(f"{host} has no address")


def _upgrade(sock: socket.socket, where: SplitResult, protocol: str) -> None:
    """Reads byte by byte up to the end of the answer's head: what follows belongs to the protocol."""
    asked = f"GET {where.path}/{protocol} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n"
    sock.sendall(asked.encode("ascii"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte or len(head) > 8192:
            raise OSError("the address does not speak mail")
        head += byte
    if b" 101 " not in head.split(b"\r\n", 1)[0]:
        raise OSError("the address does not speak mail")
