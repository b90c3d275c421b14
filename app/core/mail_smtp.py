"""Handing a mail to a server (SMTP submission, RFC 6409), so that it is known at every step whether it was accepted.

`SEND /?from=…&to=…&to=…`: the body to all of the recipients or to none. `VERIFY /`: signs in and sends nothing.
The answer has the server's own code, and in `stage` where it was given: connect, tls, login, size, from, rcpt, data, or done.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from app.core.wire import Answer, Cut

if TYPE_CHECKING:
    from app.core.mail import Session

_GOODBYE = 2.0  # seconds for a QUIT that nothing depends on


def talk(session: Session, method: str) -> Answer:
    """Raises Cut where the answer to the mail itself was lost, smtplib's exceptions and OSError where one before it was."""
    server = _Server(session)
    try:
        answer = _signed_in(server, session)
        if answer is None:
            answer = _sent(server, session) if method == "SEND" else _answer(250, b"signed in", "done")
        with contextlib.suppress(
            smtplib.SMTPException, OSError, ValueError
        ):  # the mail is out, whatever becomes of this
            session.sock.settimeout(_GOODBYE)
            server.quit()
        return answer
    finally:
        server.close()


class _Lines:
    """What the server says: whole lines, and not more of them than `cap` bytes in all."""

    def __init__(self, file: BinaryIO, cap: int) -> None:
        self._file, self._left = file, cap

    def readline(self, most: int) -> bytes:
        line = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the server says too much")
        if line and not line.endswith(b"\n"):  # else "250" of a connection that ended would be a yes
            raise OSError("the connection ended in the middle of a line")
        return line

    def close(self) -> None:
        self._file.close()


class _Server(smtplib.SMTP):
    """Over a socket of ours, with a limit on what it says."""

    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__(local_hostname="localhost", timeout=session.seconds)
        self._host = session.host  # whose certificate STARTTLS asks for

    def _get_socket(self, host: Any, port: Any, timeout: Any) -> Any:
        return self._session.sock

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock.makefile("rb"), self._session.cap)
        return super().getreply()


def _no(code: int, said: bytes | str, stage: str) -> Answer:
    """Raises SMTPException for what is neither yes nor no."""
    if code < 400:
        raise smtplib.SMTPException(f"{code} is no answer to this")
    return _answer(code, said, stage)


def _answer(code: int, said: bytes | str, stage: str) -> Answer:
    text = said if isinstance(said, bytes) else said.encode()
    return Answer(code, {"stage": stage}, text[:2000])


def _signed_in(server: _Server, session: Session) -> Answer | None:
    """None, or the server's no."""
    code, said = server.connect(session.host, 1)  # the port is that of our socket
    if code != 220:
        return _no(code, said, "connect")
    code, said = server.ehlo()
    if not 200 <= code <= 299:
        return _no(code, said, "connect")
    if session.starts_tls:
        if not server.has_extn("starttls"):
            return _answer(530, "this server offers no TLS here", "tls")
        code, said = server.starttls(context=ssl.create_default_context())
        if code != 220:
            return _no(code, said, "tls")
        session.hold(server.sock)  # type: ignore[arg-type] # set by starttls
        server.ehlo()
    try:
        if "token" in session.login:
            _by_token(server, session)
        else:
            server.login(session.login["user"], session.login["password"])
    except smtplib.SMTPAuthenticationError as problem:
        return _answer(problem.smtp_code, problem.smtp_error, "login")
    except smtplib.SMTPNotSupportedError as problem:
        return _answer(504, str(problem), "login")
    return None


def _by_token(server: _Server, session: Session) -> None:
    """A token that is refused is answered with the reason (334); only after an empty line comes the server's no. Raises as
    `login` does."""
    if "XOAUTH2" not in server.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError("this server takes no sign-in")
    proof = session.proof()
    server.auth("XOAUTH2", lambda challenge=None: "" if challenge is not None else proof)


def _sent(server: _Server, session: Session) -> Answer:
    asked = parse_qs(urlsplit(session.path).query)
    size = server.esmtp_features.get("size", "")
    if size.isdigit() and 0 < int(size) < len(session.body):
        return _answer(552, f"this server takes {int(size) // 1024} KiB at most", "size")
    code, said = server.mail(asked["from"][0])
    if code != 250:
        return _no(code, said, "from")
    for address in asked["to"]:
        code, said = server.rcpt(address)
        if code not in (250, 251):
            server.rset()
            return _no(code, f"{address}: ".encode() + said, "rcpt")
    code, said = server.docmd("DATA")
    if code != 354:
        return _no(code, said, "data")
    return _content(server, session)


def _content(server: _Server, session: Session) -> Answer:
    """From the first byte on it may have been accepted, until the server says no."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", session.body)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    session.sent = True
    try:
        server.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, said = server.getreply()
    except (smtplib.SMTPException, OSError) as problem:
        late = session.watch.fired or "timed out" in str(problem)
        why = f"did not answer within {session.seconds:g} seconds" if late else "hung up before it answered"
        raise Cut(f"{session.host} {why}") from problem
    if code < 400 and code != 250:
        raise Cut(f"{session.host} answered something that is no SMTP")
    return _answer(code, said, "done" if code == 250 else "data")
