"""One exchange over the wire: how long it may take, how much it may hold, and whether anything was sent."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.core.http import Cut, Door, NotSent
from tests import network
from tests.connectors.loopback import Vendor, vendor
from tests.core.raw import nobody_listens, post, raw, shut

FAST = 0.4  # seconds that a call of these tests may take


@pytest.fixture
def there() -> Iterator[Vendor]:
    with vendor(lambda asked: (200, {"path": asked.path})) as served:
        yield served


# --- time and size ----------------------------------------------------------------------------------------------------


@contextmanager
def quick() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 4 * FAST


def dripping(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        client.sendall(b".")
        time.sleep(0.03)


def dripping_heads(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(100):
        client.sendall(f"X-{n}: .\r\n".encode())
        time.sleep(0.03)


def dripping_until_closed(client: socket.socket) -> None:
    """Without a length, an answer that we cut ourselves would look whole."""
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
    for _ in range(100):
        client.sendall(b" ")
        time.sleep(0.03)


def hanging(client: socket.socket) -> None:
    while client.recv(65536):
        pass


def flood(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        client.sendall(b" " * 65536)


def flood_in_pieces(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        client.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


def half(client: socket.socket) -> None:
    client.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": 1')


def no_http(client: socket.socket) -> None:
    client.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def endless_head(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")


def many_heads(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 500 + b"\r\n")


@pytest.mark.parametrize("bad", [dripping, dripping_heads, dripping_until_closed, hanging])
def test_a_call_takes_no_longer_than_it_may(bad: Callable[[socket.socket], None]) -> None:
    with raw(bad) as served, quick():
        door = served.door(seconds=FAST)
        with pytest.raises(Cut, match=r"did not answer within 0\.4 seconds"):
            post(door)
        assert isinstance(door.failure, Cut)


@pytest.mark.parametrize("bad", [flood, flood_in_pieces])
def test_an_answer_without_end_is_cut_at_the_cap(bad: Callable[[socket.socket], None]) -> None:
    with raw(bad) as served, pytest.raises(Cut, match="larger than 512 KiB"):
        post(served.door(seconds=10, cap=512 * 1024))


@pytest.mark.parametrize("bad", [shut, half, no_http, endless_head, many_heads])
def test_an_answer_that_breaks_off_is_cut(bad: Callable[[socket.socket], None]) -> None:
    with raw(bad) as served:
        door = served.door(seconds=2)
        with pytest.raises(Cut):
            post(door)
        assert isinstance(door.failure, Cut)
        assert door.last is None


def test_compressed_answers_are_not_asked_for(there: Vendor) -> None:
    there.door().session.get(there.url, headers={"Accept-Encoding": "gzip, br"})
    assert there.asked[0].headers["accept-encoding"] == "identity"


# --- nothing was sent -------------------------------------------------------------------------------------------------


def test_where_nobody_listens_nothing_was_sent() -> None:
    door = Door({"api": nobody_listens()}, seconds=2, public_only=False)
    with pytest.raises(NotSent):
        post(door)
    assert isinstance(door.failure, NotSent)


def test_a_name_that_does_not_exist_was_not_sent_to() -> None:
    with pytest.raises(NotSent):
        post(Door({"api": "https://nowhere.invalid"}, seconds=2))


def test_a_failed_handshake_was_not_sent(there: Vendor) -> None:
    door = Door({"api": there.url.replace("http:", "https:")}, seconds=2, public_only=False)
    with pytest.raises(NotSent):
        post(door)
    assert there.asked == []


def test_a_handshake_that_hangs_is_over_in_time() -> None:
    with raw(hanging, talk=False) as served, quick():
        door = Door({"api": served.url.replace("http:", "https:")}, seconds=FAST, public_only=False)
        with pytest.raises(NotSent):
            post(door)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_typed_host_may_not_be_inside(there: Vendor, host: str) -> None:
    port = there.url.rsplit(":", 1)[1]
    door = Door({"api": f"http://{host}:{port}"}, seconds=2, public_only=True)
    with pytest.raises(NotSent):
        post(door)
    assert there.asked == []


def test_a_connection_that_was_allowed_is_not_lent_to_one_that_is_not(there: Vendor) -> None:
    assert post(there.door())
    with pytest.raises(NotSent, match="not a public address"):
        post(Door({"api": there.url}, seconds=2, public_only=True))
    assert len(there.asked) == 1


def test_a_name_that_leads_inside_the_second_time_is_not_asked_twice(
    there: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what was judged is what is connected to."""
    port, asked = int(there.url.rpartition(":")[2]), []

    def answer(name: str, *args: Any, **more: Any) -> list[Any]:
        asked.append(name)
        leads_to = "1.1.1.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (leads_to, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(NotSent):
        post(Door({"api": f"http://crm.example:{port}"}, seconds=2, public_only=True))
    assert asked == ["crm.example"]
    assert network.attempts == [f"1.1.1.1:{port}"]
    network.attempts.clear()  # the test meant it
    assert there.asked == []


# --- headers ----------------------------------------------------------------------------------------------------------


def twice(client: socket.socket) -> None:
    head = b"HTTP/1.1 200 OK\r\nLink: <https://a.example/1>; rel=one\r\nlink: <https://a.example/2>; rel=two\r\n"
    client.sendall(head + b"Content-Length: 2\r\n\r\n{}")


def test_a_header_that_comes_twice_is_heard_twice() -> None:
    with raw(twice) as served:
        answer = served.door().session.get(served.url)
    assert {link["rel"] for link in answer.links.values()} == {"one", "two"}
