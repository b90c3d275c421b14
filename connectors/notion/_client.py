"""What our functions are handed: Notion's SDK, and what it has told us in the last moments.

Requests are built by hand on `sdk.request`: the SDK's own methods silently drop arguments they do not know (`pick`).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from connectors.contract import JSON, Refused

VERSION = "2026-03-11"  # https://developers.notion.com/reference/versioning
PAGE_SIZE = 100
FRESH = 20.0  # seconds a schema may be reused: long enough for one step, short enough for a person editing columns
_ID = re.compile(r"(?:^|[^0-9a-f])([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})$")


@dataclass
class Notion:
    """One opened connection."""

    sdk: Any
    schemas: dict[str, tuple[float, JSON]] = field(default_factory=dict)
    places: dict[tuple[Any, ...], str] = field(default_factory=dict)
    made: tuple[tuple[Any, ...], JSON] = ((), None)  # the arguments of the last long body, and the body
    names: dict[str, str] = field(default_factory=dict)  # user id → name
    rows: dict[str, tuple[str, float]] = field(default_factory=dict)  # mark → the row we made, when it was seen first
    _me: str = ""

    @property
    def me(self) -> str:
        """The id of our bot; asked once per opened connection."""
        self._me = self._me or str(self.get("users/me")["id"])
        return self._me

    def name(self, user: str) -> str:
        """What a person or bot is called; "" where we may not see it (a capability that people can leave out)."""
        if user and user not in self.names:
            try:
                self.names[user] = str(self.get(f"users/{segment(user)}").get("name") or "")
            except Exception as error:
                if status_of(error) not in (400, 403, 404):
                    raise
                self.names[user] = ""
        return self.names.get(user, "")

    def get(self, path: str, query: Mapping[str, JSON] | None = None) -> JSON:
        return self.sdk.request(path=path, method="GET", query=dict(query or {}) or None)

    def post(self, path: str, body: JSON) -> JSON:
        return self.sdk.request(path=path, method="POST", body=_sorted(body))

    def patch(self, path: str, body: JSON) -> JSON:
        return self.sdk.request(path=path, method="PATCH", body=_sorted(body))

    def delete(self, path: str) -> JSON:
        return self.sdk.request(path=path, method="DELETE")

    def body(self, arguments: tuple[Any, ...], make: Callable[[], JSON]) -> JSON:
        """What `make` gives, made once when it is asked for again: a change is drawn before it is sent."""
        if self.made[0] != arguments:
            self.made = arguments, make()
        return self.made[1]

    def data_source(self, id: str) -> JSON:
        """The data source with its columns, at most `FRESH` seconds old."""
        known = self.schemas.get(id)
        if known and time.monotonic() - known[0] < FRESH:
            return known[1]
        found = self.get(f"data_sources/{segment(id)}")
        self.schemas[id] = (time.monotonic(), found)
        return found

    def children(self, block: str) -> Iterator[JSON]:
        """The blocks directly inside a page or block, in order, read a hundred at a time."""
        return self.listed(f"blocks/{segment(block)}/children")

    def listed(self, path: str, **query: str) -> Iterator[JSON]:
        """Every entry of a list that is asked for by GET."""
        return _entries(lambda more: self.get(path, {**query, **more}))

    def found(self, path: str, body: Mapping[str, JSON], size: int = PAGE_SIZE) -> Iterator[JSON]:
        """The answers, page by page, of a list that is asked for by POST."""
        return _answers(lambda more: self.post(path, {**body, **more}), size)


def _entries(ask: Callable[[dict[str, JSON]], JSON]) -> Iterator[JSON]:
    return (entry for answer in _answers(ask, PAGE_SIZE) for entry in answer["results"])


def _answers(ask: Callable[[dict[str, JSON]], JSON], size: int) -> Iterator[JSON]:
    cursor: JSON = None
    while True:
        answer = ask({"page_size": size, **({"start_cursor": cursor} if cursor else {})})
        yield answer
        cursor = answer.get("next_cursor")
        if not (answer.get("has_more") and cursor):
            return


def _sorted(value: JSON) -> JSON:
    """The same bytes for the same change, whatever order a journal gave the names back in. By way of the JSON text, which
    takes a quarter of the time of walking through a page of blocks."""
    return json.loads(json.dumps(value, sort_keys=True))


def status_of(error: Exception) -> int | None:
    """The HTTP status an SDK error carries (its `code` is wrong for statuses it does not know), else None."""
    status = getattr(error, "status", None)
    return status if isinstance(status, int) else None


def segment(id: str) -> str:
    """An id as one part of an address, whatever it holds."""
    return quote(id, safe="")


def read_id(text: str) -> str | None:
    """The id in an id or a Notion address, with dashes; None where there is none. `?v=` names a view and is ignored."""
    path = urlsplit(text.strip()).path if "://" in text else text.strip().split("?")[0].split("#")[0]
    found = _ID.search(path.rstrip("/").lower())
    if not found:
        return None
    bare = found.group(1).replace("-", "")
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def require_id(text: str, what: str) -> str:
    """The id, or a `Refused` that says how to get one."""
    found = read_id(text)
    if found is None:
        raise Refused(
            f"“{text[:80]}” is not the address of a Notion {what}. Open the {what} in Notion, click Share, "
            "then Copy link, and paste that link here."
        )
    return found
