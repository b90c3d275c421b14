"""Shuts the network for a test process: only this machine may be reached, and every attempt at more is remembered."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

attempts: list[str] = []

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def shut() -> None:
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = _guarded_getaddrinfo


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _refuse_outside(self, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _refuse_outside(self, address)
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, **more: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name and name.endswith((".invalid", ".test", ".example")):  # never in the DNS, so asking for them is harmless
        raise socket.gaierror(socket.EAI_NONAME, "this name does not exist")
    if name and name != "localhost" and not _address(name):
        attempts.append(f"the name {name}")
        raise socket.gaierror(socket.EAI_NONAME, "the network is shut in tests")
    return _getaddrinfo(host, *args, **more)


def _refuse_outside(self: socket.socket, address: Any) -> None:
    if self.family not in (socket.AF_INET, socket.AF_INET6):
        return
    found = _address(address[0])
    if address[0] != "localhost" and not (found and found.is_loopback):
        attempts.append(f"{address[0]}:{address[1]}")
        raise ConnectionRefusedError("the network is shut in tests")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
