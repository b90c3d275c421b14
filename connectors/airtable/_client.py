"""What our functions are handed: Airtable's SDK on our session, and the tables it has told us of in the last moments.

https://airtable.com/developers/web/api/introduction . Requests are built by hand on `api.request`, because the SDK's own
methods split what they write into several requests, and its upload goes to another host.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import requests

from connectors.contract import JSON, Account, Http, Refused, Unavailable

if TYPE_CHECKING:
    from pyairtable import Api

PENALTY = 30.0  # seconds for which a base refuses everything after the sixth call in one: airtable.com/developers/web/api/rate-limits
FRESH = 20.0  # seconds a schema may be reused: long enough for one step, short enough for a person editing columns
MOST_BASES = 10  # that are watched where somebody signed in: each has a webhook, and costs calls of the month
PAGES = 100  # of a listing at most: ten thousand records
LONGEST = 12_000  # characters of a formula in an address; the whole may have 16 000
_PLACE = re.compile(r"(app[A-Za-z0-9]{3,})/(tbl[A-Za-z0-9]{3,})(?:/|$)")


@dataclass(frozen=True)
class Place:
    """A table in its base."""

    base: str
    table: str

    def __str__(self) -> str:
        return f"{self.base}/{self.table}"

    def url(self, record: str = "") -> str:
        """Where a person sees it."""
        return f"https://airtable.com/{self.base}/{self.table}" + (f"/{record}" if record else "")


@dataclass
class Airtable:
    """One opened connection. `watched` are the tables on whose changes recipes start; where somebody signed in, these are
    all tables of the bases that they picked at Airtable (`picked`)."""

    api: Api
    watched: tuple[Place, ...] = ()
    picked: bool = False
    schemas: dict[str, tuple[float, list[JSON]]] = field(default_factory=dict)
    user: str = ""

    def ask(self, method: str, path: str, query: Mapping[str, JSON] | None = None, body: JSON = None) -> JSON:
        """The JSON at `path` (below /v0, already encoded). HTTP errors pass through as `requests.HTTPError`.

        Raises `Unavailable` where a base asks for patience, which is half a minute and is not said in the answer.
        """
        try:
            return self.api.request(method, self.api.build_url(path), params=dict(query or {}), json=_sorted(body))
        except requests.HTTPError as refusal:
            if refusal.response.status_code == 429 and not used_up(refusal.response.content):
                raise Unavailable("Airtable asks us to slow down", PENALTY) from refusal
            raise

    def pages(self, path: str, query: Mapping[str, JSON] | None = None) -> Iterator[JSON]:
        """Every page of a listing. One that fails ends it with its error: half a list is none."""
        offset = ""
        for _ in range(PAGES):
            answer = self._page(path, {**(query or {}), **({"offset": offset} if offset else {})})
            yield answer
            offset = str(answer.get("offset") or "")
            if not offset:
                return
        raise Refused(f"Airtable has more than {PAGES} pages of this. Choose a narrower search, then run this again.")

    def _page(self, path: str, query: dict[str, JSON]) -> JSON:
        """Long questions do not fit into an address: https://support.airtable.com/docs/enforcement-of-url-length-limit-for-web-api-requests"""
        if len(quote(str(query.get("filterByFormula", "")))) > LONGEST:
            return self.ask("POST", f"{path}/listRecords", body={**query, "returnFieldsByFieldId": True})
        return self.ask("GET", path, query)

    def tables(self, base: str) -> list[JSON]:
        """The tables of a base with their columns, at most `FRESH` seconds old."""
        known = self.schemas.get(base)
        if known and time.monotonic() - known[0] < FRESH:
            return known[1]
        found: list[JSON] = self.ask("GET", f"meta/bases/{segment(base)}/tables")["tables"]
        self.schemas[base] = (time.monotonic(), found)
        return found

    def table(self, place: Place) -> JSON:
        """One table with its columns. Raises `Refused` where it is gone."""
        found = next((table for table in self.tables(place.base) if table["id"] == place.table), None)
        if found is None:
            raise Refused(
                "This table is no longer in its Airtable base. Choose another one in the recipe's settings, then run "
                "this again."
            )
        return found

    def bases(self) -> list[str]:
        """The bases with watched tables. Raises `Refused` where too many were picked at Airtable."""
        if not self.picked:
            return list(dict.fromkeys(place.base for place in self.watched))
        found = [str(base["id"]) for page in self.pages("meta/bases") for base in page["bases"]]
        if len(found) > MOST_BASES:
            raise Refused(
                f"This sign-in opens {len(found)} bases, too many to watch. Sign in again and pick at most {MOST_BASES}."
            )
        return found

    def watches(self, place: Place) -> bool:
        return self.picked or place in self.watched

    def me(self) -> str:
        """The id of the user whom the token belongs to."""
        self.user = self.user or str(self.ask("GET", "meta/whoami")["id"])
        return self.user


def connect(credentials: Mapping[str, str], http: Http) -> Airtable:
    """The SDK behind our door. Its own retries are off: they would send a create six times after a lost answer.

    Raises `Refused` for a table to watch that is none.
    """
    from pyairtable import Api

    watched, signed_in = watch_list(credentials.get("watch", "")), bool(credentials.get("access_token"))
    token = credentials.get("access_token") or credentials["token"].strip()
    api = Api(token, retry_strategy=None, endpoint_url=http.url("api"), use_field_ids=True)
    api.session = http.session
    api.api_key = token  # once more, because it goes into the session's headers
    return Airtable(api, watched, picked=signed_in and not watched)


def check(client: Airtable) -> Account:
    """Whose token it is. Reads one record, because tables can be listed even when the month's calls are used up."""
    me = client.ask("GET", "meta/whoami")
    if place := client.watched[0] if client.watched else _any_table(client):
        client.ask("GET", records(place), {"pageSize": 1})
    for watched in client.watched[1:]:
        client.table(watched)
    return Account(str(me["id"]), str(me.get("email") or f"Airtable user {me['id']}"))


def _any_table(client: Airtable) -> Place | None:
    base = next((base["id"] for page in client.pages("meta/bases") for base in page["bases"]), "")
    tables = client.tables(base) if base else []
    return Place(base, tables[0]["id"]) if tables else None


# --- addresses --------------------------------------------------------------------------------------------------------


def watch_list(text: str) -> tuple[Place, ...]:
    """The tables in a list of addresses with commas or spaces between them, each once."""
    return tuple(dict.fromkeys(read_place(part) for part in re.split(r"[,\s]+", text) if part))


def read_place(text: str) -> Place:
    """The table that an address or "app…/tbl…" means. Raises `Refused` with how to get one."""
    path = urlsplit(text.strip()).path if "://" in text else text.strip().partition("?")[0]
    found = _PLACE.search(path)
    if not found:
        raise Refused(
            f"“{text[:80]}” is not the address of an Airtable table. Open the table in the browser and copy the whole "
            "address from there: it holds app… and tbl…"
        )
    return Place(found[1], found[2])


def records(place: Place, record: str = "") -> str:
    path = f"{segment(place.base)}/{segment(place.table)}"
    return f"{path}/{segment(record)}" if record else path


def segment(id: str) -> str:
    """An id as one part of an address, whatever it holds."""
    return quote(id, safe="")


def used_up(body: bytes) -> bool:
    """Whether a 429 means that the workspace has no calls left this month, so that waiting a while does not help."""
    return b"PUBLIC_API_BILLING_LIMIT_EXCEEDED" in body


def _sorted(value: JSON) -> Any:
    """The same bytes for the same change, whatever order a journal gave the names back in."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value
