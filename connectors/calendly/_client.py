"""Calendly's interface behind our door: https://developer.calendly.com/api-docs

Ids there are addresses (https://api.calendly.com/scheduled_events/…). Only their last part is used in a path, so that
nothing that a delivery says leads anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import requests

from connectors.contract import JSON, Account, Http, Refused, Unavailable

PAGES = 20
PAGE = 100  # entries at most


class Calendly:
    """One account. `everybody`: the bookings of the whole organization, else those of its own calendar."""

    def __init__(self, http: Http, token: str, everybody: bool) -> None:
        self.everybody = everybody
        self._base, self._session = http.url("api"), http.session
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._me: dict[str, JSON] = {}

    def ask(self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: JSON = None) -> JSON:
        """The JSON at `path`, {} where there is none. HTTP errors pass through as `requests.HTTPError`.

        Raises `Unavailable` for 429, with the seconds that its own header says: developer.calendly.com/api-docs/overview/rate-limits
        """
        answer = self._session.request(method, f"{self._base}{path}", params=query, json=body)
        if answer.status_code == 429:
            raise Unavailable("Calendly asks us to slow down", _seconds(answer.headers.get("X-RateLimit-Reset", "")))
        answer.raise_for_status()
        return _json(answer)

    def listed(self, path: str, **query: str | int) -> Iterator[dict[str, JSON]]:
        """Every entry of a listing. A page that fails ends it with its error: half a list is none."""
        asked: dict[str, str | int] = {"count": PAGE, **query}
        for _ in range(PAGES):
            page = self.ask("GET", path, asked)
            yield from page.get("collection") or []
            token = _next_page(page.get("pagination") or {})
            if not token:
                return
            asked["page_token"] = token
        raise Unavailable("Calendly's list does not end; this is tried again later.")

    def me(self) -> dict[str, JSON]:
        """The user whose token it is, with "uri" and "current_organization"."""
        self._me = self._me or self.ask("GET", "/users/me")["resource"]
        return self._me

    def whose(self) -> dict[str, str]:
        """Whose bookings are meant, as listings ask for it."""
        me = self.me()
        return {"organization": me["current_organization"]} if self.everybody else {"user": me["uri"]}


def open_account(credentials: Mapping[str, str], http: Http) -> Calendly:
    """Raises `Refused` for a word that says nothing about whose bookings are meant."""
    whose = credentials.get("whose", "").strip().lower()
    if whose not in ("", "mine", "organization", "organisation"):
        raise Refused("Whose bookings is either empty, for your own, or the word organization, for everybody's.")
    token = credentials.get("access_token") or credentials["token"].strip()
    return Calendly(http, token, whose.startswith("organi"))


def check(client: Calendly) -> Account:
    """Whose account it is; reads one meeting, so that a missing scope or right is told at once."""
    me = client.me()
    client.ask("GET", "/scheduled_events", {**client.whose(), "count": 1})
    return Account(last_part(str(me["uri"])), str(me.get("name") or me.get("email") or "Calendly"))


def last_part(uri: str) -> str:
    return urlsplit(uri).path.rstrip("/").rpartition("/")[2]


def path_of(uri: str, kind: str) -> str:
    """The path of an object, from its address or its id: "/scheduled_events/EV1". Raises `Refused` for one of another kind."""
    parts = [part for part in urlsplit(uri.strip()).path.split("/") if part]
    at = kind.split("/")
    ids = parts[1::2] if parts[::2] == at else parts if len(parts) == len(at) == 1 else []
    if len(ids) != len(at):
        raise Refused(
            f"“{uri[:80]}” is not what Calendly calls a {kind.rpartition('/')[2].rstrip('s').replace('_', ' ')}. "
            "Take it from the booking that started the recipe."
        )
    return "".join(f"/{name}/{quote(one, safe='')}" for name, one in zip(at, ids, strict=True))


def _next_page(pagination: dict[str, JSON]) -> str:
    """Its token. Calendly gives a whole address, which is not followed."""
    if pagination.get("next_page_token"):
        return str(pagination["next_page_token"])
    asked = parse_qs(urlsplit(str(pagination.get("next_page") or "")).query)
    return asked.get("page_token", [""])[0]


def _seconds(text: str) -> float:
    return min(float(text), 600.0) if text.strip().isdigit() else 60.0


def _json(answer: requests.Response) -> Any:
    """Raises ValueError for an answer that cannot be read: nobody knows then what it means."""
    if answer.status_code == 204 or not answer.content:
        return {}
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("Calendly answered with something that is not what it documents")
    return found
