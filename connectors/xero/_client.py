"""One Xero organisation behind our door. Every call names it; amounts are kept exact, dates read in both of Xero's ways.

https://developer.xero.com/documentation/api/accounting/requests-and-responses
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import requests

from connectors.contract import JSON, Account, Http, Refused, Unauthorized, Unavailable
from connectors.xero._refusals import explain, said

PAGE = 100
PAGES = 100
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
_LIMITS = {
    "minute": "Xero takes 60 calls a minute from one organisation",
    "day": "The calls of today at Xero are used up (1,000 on the Starter tier, 5,000 on paid ones)",
    "appminute": "Xero takes 10,000 calls a minute from one app",
    "concurrent": "Xero takes 5 calls at once from one organisation",
}


class Xero:
    """`tenant` is the organisation's id, "" before one was chosen."""

    def __init__(self, token: str, tenant: str, http: Http) -> None:
        self.tenant, self.root, self.session = tenant, http.url("api"), http.session
        self.base = f"{self.root}/api.xro/2.0"
        own = {"Xero-tenant-id": tenant} if tenant else {}
        # Without `Accept` the answer is XML.
        self.session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json", **own})

    def get(self, path: str, since: datetime | None = None, **query: str | int) -> dict[str, JSON]:
        """The answer to a read, numbers with a point as `Decimal`. Refusals pass as `requests.HTTPError`."""
        headers = {"If-Modified-Since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")} if since else {}
        return _answer(self.session.get(f"{self.base}/{path}", params=query, headers=headers))

    def all(self, what: str, since: datetime | None = None, **query: str | int) -> Iterator[dict[str, JSON]]:
        """Every one of a list, page by page: without `page` Xero leaves the lines out."""
        for page in range(1, PAGES + 1):
            found = self.get(what, since, page=page, pageSize=PAGE, **query).get(what, [])
            yield from found
            if len(found) < PAGE:
                return
        raise Unavailable(f"Xero's list of {what} does not end; this is tried again later.")

    def one(self, what: str, id: str) -> dict[str, JSON] | None:
        """The object, or None if this organisation has none of this id."""
        try:
            found = self.get(f"{what}/{guid(id)}")[what]
        except requests.HTTPError as refusal:
            if refusal.response.status_code == 404:
                return None
            raise
        return dict(found[0]) if found else None

    def create(self, what: str, key: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        """PUT makes; POST might change one that is there. https://developer.xero.com/documentation/guides/idempotent-requests/idempotency"""
        return self._write("PUT", what, what, key, body)

    def change(self, what: str, id: str, key: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        return self._write("POST", what, f"{what}/{guid(id)}", key, body)

    def _write(self, method: str, what: str, path: str, key: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        data = dumped({what: [body]}).encode()
        answer = _answer(self.session.request(method, f"{self.base}/{path}", data=data, headers=headers))
        made = dict(answer[what][0])
        _really(made)
        return made


def open_organisation(credentials: Mapping[str, str], http: Http) -> Xero:
    return Xero(credentials["access_token"], credentials.get("account", ""), http)


def organisations(client: Xero) -> list[Account]:
    """Those that this sign-in opens; a person chooses. https://developer.xero.com/documentation/guides/oauth2/auth-flow#connections"""
    answer = client.session.get(f"{client.root}/connections")
    answer.raise_for_status()
    return [
        Account(str(one["tenantId"]), str(one.get("tenantName") or one["tenantId"]))
        for one in answer.json()
        if one.get("tenantType") == "ORGANISATION"
    ]


def check(client: Xero) -> Account:
    """The organisation itself. Raises `Refused` where none was chosen."""
    if not client.tenant:
        raise Refused("No organisation was chosen. Sign in to Xero again and choose one.")
    return Account(client.tenant, str(client.get("Organisation")["Organisations"][0]["Name"]))


# --- answers ----------------------------------------------------------------------------------------------------------


def _answer(response: requests.Response) -> dict[str, JSON]:
    """Raises Unauthorized or Unavailable where a plain status would be read wrongly."""
    if response.status_code == 429:
        wait = response.headers.get("retry-after", "")
        problem = _LIMITS.get(response.headers.get("x-rate-limit-problem", "").lower(), "Xero asks us to slow down")
        raise Unavailable(problem, float(wait) if wait.isdigit() else 60.0)
    if response.status_code == 403 and b"AuthenticationUnsuccessful" in response.content:
        raise Unauthorized(explain(403, response.content) or "")
    response.raise_for_status()
    answer = json.loads(response.content, parse_float=Decimal)
    if not isinstance(answer, dict):
        raise ValueError("an answer that is no object")
    return answer


def _really(made: dict[str, JSON]) -> None:
    """A 200 may hold an error, or a warning that something was left out. Of an error nothing was done; what a warning means
    has to be looked at."""
    if made.get("StatusAttributeString") == "ERROR" or made.get("ValidationErrors"):
        raise Refused(f"Xero did not accept this.{said(made.get('ValidationErrors'))}")
    if made.get("Warnings") or made.get("StatusAttributeString") == "WARNING":
        raise ValueError(f"Xero left something out.{said(made.get('Warnings'))}")


# --- values -----------------------------------------------------------------------------------------------------------


def dumped(value: JSON) -> str:
    """The same text for the same value. Amounts have at most 15 digits, which a float gives back exactly."""
    return json.dumps(value, sort_keys=True, default=float)


def plain(value: JSON) -> JSON:
    """A journal takes no `Decimal`."""
    return json.loads(dumped(value))


def guid(id: JSON) -> str:
    """An id of Xero as it goes into addresses. Raises `Refused` for anything else."""
    text = str(id).strip()
    if not _ID.fullmatch(text):
        raise Refused(f"“{text[:40]}” is no id of Xero. Choose again, or give the id from an event.")
    return text.lower()


def moment(value: JSON) -> datetime | None:
    """ "/Date(1551139200000+0000)/" or "2026-11-18T01:15:39.902", which is UTC without saying so."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        if found:
            return datetime.fromtimestamp(int(found[1]) / 1000, UTC)
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return read.replace(tzinfo=UTC) if read and not read.tzinfo else read


def iso(value: JSON) -> str:
    read = moment(value)
    return read.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if read else ""


def day(value: JSON) -> str:
    """Only the date: Xero's dates of documents are midnight UTC."""
    return iso(value)[:10]


def amount(value: JSON) -> str:
    """ "18.75", with two digits at least; "" for none."""
    if value is None or isinstance(value, bool):
        return ""
    number = Decimal(str(value))
    cents = number.quantize(Decimal("0.01"))
    return str(cents if cents == number else number)


def text(holder: JSON, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return "" if value is None else str(value)
