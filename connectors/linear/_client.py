"""Linear's one address, to which questions in GraphQL go. https://linear.app/developers/graphql

An error may come with any HTTP status, 200 among them, so `errors` is always read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from connectors.contract import JSON, Account, Http, InProgress, Refused, Unauthorized, Unavailable
from connectors.linear._refusals import KEY_ENDED, Trouble, trouble

PAGE = 50  # every answer costs points for what it may hold
NOT_SENT = "not sent"  # the id of what was only drawn
_LONGEST = 3600.0  # seconds: the budgets are per hour
Record = dict[str, JSON]

_CHECK = "query Check { organization { id name } viewer { id name } }"


class NotThere(Refused):
    """Linear has no such object."""


class Linear:
    """One workspace."""

    def __init__(self, base: str, session: requests.Session) -> None:
        self._address, self._session = f"{base}/graphql", session

    def ask(self, query: str, **variables: JSON) -> Record:
        """One exchange, a question or a change: the same bytes for the same variables. Returns `data`.

        Raises NotThere, Refused, Unauthorized, Unavailable; InProgress where it may have been done; requests.HTTPError.
        """
        body = json.dumps({"query": query, "variables": variables}, sort_keys=True, ensure_ascii=False)
        headers = {"Content-Type": "application/json"}
        return _read(self._session.post(self._address, data=body.encode(), headers=headers))

    def change(self, query: str, **variables: JSON) -> Record:
        """The one field of a mutation. Linear says `success` in it."""
        (answer,) = self.ask(query, **variables).values()
        if not answer.get("success"):
            raise Refused("Linear did not do it and says no more. Look at it in Linear, then run this again.")
        return dict(answer)

    def pages(self, query: str, most: int, **variables: JSON) -> Iterator[list[Record]]:
        """A list whose one field has `nodes` and `pageInfo`, page by page; at most `most` of them."""
        after: JSON = None
        for _ in range(most):
            (found,) = self.ask(query, first=PAGE, after=after, **variables).values()
            yield list(found["nodes"])
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"] or not after:
                return

    def listed(self, query: str, **variables: JSON) -> list[Record]:
        return [one for page in self.pages(query, 20, **variables) for one in page]


def _read(response: requests.Response) -> Record:
    answer = _object(response)
    if errors := answer.get("errors"):
        raise _raised(trouble(errors), response)
    if response.status_code == 429:
        raise Unavailable("Linear asks us to slow down.", _seconds(response.headers))
    response.raise_for_status()
    if not isinstance(answer.get("data"), dict):
        raise ValueError("an answer without data")
    return dict(answer["data"])


def _object(response: requests.Response) -> Record:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _raised(found: Trouble, response: requests.Response) -> Exception:
    """What an error means for us; whatever its HTTP status says."""
    if found.kind == "slow":
        return Unavailable("Linear asks us to slow down.", _seconds(response.headers))
    if found.kind == "signed out" or response.status_code == 401:
        return Unauthorized(KEY_ENDED)
    if found.kind == "open":
        return InProgress(found.words)
    return NotThere(found.words) if found.kind == "not there" else Refused(found.words)


def _seconds(headers: Mapping[str, str]) -> float:
    """How long to wait: Retry-After, else until the budget that is used up begins anew (Unix milliseconds)."""
    if (text := headers.get("retry-after", "")).isdecimal():
        return min(float(text), _LONGEST)
    for name in ("requests", "complexity"):
        left, reset = (headers.get(f"x-ratelimit-{name}-{part}", "") for part in ("remaining", "reset"))
        if left == "0" and reset.isdecimal():
            return min(max(int(reset) / 1000 - time.time(), 1.0), _LONGEST)
    return 60.0


def connect(credentials: Mapping[str, str], http: Http) -> Linear:
    """A personal key goes without the word Bearer, a token from signing in with it."""
    session, token = http.session, credentials.get("access_token", "")
    session.headers["Authorization"] = f"Bearer {token}" if token else credentials["key"].strip()
    return Linear(http.url("api"), session)


def check(client: Linear) -> Account:
    """The workspace."""
    found: dict[str, Any] = client.ask(_CHECK)
    return Account(str(found["organization"]["id"]), str(found["organization"]["name"]))
