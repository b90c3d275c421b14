"""At which addresses a vendor is called: its own, a stand-in's, or one that somebody chose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from app.core.hub import Hub
from connectors.contract import Connector

FROM_ENVIRONMENT = "environment-openai"  # the connection that OPENAI_API_KEY makes


def addresses(
    hub: Hub, connector: Connector, credentials: Mapping[str, str], connection_id: str, practice: bool
) -> tuple[dict[str, str], bool]:
    """(host name → base address, whether only public addresses may be called).

    Whoever runs the hub may point a vendor anywhere (PATCHBAY_<SLUG>_URL, OPENAI_BASE_URL); a person who types an address
    into a page may not reach inside the network.
    """
    override = hub.settings.vendor_urls.get(connector.slug)
    if practice:
        base = hub.settings.vendor_urls.get("practice") or f"{hub.settings.loopback}/practice"
        return dict.fromkeys(connector.hosts, f"{base}/{connector.slug}"), False
    typed = credentials.get(connector.typed_host, "") if connector.typed_host else ""
    if connection_id == FROM_ENVIRONMENT and typed:
        return dict.fromkeys(connector.hosts, typed), False
    if override:
        return dict.fromkeys(connector.hosts, override.removesuffix("/v1").removesuffix("/v2")), False
    if connector.typed_hosts is not None and credentials:
        return dict(connector.typed_hosts(credentials)), True
    if typed:
        if not typed.startswith("https://"):
            instead = " For a model on this machine set OPENAI_BASE_URL instead" if connector.slug == "openai" else ""
            raise ValueError(f"The address {typed} must begin with https://{'.' if instead else ''}{instead}")
        return dict.fromkeys(connector.hosts, typed), True
    return dict(connector.hosts), True


def stays(
    connector: Connector, stored: Mapping[str, str], values: Mapping[str, str], typed_anew: Collection[str]
) -> None:
    """A saved secret goes to the server that it was saved for. Raises ValueError where somebody entered another one and did not
    type the secret again: who may change a connection need not know what is saved in it."""
    # One that the hub makes is signed with and never sent, and nobody knows it who could type it.
    secret = [f for f in connector.auth.fields if f.secret and not f.makes and f.name not in typed_anew]
    kept = [f.label for f in secret if values.get(f.name) and values[f.name] == stored.get(f.name)]
    if kept and _servers(connector, values) != _servers(connector, stored):
        raise ValueError(f"You entered another server, so please type this again: {', '.join(kept)}")


def _servers(connector: Connector, credentials: Mapping[str, str]) -> list[tuple[str, str]]:
    """(scheme, host and port) of the addresses that a person typed."""
    bases = [credentials.get(connector.typed_host, "")] if connector.typed_host else []
    if connector.typed_hosts is not None:
        bases = list(connector.typed_hosts(credentials).values())
    return [(parts.scheme, parts.netloc.lower()) for parts in map(urlsplit, bases)]
