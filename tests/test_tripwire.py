"""The tripwire itself: it goes off for whoever goes round the door, and stays silent for everybody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import urllib3

from tests import tripwire
from tests.connectors.loopback import Vendor, vendor


@pytest.fixture
def there() -> Iterator[Vendor]:
    with vendor(lambda asked: (200, {})) as served:
        yield served


def astray() -> list[str]:
    """What it has noticed; the test is not blamed for it."""
    found, tripwire.astray[:] = list(tripwire.astray), []
    return found


def in_file(name: str, code: str, **given: Any) -> Callable[[], None]:
    """Code as if it stood in that file of the project."""
    ready = compile(code, str(tripwire._ROOT / name), "exec")
    return lambda: exec(ready, given)


@pytest.mark.parametrize("place", ["connectors/odd.py", "connectors/odd/_client.py", "app/core/odd.py"])
@pytest.mark.parametrize(
    "way",
    [
        "requests.get(url)",
        "urllib3.request('GET', url)",
        "__import__('urllib.request').request.urlopen(url).close()",
        "__import__('httpx').get(url)",
        "__import__('socket').create_connection(('127.0.0.1', int(url.rpartition(':')[2]))).close()",
    ],
)
def test_who_goes_round_the_door_is_noticed(there: Vendor, place: str, way: str) -> None:
    in_file(place, way, requests=requests, urllib3=urllib3, url=there.url)()
    assert [one for one in astray() if place in one]


def test_a_name_that_is_only_looked_up_is_noticed(there: Vendor) -> None:
    code = "import socket\nwith suppress(OSError): socket.getaddrinfo('localhost', 80)"
    in_file("connectors/odd.py", code, suppress=suppress)()
    assert "socket.getaddrinfo localhost" in astray()[0]


def test_an_sdk_in_a_thread_of_its_own_is_noticed(there: Vendor) -> None:
    thread = threading.Thread(target=requests.get, args=(there.url,))
    thread.start()
    thread.join()
    assert astray()


def test_the_door_and_the_tests_themselves_are_not(there: Vendor) -> None:
    requests.get(there.url, timeout=5)
    door = there.door()
    in_file(
        "connectors/odd.py",
        "door.session.get(url); door.httpx().get(url); door.httpx2().get(url)",
        door=door,
        url=there.url,
    )()
    assert astray() == []
    assert len(there.asked) == 4
