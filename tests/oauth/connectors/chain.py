"""A chain of stores: one consent opens all of them; no PKCE, app proved in a JSON body, commas, answers without a lifetime."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import JSON, Account, ApiKey, Connector, Field, Http, OAuth2, Refused


class Chain:
    def __init__(self, credentials: Mapping[str, str], http: Http) -> None:
        self.base, self.session, self.store = http.url("api"), http.session, credentials.get("account", "")
        self.session.headers["Authorization"] = f"Bearer {credentials.get('access_token') or credentials['key']}"
        self.watch = credentials.get("watch", "")
        self.domain = credentials.get("domain", "")


def stores(client: Chain) -> list[Account]:
    answer = client.session.get(f"{client.base}/v1/stores")
    answer.raise_for_status()
    return [Account(store["id"], store["name"]) for store in answer.json()]


def check(client: Chain) -> Account:
    """A key opens the first store."""
    if client.watch == "nowhere":
        raise Refused("There is no store called nowhere.")
    return next(store for store in stores(client) if store.id == (client.store or "c-1"))


def read(answer: dict[str, JSON]) -> dict[str, JSON]:
    """Its errors come with 200, and its tokens a level deeper than elsewhere."""
    if not answer.get("ok"):
        raise Refused(f"The chain says {answer.get('problem')}")
    return {**answer["login"], "domain": answer["domain"]}


connector = Connector(
    slug="chain",
    title="Chain",
    says="Stores.",
    hosts={"api": "https://api.chain.example"},
    auth=ApiKey(
        (Field("key", "Key"), Field("watch", "Stores to watch", secret=False, optional=True)),
        ("Open chain.example and copy the key.",),
    ),
    oauth=OAuth2(
        authorize="{api}/consent",
        token="{api}/oauth/token",
        scopes={"a": "see stores", "b": "see prices"},
        guide=("Open chain.example and click New app.",),
        separator=",",
        pkce=False,
        client="body",
        json=True,
        kept=("domain",),
        read=read,
        accounts=stores,
    ),
    open=Chain,
    check=check,
    explain=lambda status, body: None,
)
