"""Pipedrive's HTTP interface behind our door. https://developers.pipedrive.com/docs/api/v1

Version 2 where there is one (persons, organizations, deals, activities, fields, pipelines, stages); version 1 only for notes,
users and kinds of activities, which have no other. The token travels in a header, never in the address.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from connectors.contract import JSON, Account, Http, Refused, Unavailable

V1, V2 = "/api/v1", "/api/v2"
PAGE = 500  # the most that version 2 lists at once
NOT_SENT = "not sent"  # the id of what was only drawn
FRESH = 20.0  # seconds for which the fields of an account are not asked for again
_ADDRESS = re.compile(r"https://([a-z0-9-]+)\.pipedrive\.com/?")
_BLOCKED = 3600.0  # seconds to keep away after the network protection turned us away
_DAY = 86_400


class Pipedrive:
    """One company's account. `base` is also where people see its records: base/deal/42."""

    def __init__(self, base: str, company: str, session: requests.Session) -> None:
        self.base, self.company, self._session = base, company, session
        self.fields: dict[str, tuple[float, list[dict[str, JSON]]]] = {}

    def get(self, path: str, **query: JSON) -> dict[str, JSON]:
        """The whole answer: `data` and `additional_data`."""
        given = {name: value for name, value in query.items() if value not in ("", None)}
        return self._ask("GET", f"{path}?{urlencode(given)}" if given else path)

    def data(self, path: str, **query: JSON) -> Any:
        return self.get(path, **query)["data"]

    def record(self, path: str) -> dict[str, JSON] | None:
        """The object, or None where it is gone."""
        try:
            found = self.data(path)
        except requests.HTTPError as refusal:
            if refusal.response.status_code in (404, 410):
                return None
            raise
        gone = not found or found.get("is_deleted") or found.get("active_flag") is False
        return None if gone else dict(found)

    def pages(self, path: str, most: int, **query: JSON) -> Iterator[list[dict[str, JSON]]]:
        """At most `most` pages of a list of version 2, each as it comes."""
        cursor = ""
        for _ in range(most):
            answer = self.get(path, **{"limit": PAGE, **query}, cursor=cursor)
            yield list(answer["data"] or [])
            cursor = (answer.get("additional_data") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def send(self, method: str, path: str, body: Mapping[str, JSON] | None = None) -> Any:
        """One change; the same bytes for the same body. Returns `data`."""
        return self._ask(method, path, body)["data"]

    def _ask(self, method: str, path: str, body: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
        data = None if body is None else json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        return _read(self._session.request(method, f"{self.base}{path}", data=data, headers=headers))


def _read(response: requests.Response) -> dict[str, JSON]:
    """Raises requests.HTTPError for a refusal, Unavailable for "not now", ValueError for what is not documented."""
    if response.status_code == 429:
        raise _too_fast(response)
    if response.status_code == 403 and not _is_json(response):
        raise Unavailable("Pipedrive's network protection turned this computer away for a while.", _BLOCKED)
    response.raise_for_status()
    answer = response.json()
    if not isinstance(answer, dict) or answer.get("success") is not True or "data" not in answer:
        raise ValueError("an answer without success and data")
    return answer


def _too_fast(response: requests.Response) -> Unavailable:
    """The budget of the day, which all tools of the company share, or the pace of two seconds. There is no Retry-After."""
    if response.headers.get("x-daily-ratelimit-token-remaining", "").strip() == "0":
        until_midnight = _DAY - time.time() % _DAY
        return Unavailable("The company's calls to Pipedrive for today are used up; they begin anew at midnight UTC.",
                           until_midnight)  # fmt: skip
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    return Unavailable("Pipedrive asks us to slow down.", min(float(reset), 60.0) if reset.isdecimal() else 2.0)


def _is_json(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return False


def connect(credentials: Mapping[str, str], http: Http) -> Pipedrive:
    """Raises `Refused` for an address that is not a company's own at Pipedrive, be it typed in or told at the sign-in."""
    address = _ADDRESS.fullmatch(credentials["api_domain"].strip().lower())
    if not address or address[1] in ("api", "app", "oauth", "www"):
        raise Refused(
            "Enter your company's own address at Pipedrive and nothing behind it, for example "
            "https://acme.pipedrive.com. It stands in the browser when you are signed in."
        )
    session = http.session
    if signed_in := credentials.get("access_token"):
        session.headers["Authorization"] = f"Bearer {signed_in}"
    else:
        session.headers["x-api-token"] = credentials["token"].strip()
    return Pipedrive(http.url("api"), address[1], session)


def check(client: Pipedrive) -> Account:
    """The company. A token belongs to one user in one company, so another company's token is refused here."""
    me = client.data(f"{V1}/users/me")
    domain = str(me.get("company_domain") or "")
    if domain and domain != client.company:
        raise Refused(
            f"This token belongs to {domain}.pipedrive.com, not to {client.company}.pipedrive.com. Enter that address, "
            "or switch to the other company in Pipedrive and copy its token."
        )
    return Account(str(me["company_id"]), str(me.get("company_name") or domain))


def number(text: JSON, what: str) -> JSON:
    """An id as version 2 wants it, a number. Raises `Refused` with what to do."""
    given = str(text).strip()
    if given == NOT_SENT:
        return given
    if not (given.isascii() and given.isdecimal()):
        raise Refused(f"“{given[:60]}” is not the number of a {what} in Pipedrive. Choose the {what} from the list.")
    return int(given)
