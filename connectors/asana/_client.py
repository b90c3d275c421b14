"""One Asana user behind our door. https://developers.asana.com/docs/overview

Bodies and answers are wrapped in "data", ids are text, and only the fields that are asked for come back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import requests

from connectors.contract import JSON, Account, Http, Refused, Unavailable

PAGES = 200
PER_PAGE = 100  # unpaged answers are cut at about a thousand
_JSON = {"Content-Type": "application/json"}


class Asana:
    """`signed_in`: through our own app, which alone may keep ids of ours at a task (`external`)."""

    def __init__(self, credentials: Mapping[str, str], http: Http) -> None:
        self.session, self.base = http.session, f"{http.url()}/api/1.0"
        self.signed_in = bool(credentials.get("access_token"))
        token = credentials.get("access_token") or credentials["token"].strip()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self._me: JSON = None

    @property
    def me(self) -> JSON:
        """The user, with the workspaces; asked once per opened connection."""
        return self._me or self.ask_me()

    def ask_me(self) -> JSON:
        """The same, asked anew."""
        self._me = self.get("/users/me", opt_fields="name,email,workspaces.name")
        return self._me

    def get(self, path: str, **query: str | int) -> JSON:
        """What is in "data". HTTP errors pass through as `requests.HTTPError`."""
        return self._read(path, query)["data"]

    def pages(self, path: str, **query: str | int) -> Iterator[JSON]:
        """Every entry of a list. Its offsets expire, so it is read in one go."""
        offset: dict[str, str | int] = {}
        for _ in range(PAGES):
            answer = self._read(path, {**query, "limit": PER_PAGE, **offset})
            yield from answer["data"]
            following = answer.get("next_page")
            if not following:
                return
            offset = {"offset": following["offset"]}
        raise Unavailable("Asana's list does not end; this is tried again later.")

    def write(self, method: str, path: str, data: JSON = None) -> JSON:
        """One change; the same bytes for the same `data`."""
        body = None if data is None else json.dumps({"data": data}, sort_keys=True).encode()
        return _object(self.session.request(method, self.base + path, data=body, headers=_JSON))["data"]

    def created(self, path: str, data: JSON) -> dict[str, JSON]:
        """The whole answer to a creation, of which "data" is a part."""
        body = json.dumps({"data": data}, sort_keys=True).encode()
        return _object(self.session.post(self.base + path, data=body, headers=_JSON))

    def _read(self, path: str, query: Mapping[str, str | int]) -> dict[str, JSON]:
        return _object(self.session.get(self.base + path, params=dict(query)))


def _object(response: requests.Response) -> dict[str, JSON]:
    if response.status_code >= 300:
        raise requests.HTTPError(f"{response.status_code} for {response.request.method}", response=response)
    answer = response.json()
    if not isinstance(answer, dict) or "data" not in answer:
        raise ValueError("an answer without data")
    return answer


def status_of(error: Exception) -> int | None:
    """The HTTP status of a refusal, else None."""
    response = getattr(error, "response", None)
    return response.status_code if isinstance(response, requests.Response) else None


def there(read: JSON) -> JSON:
    """What `read()` returns, or None where Asana has it no more, or does not show it."""
    try:
        return read()
    except Exception as error:
        if status_of(error) == 404:
            return None
        raise


def check(client: Asana) -> Account:
    """The user, named with the workspace. Raises `Refused` for one without any."""
    me = client.ask_me()
    spaces = [str(space.get("name")) for space in me.get("workspaces") or []]
    if not spaces:
        raise Refused("This Asana user belongs to no workspace yet. Open Asana, join or make one, and connect again.")
    return Account(str(me["gid"]), f"{me.get('name')} ({', '.join(spaces[:3])})")


def gid(text: JSON, what: str) -> str:
    """An id, as text. Raises `Refused` for what is none."""
    given = str(text).strip()
    if not (given.isascii() and given.isdigit()):
        raise Refused(f"“{given[:60]}” is no {what} of Asana. Choose one, or give the id that a step made.")
    return given
