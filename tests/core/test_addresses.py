"""Which addresses a host that somebody typed may lead to: our own table, also where Python's `is_global` says otherwise."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from app.core.addresses import NotPublic, is_public, resolve

CLOSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",  # where clouds hand out credentials
    "168.63.129.16",  # where a cloud configures its machines
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # 127.0.0.1 in the oldest of coats
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",  # 10.0.0.1 behind NAT64
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",  # 127.0.0.1 through 6to4
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]
OPEN = ["1.1.1.1", "9.255.255.255", "100.63.255.255", "172.32.0.1", "192.169.0.1", "223.255.255.255"]
OPEN += ["2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888"]


@pytest.mark.parametrize("address", CLOSED)
def test_closed(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_open(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", CLOSED)
def test_a_typed_host_is_looked_up_and_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_to(monkeypatch, address.partition("%")[0])
    with pytest.raises(NotPublic, match="is not a public address"):
        resolve("crm.example", 443, public_only=True)


def test_one_closed_address_among_many_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    lead_to(monkeypatch, "1.1.1.1", "2606:4700::1111", "10.0.0.1")
    with pytest.raises(NotPublic):
        resolve("crm.example", 443, public_only=True)


def test_public_addresses_are_given_back_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    lead_to(monkeypatch, "1.1.1.1", "1.1.1.1", "2606:4700::1111")
    wanted = [(socket.AF_INET, "1.1.1.1"), (socket.AF_INET6, "2606:4700::1111")]
    assert resolve("crm.example", 443, public_only=True) == wanted


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::1"])
def test_other_spellings_of_this_machine(spelling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the C library reads as an address is judged by the address."""
    try:
        packed = [socket.inet_aton(spelling)] if ":" not in spelling else []
    except OSError:
        pytest.skip(f"THIS C LIBRARY DOES NOT READ {spelling}")
    lead_to(monkeypatch, str(ipaddress.ip_address(packed[0])) if packed else spelling)
    with pytest.raises(NotPublic):
        resolve(spelling, 443, public_only=True)


def test_whoever_runs_the_hub_may_reach_inside() -> None:
    assert resolve("127.0.0.1", 80, public_only=False) == [(socket.AF_INET, "127.0.0.1")]


def lead_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """A name server for one test."""
    family = {4: socket.AF_INET, 6: socket.AF_INET6}
    found = [(family[ipaddress.ip_address(a).version], socket.SOCK_STREAM, 6, "", (a, 443)) for a in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: found)
