"""At which addresses a vendor is called: its own, a stand-in's, or one that somebody chose."""

from __future__ import annotations

from collections.abc import Mapping

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
