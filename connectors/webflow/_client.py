"""One Webflow site behind our door. https://developers.webflow.com/data/reference"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import requests

from connectors.contract import JSON, Account, Http, Refused, Unavailable

PER_PAGE = 100
PAGES = 100
_JSON = {"Content-Type": "application/json"}


class Webflow:
    """`signed_in`: through an app of our own, whose secret signs the webhooks."""

    def __init__(self, credentials: Mapping[str, str], http: Http) -> None:
        self.session, self.base = http.session, f"{http.url()}/v2"
        self.signed_in = bool(credentials.get("access_token"))
        token = credentials.get("access_token") or credentials["token"].strip()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self._chosen, self._site = credentials.get("account", ""), ""

    @property
    def site(self) -> str:
        """Its id: that a person chose, or the only one that the token opens."""
        self._site = self._site or str(self.ask_site()["id"])
        return self._site

    def ask_site(self) -> JSON:
        """The site as Webflow shows it. Raises `Refused` where there is none, or more than one to choose from."""
        found = [one for one in sites(self) if self._chosen in ("", str(one["id"]))]
        if len(found) == 1:
            return found[0]
        if not found:
            raise Refused("This token opens no site. Make one in the settings of the site, under Apps & integrations.")
        raise Refused(
            "This token opens several sites. Make one in the settings of the site that you mean, under Apps & integrations."
        )

    def get(self, path: str, /, **query: str | int) -> dict[str, JSON]:
        """The JSON object at `path` (below /v2). HTTP errors pass through as `requests.HTTPError`."""
        return _object(self.session.get(self.base + path, params=dict(query)))

    def pages(self, path: str, name: str, /, **query: str | int) -> Iterator[JSON]:
        """Every entry of the list `name`, a hundred at a time."""
        for page in range(PAGES):
            answer = self.get(path, **query, limit=PER_PAGE, offset=page * PER_PAGE)
            found = answer.get(name) or []
            yield from found
            total = (answer.get("pagination") or {}).get("total")
            if len(found) < PER_PAGE if total is None else (page + 1) * PER_PAGE >= total:
                return
        raise Unavailable("Webflow's list does not end; this is tried again later.")

    def write(self, method: str, path: str, body: JSON = None) -> dict[str, JSON]:
        """One change; the same bytes for the same `body`. {} where Webflow answers with nothing."""
        data = None if body is None else json.dumps(body, sort_keys=True).encode()
        response = self.session.request(method, self.base + path, data=data, headers=_JSON)
        return {} if response.status_code == 204 else _object(response)


def _object(response: requests.Response) -> dict[str, JSON]:
    if response.status_code >= 300:
        raise requests.HTTPError(f"{response.status_code} for {response.request.method}", response=response)
    answer = response.json()
    if not isinstance(answer, dict):
        raise ValueError("an answer that is no object")
    return answer


def status_of(error: Exception) -> int | None:
    """The HTTP status of a refusal, else None."""
    response = getattr(error, "response", None)
    return response.status_code if isinstance(response, requests.Response) else None


def sites(client: Webflow) -> list[JSON]:
    return list(client.get("/sites").get("sites") or [])


def accounts(client: Webflow) -> list[Account]:
    """The sites that one consent opened."""
    return [Account(str(one["id"]), _name(one)) for one in sites(client)]


def check(client: Webflow) -> Account:
    one = client.ask_site()
    return Account(str(one["id"]), _name(one))


def _name(one: JSON) -> str:
    return str(one.get("displayName") or one.get("shortName") or "Webflow site")


# --- items ------------------------------------------------------------------------------------------------------------


def item_path(item: str) -> str:
    """The path of an item "<collection>/<item>". Raises `Refused` for anything else."""
    collection, slash, own = str(item).strip().partition("/")
    if not (slash and _is_id(collection) and _is_id(own)):
        raise Refused(f"“{str(item)[:80]}” is no item of this site. Choose one, or give the id that a step made.")
    return f"/collections/{collection}/items/{own}"


def collection_path(collection: str) -> str:
    given = str(collection).strip()
    if not _is_id(given):
        raise Refused(f"“{given[:80]}” is no collection of this site. Choose one.")
    return f"/collections/{given}"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isalnum() and quote(text) == text


def present(client: Webflow, item: str) -> JSON:
    """The item as it is staged, or None if it is gone."""
    try:
        return client.get(item_path(item))
    except Exception as error:
        if status_of(error) == 404:
            return None
        raise


def there(client: Webflow, item: str) -> JSON:
    """The item. Raises `Refused` where it is gone."""
    found = present(client, item)
    if found is None:
        raise Refused("Webflow has no such item any more. Choose another one, then run this again.")
    return found
