"""The door out: where it leads, which bytes it lets through and how often, and what SDKs see of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import requests

from app.core.http import Door, ForbiddenHost, Request, SomethingElse
from tests.connectors.loopback import Vendor, vendor
from tests.core.raw import nobody_listens, post, raw, shut


@pytest.fixture
def there() -> Iterator[Vendor]:
    with vendor(lambda asked: (200, {"path": asked.path})) as served:
        yield served


# --- where to -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example@evil.example/x",
        "https://api.example.evil.example/x",
        "https://evil.example/https://api.example",
        "http://api.example/v1/x",
        "https://api.example:8443/v1/x",
        "https://api.example/v2/x",
        "https://api.example/v10/x",
        "https://api.example/",
    ],
)
@pytest.mark.parametrize("client", ["requests", "httpx", "httpx2"])
def test_a_foreign_address_is_refused(address: str, client: str) -> None:
    door = Door({"api": "https://api.example/v1/"}, seconds=2)
    session = door.session if client == "requests" else getattr(door, client)()
    with pytest.raises(ForbiddenHost):
        session.get(address)
    assert door.calls == 0


ANYWHERE = {"api": "https://api.shelf.example/v2", "files": "https://*.shelf.example"}


@pytest.mark.parametrize(
    ("address", "lies_there"),
    [
        ("https://files.shelf.example/a?b=c", True),
        ("https://EU.Files.shelf.example/", True),
        ("https://api.shelf.example/v2/a", True),
        ("https://shelf.example/", False),
        ("https://notshelf.example/", False),
        ("https://shelf.example.elsewhere.example/", False),
        ("http://files.shelf.example/", False),
        ("https://files.shelf.example:8443/", False),
        ("https://ann@files.shelf.example/", False),
        ("https://elsewhere.example\\@files.shelf.example/", False),
        ("https://elsewhere.example\t.shelf.example/", False),
        ("https://elsewhere.example#.shelf.example/", False),
        ("https://elsewhere.example?.shelf.example/", False),
        ("https://%65lsewhere.shelf.example/", False),
        ("https://[::1].shelf.example/", False),
        ("https://[", False),
        ("//files.shelf.example/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_any_host_below_one_is_reached_where_a_connector_says_so_and_no_other(address: str, lies_there: bool) -> None:
    assert Door(ANYWHERE).reaches(address) is lies_there
    assert not Door({"api": "https://api.shelf.example/v2"}).reaches("https://api.shelf.example/v1")


def test_what_is_not_reached_is_not_asked_either() -> None:
    with pytest.raises(ForbiddenHost):
        Door(ANYWHERE).session.get("https://shelf.example.elsewhere.example/")


def test_a_redirect_is_not_followed() -> None:
    def answer(client: socket.socket) -> None:
        client.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/inside\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )

    with raw(answer) as served:
        door = served.door()
        assert door.session.get(door.url() + "/a").status_code == 302
        assert door.httpx().get(door.url() + "/a").status_code == 302
        assert door.calls == 2
        assert len(served.heads) == 2


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.mark.parametrize("client", ["requests", "httpx", "httpx2"])
def test_proxies_and_netrc_of_the_environment_are_not_used(
    there: Vendor, monkeypatch: pytest.MonkeyPatch, client: str, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login thief password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in PROXIES:
        monkeypatch.setenv(name, nobody_listens())
    door = there.door()
    session = door.session if client == "requests" else getattr(door, client)()
    assert session.get(there.url + "/x").json() == {"path": "/x"}
    assert "authorization" not in there.asked[0].headers


# --- writes: drawn first, let out once ----------------------------------------------------------------------------------


def test_a_drawn_write_is_not_sent(there: Vendor) -> None:
    door = there.door("/v1")
    request = door.draw(lambda: post(door, "/things?x=1"))
    assert there.asked == []
    assert (request.method, request.path, request.body) == ("POST", "/things?x=1", b'{"a": 1}')
    assert Request.from_json(request.to_json()) == request
    with door.sending(request):
        post(door, "/things?x=1")
    assert there.paths() == ["/v1/things?x=1"]
    assert there.asked[0].body == request.body


OTHER: list[dict[str, Any]] = [{"path": "/others"}, {"body": {"a": 2}}]


@pytest.mark.parametrize("other", OTHER)
def test_other_bytes_stay_in(there: Vendor, other: dict[str, Any]) -> None:
    door = there.door()
    request = door.draw(lambda: post(door))
    with door.sending(request), pytest.raises(SomethingElse):
        post(door, **other)
    changed = replace(request, content_type="text/plain")
    with door.sending(changed), pytest.raises(SomethingElse):
        post(door)
    assert there.asked == []


def test_only_once(there: Vendor) -> None:
    door = there.door()
    request = door.draw(lambda: post(door))
    with door.sending(request):
        post(door)
        with pytest.raises(SomethingElse):
            post(door)
    assert len(there.asked) == 1


def test_an_action_that_sends_nothing_is_no_write(there: Vendor) -> None:
    with pytest.raises(SomethingElse, match="sent nothing"):
        there.door().draw(lambda: None)


def test_bytes_that_are_no_text_are_kept_whole() -> None:
    request = Request("PUT", "/a", b"\xff\x00\xfe", "application/octet-stream")
    assert Request.from_json(request.to_json()) == request
    assert request.sha256 != replace(request, body=b"\xff\x00\xff").sha256


def test_streams_are_refused(there: Vendor) -> None:
    with pytest.raises(TypeError, match="must be bytes"):
        there.door().session.post(there.url, data=iter([b"a", b"b"]))


def test_a_permit_is_asked_for_each_request_and_may_say_no(there: Vendor) -> None:
    class No(Exception):
        pass

    def refuse() -> None:
        raise No

    door, asked = there.door(), []
    door.permit = lambda: asked.append(1)
    for _ in range(3):
        post(door)
    assert len(asked) == 3
    door.permit = refuse
    with pytest.raises(No):
        post(door)
    assert isinstance(door.stopped, No)
    assert len(there.asked) == 3


# --- what vendors' SDKs see ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_sdks_get_their_own_clients_errors(name: str) -> None:
    module = __import__(name)
    with raw(shut) as served:
        with pytest.raises(module.ReadTimeout):
            getattr(served.door(), name)().get(served.url)
        with pytest.raises(module.ConnectError):
            getattr(Door({"api": (gone := nobody_listens())}, public_only=False), name)().get(gone)


def test_a_cookie_is_not_kept(there: Vendor) -> None:
    def answer(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")

    with raw(answer) as served:
        door = served.door()
        for _ in range(2):
            door.session.get(served.url)
        assert b"cookie" not in b"".join(served.heads).lower()


def test_a_refused_answer_is_an_answer(there: Vendor) -> None:
    with vendor(lambda asked: (422, {"message": "no"})) as no:
        door = no.door()
        with pytest.raises(requests.HTTPError):
            door.session.get(no.url).raise_for_status()
        with pytest.raises(httpx.HTTPStatusError):
            door.httpx().get(no.url).raise_for_status()
        assert door.last is not None
        assert (door.last.status, door.failure) == (422, None)
