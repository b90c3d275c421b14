"""Which network addresses a typed-in host may lead to: public ones only, by our own list.

Python's `is_private` is not that list: 3.11 calls NAT64, 6to4 and several others global (RFC 6890, IANA special registries).
"""

from __future__ import annotations

import ipaddress
import socket

_CLOSED = [
    ipaddress.ip_network(n)
    for n in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public (Azure)
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ]
]


class NotPublic(ValueError):
    """The host leads to an address inside some network."""


def is_public(address: str) -> bool:
    """True when this IP address may be called for a host that a person typed."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return not any(ip.version == net.version and ip in net for net in _CLOSED)


def resolve(host: str, port: int, *, public_only: bool) -> list[tuple[int, str]]:
    """(family, address) of a host, looked up once. Raises OSError, or NotPublic when any address is closed to us."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys((int(family), str(where[0])) for family, _, _, _, where in found))
    if public_only and not all(is_public(address) for _, address in addresses):
        raise NotPublic(
            f"{host} is not a public address. Use the address that the internet knows, or ask whoever runs this hub"
        )
    return addresses
