"""The test of a connection's public address: a signed message goes through it as a vendor's would, and what is wrong is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests

from app.core import connections, reach
from tests.web.conftest import Site

Answering = Callable[[BaseHTTPRequestHandler, bytes], None]


def hook(site: Site) -> str:
    made = connections.create(site.hub, "zoom", {}, hook_secret="s" * 20, check_first=False)
    return str(made["id"])


def test_a_message_comes_through_a_proxy(served: Site) -> None:
    """127.0.0.2 stands for a public address: it leads to the proxy in front of the hub."""
    address = connections.get(served.hub, hook(served))["hook_address"]

    def pass_on(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "host"}
        there = served.hub.settings.address + handler.path
        answer = requests.post(there, data=body, headers=headers, timeout=10)
        _say(answer.status_code, answer.content)(handler, body)

    with stranger(pass_on, "127.0.0.2") as proxy:
        found = reach.test(served.hub, proxy + urlsplit(address).path)
        assert found.ok, found.words
        assert f"came through {proxy}" in found.words
        assert not reach.test(served.hub, f"{proxy}/hooks/zoom/another-key").ok


def test_this_machine_alone_is_not_enough(served: Site) -> None:
    found = reach.test(served.hub, connections.get(served.hub, hook(served))["hook_address"])
    assert (found.ok, "works on this machine, but vendors cannot reach it" in found.words) == (False, True)


def test_the_button_says_what_is_wrong(served: Site) -> None:
    served.add("owner")
    visitor, mine = served.visitor("owner"), hook(served)
    assert "Test the address" in visitor.get(f"/connections/{mine}").text
    answer = visitor.post(f"/connections/{mine}/reach")
    assert answer.status_code == 422
    assert "set PATCHBAY_PUBLIC_URL to a public https address" in answer.text
    assert connections.get(served.hub, mine)["last_event_at"] is None  # nothing was stored
    viewer = served.visitor("viewer")
    assert "Test the address" not in viewer.get(f"/connections/{mine}").text
    assert viewer.post(f"/connections/{mine}/reach").status_code == 404


@contextmanager
def stranger(answer: Answering, host: str = "127.0.0.1") -> Iterator[str]:
    """Another program at the address; it hands the body to `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, format: str, *args: object) -> None:
            """Tests print enough."""

    server = ThreadingHTTPServer((host, 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://{host}:{server.server_port}"
    server.shutdown()
    server.server_close()


def _say(status: int, body: bytes = b"", **headers: str) -> Answering:
    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_say(200, b'{"reached": "somebody else"}'), "Something else than this hub answered"),
        (_say(404, b"<html>"), "Something else than this hub answered"),
        (_say(413), "refuses messages of 64 KB"),
        (_say(308, Location="https://elsewhere.example/"), "sends callers elsewhere (308)"),
    ],
)
def test_another_program_at_the_address_is_noticed(site: Site, answer: Answering, says: str) -> None:
    with stranger(answer) as address:
        found = reach.test(site.hub, f"{address}/hooks/zoom/key")
    assert not found.ok
    assert says in found.words


def test_an_address_where_nobody_answers_is_told(site: Site, free_port: int) -> None:
    found = reach.test(site.hub, f"http://127.0.0.1:{free_port}/hooks/zoom/key")
    assert (found.ok, "cannot be reached" in found.words) == (False, True)


@pytest.mark.parametrize("seal", ["", "00", "é"])
def test_nobody_else_can_make_such_a_message(served: Site, seal: str) -> None:
    address = connections.get(served.hub, hook(served))["hook_address"]
    path = address.removeprefix(served.hub.settings.address)
    client = served.app.test_client()
    answer = client.post(path, data=b"{}", headers={reach.HEADER: seal}, content_type="application/json")
    assert (answer.status_code, answer.json) == (400, {"error": "signature"})
