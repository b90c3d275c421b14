"""Mail through the one door: TLS that is never done without, public addresses, time, size, and knowing what was sent."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core import mailbox_names
from app.core.http import Cut, Door, NotSent, SomethingElse
from tests.core.raw import nobody_listens

LOGIN = {"user": "me@example.org", "password": "s3cret"}
MAIL = b"Subject: Hi\r\n\r\nHi\r\n"
SEND = "/?from=me%40example.org&to=ann%40example.org"
Talk = Callable[[socket.socket], None]


@contextmanager
def server(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on loopback that talks to each client as `talk` says; with `context` it speaks TLS at once."""
    listening = socket.create_server(("127.0.0.1", 0))

    def each() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                with contextlib.suppress(OSError), client:
                    client.settimeout(5)
                    if context is None:
                        talk(client)
                        continue
                    with context.wrap_socket(client, server_side=True) as secure:
                        talk(secure)

    thread = threading.Thread(target=each, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def script(*lines: tuple[bytes, bytes]) -> Talk:
    """(what the client's line begins with, what is answered), in order; the first line is the greeting."""

    def talk(client: socket.socket) -> None:
        with client.makefile("rb") as heard:
            for begin, answer in lines:
                line = heard.readline() if begin else b""
                assert line.startswith(begin), line
                if answer:
                    client.sendall(answer)

    return talk


def door(scheme: str, port: int, *, seconds: float = 3, public_only: bool = False, cap: int = 8 << 20) -> Door:
    protocol = "imap" if scheme.startswith("imap") else "smtp"
    base = f"{scheme}://127.0.0.1:{port}"
    return Door({protocol: base}, seconds=seconds, public_only=public_only, cap=cap)


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that this machine trusts while the test runs."""
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a mail server")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


ACCEPTS = (
    (b"", b"220 hello\r\n"),
    (b"ehlo", b"250-hello\r\n250 AUTH PLAIN\r\n"),
    (b"AUTH PLAIN", b"235 in\r\n"),
)
SENDS = (
    *ACCEPTS,
    (b"mail FROM:<me@example.org>", b"250 ok\r\n"),
    (b"rcpt TO:<ann@example.org>", b"250 ok\r\n"),
    (b"DATA", b"354 go\r\n"),
    (b"Subject: Hi", b""),
    (b"\r\n", b""),
    (b"Hi", b""),
    (b".", b"250 taken\r\n"),
    (b"quit", b"221 bye\r\n"),
)


def test_tls_from_the_first_byte(trusted: ssl.SSLContext) -> None:
    with server(script(*SENDS), trusted) as port:
        answer = door("smtps", port).mail("smtp", "SEND", SEND, LOGIN, MAIL)
    assert (answer.status, answer.headers["stage"]) == (250, "done")


@pytest.mark.parametrize("scheme", ["smtps", "imaps"])
def test_a_certificate_that_nobody_vouches_for_is_not_taken(tmp_path: Path, scheme: str) -> None:
    context, _ = certificate(tmp_path)
    with server(script(*SENDS), context) as port, pytest.raises(NotSent, match="certificate verify failed"):
        door(scheme, port).mail(scheme[:4], "VERIFY", "/", LOGIN)


def test_after_starttls_everything_is_said_anew(trusted: ssl.SSLContext) -> None:
    def talk(client: socket.socket) -> None:
        script((b"", b"220 hello\r\n"), (b"ehlo", b"250-hello\r\n250 STARTTLS\r\n"), (b"STARTTLS", b"220 go\r\n"))(
            client
        )
        with trusted.wrap_socket(client, server_side=True) as secure:
            script(*SENDS[1:])(secure)

    with server(talk) as port:
        assert door("smtp", port).mail("smtp", "SEND", SEND, LOGIN, MAIL).status == 250


@pytest.mark.parametrize(
    ("scheme", "talk", "status"),
    [
        (
            "smtp",
            script((b"", b"220 hello\r\n"), (b"ehlo", b"250-hello\r\n250 AUTH PLAIN\r\n"), (b"quit", b"221\r\n")),
            530,
        ),
        ("imap", script((b"", b"* OK hello\r\n"), (b"", b"")), 501),
    ],
    ids=["smtp", "imap"],
)
def test_no_password_is_said_without_tls(scheme: str, talk: Talk, status: int) -> None:
    """A middleman who takes STARTTLS away gets nothing."""
    heard: list[bytes] = []

    def listening(client: socket.socket) -> None:
        if scheme == "imap":
            client.sendall(b"* OK hello\r\n")
            tag = client.recv(100).split()[0]
            client.sendall(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n")
            heard.append(client.recv(1000))
        else:
            talk(client)

    with server(listening) as port:
        answer = door(scheme, port).mail(scheme, "VERIFY", "/", LOGIN)
    assert (answer.status, answer.headers["stage"]) == (status, "tls")
    assert b"LOGIN" not in b"".join(heard)


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5", "[::1]", "169.254.169.254", "localhost"])
def test_a_typed_server_inside_the_network_is_not_reached(host: str) -> None:
    inside = Door({"imap": f"imaps://{host}:993"}, seconds=2)
    with pytest.raises(NotSent, match="not a public address"):
        inside.mail("imap", "VERIFY", "/", LOGIN)


@pytest.mark.parametrize(
    ("base", "says"), [("imaps://127.0.0.1:22", "no port for mail"), ("http://127.0.0.1", "no way to")]
)
def test_only_mail_is_spoken_there(base: str, says: str) -> None:
    with pytest.raises(NotSent, match=says):
        Door({"imap": base}, seconds=2).mail("imap", "VERIFY", "/", LOGIN)


def test_a_web_address_that_speaks_no_mail_is_told() -> None:
    with server(script((b"", b""), (b"GET /imap HTTP/1.1", b"HTTP/1.1 404 Not Found\r\n\r\n"))) as port:
        closed = Door({"imap": f"http://127.0.0.1:{port}"}, seconds=2, public_only=False)
        with pytest.raises(NotSent, match="does not speak mail"):
            closed.mail("imap", "VERIFY", "/", LOGIN)


# --- what was sent ----------------------------------------------------------------------------------------------------

IN = [*ACCEPTS, (b"mail", b"250 ok\r\n"), (b"rcpt", b"250 ok\r\n")]


def practised(*lines: tuple[bytes, bytes]) -> Talk:
    """The same behind an Upgrade, so that nothing but the session is looked at."""

    def talk(client: socket.socket) -> None:
        while not client.recv(1000).endswith(b"\r\n\r\n"):
            pass
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        script(*lines)(client)

    return talk


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], NotSent),
        ([(b"", b"220 hello\r\n")], NotSent),
        (ACCEPTS[:2], NotSent),
        (ACCEPTS, NotSent),
        ([*IN], NotSent),
        ([*IN, (b"DATA", b"354 go\r\n")], Cut),
        ([*IN, (b"DATA", b"354 go\r\n"), (b"Subject", b""), (b"\r\n", b""), (b"Hi", b""), (b".", b"what\r\n")], Cut),
    ],
    ids=["nothing", "greeting", "ehlo", "login", "recipients", "content", "rubbish"],
)
def test_where_a_connection_ends_says_what_may_have_arrived(
    lines: list[tuple[bytes, bytes]], problem: type[Exception]
) -> None:
    with server(practised(*lines)) as port:
        there = Door({"smtp": f"http://127.0.0.1:{port}"}, seconds=3, public_only=False)
        with pytest.raises(problem):
            there.mail("smtp", "SEND", SEND, LOGIN, MAIL)
        assert isinstance(there.failure, problem)


def test_nobody_there_is_not_sent() -> None:
    with pytest.raises(NotSent):
        door("smtps", int(nobody_listens().rpartition(":")[2])).mail("smtp", "SEND", SEND, LOGIN, MAIL)


def test_a_mail_is_drawn_first_and_only_that_one_leaves() -> None:
    closed = Door({"smtp": "smtps://mail.example"}, seconds=1)
    drawn = closed.draw(lambda: closed.mail("smtp", "SEND", SEND, LOGIN, MAIL))
    assert (drawn.method, drawn.path, drawn.body, drawn.content_type) == ("SEND", SEND, MAIL, "message/rfc822")
    assert "s3cret" not in json.dumps(drawn.to_json())
    with closed.sending(drawn), pytest.raises(SomethingElse):
        closed.mail("smtp", "SEND", SEND, LOGIN, MAIL + b"more")


# --- time and size ----------------------------------------------------------------------------------------------------


def dripping(client: socket.socket) -> None:
    for _ in range(100):
        client.sendall(b"2")
        time.sleep(0.05)


@pytest.mark.parametrize("protocol", ["smtp", "imap"])
def test_an_answer_that_drips_ends_in_time(protocol: str) -> None:
    def talk(client: socket.socket) -> None:
        practised()(client)
        dripping(client)

    with server(talk) as port:
        there = Door({protocol: f"http://127.0.0.1:{port}"}, seconds=0.4, public_only=False)
        begun = time.monotonic()
        with pytest.raises(NotSent, match="did not answer within"):
            there.mail(protocol, "VERIFY", "/", LOGIN)
        assert time.monotonic() - begun < 3


def test_a_flood_is_cut() -> None:
    def talk(client: socket.socket) -> None:
        practised((b"", b"* OK hello\r\n"))(client)
        client.recv(100)
        client.sendall(b"* NO {100000000}\r\n" + b"x" * 100_000)

    with server(talk) as port:
        there = Door({"imap": f"http://127.0.0.1:{port}"}, seconds=3, public_only=False, cap=50_000)
        with pytest.raises(NotSent, match="says more than 48 KiB"):
            there.mail("imap", "VERIFY", "/", LOGIN)


def test_endless_lines_of_a_server_that_sends_are_cut() -> None:
    def talk(client: socket.socket) -> None:
        practised((b"", b"220 hello\r\n"))(client)
        client.recv(100)
        with contextlib.suppress(OSError):
            for _ in range(2000):
                client.sendall(b"250-" + b"x" * 1000 + b"\r\n")

    with server(talk) as port:
        there = Door({"smtp": f"http://127.0.0.1:{port}"}, seconds=5, public_only=False, cap=50_000)
        with pytest.raises(NotSent, match="says too much"):
            there.mail("smtp", "VERIFY", "/", LOGIN)


@pytest.mark.parametrize("folder", ["a%0D%0Ab", "%C3%BC", "a%00"])
def test_a_folder_cannot_end_the_line(folder: str) -> None:
    lines = [(b"", b"* OK [CAPABILITY IMAP4rev1] hello\r\n")]

    def talk(client: socket.socket) -> None:
        practised(*lines)(client)
        for _ in range(3):
            said = client.recv(1000)
            if not said:
                return
            tag = said.split()[0]
            client.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")

    with server(talk) as port:
        there = Door({"imap": f"http://127.0.0.1:{port}"}, seconds=3, public_only=False)
        with pytest.raises(NotSent, match="cannot take"):
            there.mail("imap", "SEARCH", f"/{folder}?after=1", LOGIN)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Entw&APw-rfe", "Entwürfe"),
        ("A&-B", "A&B"),
        ("INBOX", "INBOX"),
        ("&ZeVnLIqe-", "日本語"),
        ("&AA", "&AA"),
        ("&A-", "&A-"),
    ],
)
def test_names_of_folders_are_shown_as_people_gave_them(name: str, shown: str) -> None:
    assert mailbox_names.decoded(name) == shown
