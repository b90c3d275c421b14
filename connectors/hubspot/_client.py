"""HubSpot's HTTP interface behind our door. https://developers.hubspot.com/docs/api-reference/latest/overview

Addresses carry a date, two a year; each is supported for a limited time, so it stands here once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import requests

from connectors.contract import JSON, Account, Http, Refused, Unavailable

VERSION = "2026-03"
PATHS = {"contact": "contacts", "company": "companies", "deal": "deals", "note": "notes", "task": "tasks"}
NOT_SENT = "not sent"  # the id of what was only drawn
_PAGES = 100
_DAILY = 3600.0  # seconds: the day of an account begins at midnight of its own zone, so we ask once an hour
_MOVED = 86_400.0
Record = dict[str, JSON]


class HubSpot:
    """One HubSpot account. `definitions` are what is known of its properties: kind → (when, list)."""

    def __init__(self, base: str, session: requests.Session) -> None:
        self.base, self._session = base, session
        self.definitions: dict[str, tuple[float, list[Record]]] = {}

    def get(self, path: str, **query: JSON) -> Any:
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path)

    def found(self, path: str, **query: JSON) -> Record | None:
        """The object, or None where it is gone or archived."""
        try:
            return dict(self.get(path, **query))
        except requests.HTTPError as refusal:
            if refusal.response.status_code == 404:
                return None
            raise

    def listed(self, path: str, **query: JSON) -> Iterator[Record]:
        """All of a list that is cut into pages."""
        after: JSON = ""
        for _ in range(_PAGES):
            answer = self.get(path, **{"limit": 100, **query}, **({"after": after} if after else {}))
            yield from answer["results"]
            after = ((answer.get("paging") or {}).get("next") or {}).get("after")
            if not after:
                return

    def search(self, kind: str, body: Record) -> Record:
        """One page of the search: an index of its own, which is behind the records for moments."""
        return dict(self._ask("POST", f"{objects(kind)}/search", body))

    def send(self, method: str, path: str, body: Mapping[str, JSON] | None = None) -> Any:
        """One change; the same bytes for the same body."""
        return self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, JSON] | None = None) -> Any:
        data = None if body is None else json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        return _read(self._session.request(method, f"{self.base}{path}", data=data, headers=headers))


def objects(kind: str, id: JSON = "") -> str:
    """The address of a kind of record, or of one."""
    place = f"/crm/objects/{VERSION}/{PATHS[kind]}"
    return f"{place}/{quote(str(id), safe='')}" if id != "" else place


def _read(response: requests.Response) -> Any:
    """Raises requests.HTTPError for a refusal, Unavailable for "not now", ValueError for what is not documented."""
    if response.status_code == 429:
        raise _too_fast(response)
    if response.status_code == 423:
        raise Unavailable("HubSpot is changing these records in bulk.", 5.0)
    if response.status_code == 477:
        raise Unavailable("HubSpot is moving this account to another place.", _seconds(response, _MOVED))
    response.raise_for_status()
    if response.status_code == 204:
        return {}
    answer = response.json()
    if not isinstance(answer, dict):
        raise ValueError("an answer that is no object")
    return answer


def _too_fast(response: requests.Response) -> Unavailable:
    policy = str(_object(response).get("policyName") or "")
    if "DAILY" in policy:
        return Unavailable("The account's calls to HubSpot for today are used up; they begin anew at midnight.", _DAILY)
    return Unavailable("HubSpot asks us to slow down.", 1.0 if policy == "SECONDLY" else 10.0)


def _seconds(response: requests.Response, otherwise: float) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), otherwise) if text.isascii() and text.isdecimal() else otherwise


def _object(response: requests.Response) -> Record:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def connect(credentials: Mapping[str, str], http: Http) -> HubSpot:
    session = http.session
    token = (credentials.get("access_token") or credentials.get("token") or "").strip()
    session.headers["Authorization"] = f"Bearer {token}"
    return HubSpot(http.url("api"), session)


def check(client: HubSpot) -> Account:
    """The account (portal) of the token."""
    details = client.get(f"/account-info/{VERSION}/details")
    return Account(str(details["portalId"]), f"HubSpot account {details['portalId']}")


def number(text: JSON, what: str) -> str:
    """A record's id. Raises `Refused` with what to do."""
    given = str(text).strip()
    if given == NOT_SENT or (given.isascii() and given.isdecimal()):
        return given
    raise Refused(f"“{given[:60]}” is not the number of a {what} in HubSpot. Choose the {what} from the list.")


def names(properties: Sequence[str]) -> str:
    return ",".join(sorted(properties))
