"""One QuickBooks company behind our door: asked, queried and changed, amounts kept exact.

https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

import requests

from connectors.contract import JSON, Account, Http, Refused, Unauthorized, Unavailable
from connectors.quickbooks._refusals import explain, faults

MINOR = "75"  # older ones are no longer served: https://blogs.intuit.com/2025/01/21/
PAGE = 1000  # the most that a query answers at once
PAGES = 50
RECONNECT = ("120", "3100", "3200")  # no longer an administrator; the app was disconnected; not let in
THROTTLED = ("3001",)
_ID = re.compile(r"[0-9]{1,20}")


class Books:
    """One company (`realm`)."""

    def __init__(self, token: str, realm: str, http: Http) -> None:
        self.realm, self.session = realm, http.session
        self.base = f"{http.url('api')}/v3/company/{realm}"
        self.session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def get(self, path: str, **query: str) -> dict[str, JSON]:
        """The answer to a read, numbers with a point as `Decimal`. Refusals pass as `requests.HTTPError`."""
        asked = self.session.get(f"{self.base}/{path}", params={**query, "minorversion": MINOR})
        return _answer(asked)

    def write(self, entity: str, key: str, body: Mapping[str, JSON], operation: str = "") -> dict[str, JSON]:
        """One change; `key` goes along as the id of the request, to which QuickBooks gives the same answer again.

        https://blogs.intuit.com/2015/04/06/15346
        """
        more = {"operation": operation} if operation else {}
        query = {**more, "minorversion": MINOR, "requestid": key}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        url = f"{self.base}/{entity.lower()}"
        answer = _answer(self.session.post(url, params=query, data=dumped(body).encode(), headers=headers))
        return dict(answer[entity])

    def delete(self, entity: str, key: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        """Deletes a transaction or a note; one that is gone already is as good."""
        try:
            self.write(entity, key, body, operation="delete")
        except requests.HTTPError as refusal:
            if "610" not in codes(refusal.response):
                raise
        return gone(entity, body["Id"])

    def query(self, entity: str, where: str = "", order: str = "") -> Iterator[dict[str, JSON]]:
        """Every object that matches, page by page. `where` is made with `equals` and its kin, never of free text."""
        for page in range(PAGES):
            parts = ["SELECT * FROM", entity, f"WHERE {where}" if where else "", f"ORDERBY {order}" if order else ""]
            parts.append(f"STARTPOSITION {page * PAGE + 1} MAXRESULTS {PAGE}")
            found = self.get("query", query=" ".join(part for part in parts if part))["QueryResponse"].get(entity, [])
            yield from found
            if len(found) < PAGE:
                return
        raise Unavailable(f"QuickBooks' list of {entity} does not end; this is tried again later.")

    def read(self, entity: str, id: str) -> dict[str, JSON] | None:
        """The object, or None if it was deleted."""
        try:
            return dict(self.get(f"{entity.lower()}/{number(id)}")[entity])
        except requests.HTTPError as refusal:
            if "610" in codes(refusal.response) or refusal.response.status_code == 404:
                return None
            raise


def open_company(credentials: Mapping[str, str], http: Http) -> Books:
    return Books(credentials["access_token"], credentials["realmId"], http)


def check(client: Books) -> Account:
    """The company that was signed in to. https://developer.intuit.com/app/developer/qbo/docs/api/accounting/most-commonly-used/companyinfo"""
    company = client.get(f"companyinfo/{client.realm}")["CompanyInfo"]
    return Account(client.realm, str(company.get("CompanyName") or company.get("LegalName") or client.realm))


# --- answers ----------------------------------------------------------------------------------------------------------


def _answer(response: requests.Response) -> dict[str, JSON]:
    """Raises Unauthorized, Unavailable or Refused where a plain status would be read wrongly."""
    found = codes(response)
    words = explain(response.status_code, response.content) or ""
    if found & set(RECONNECT):
        raise Unauthorized(words)
    if response.status_code == 429 or found & set(THROTTLED):
        wait = response.headers.get("retry-after", "")
        raise Unavailable("QuickBooks asks us to slow down", float(wait) if wait.isdigit() else 60.0)
    if response.status_code == 500 and b"Unsupported Operation" in response.content:
        raise Refused(words)
    response.raise_for_status()
    answer = json.loads(response.content, parse_float=Decimal)
    if not isinstance(answer, dict) or found:
        raise ValueError(f"an answer with an error in it: {sorted(found)}")
    return answer


def codes(response: requests.Response) -> set[str]:
    """The numbers of the errors in an answer, without leading zeros."""
    return {fault.code for fault in faults(response.content)}


# --- values -----------------------------------------------------------------------------------------------------------


def dumped(value: JSON) -> str:
    """The same text for the same value. Amounts have at most 15 digits, which a float gives back exactly."""
    return json.dumps(value, sort_keys=True, default=float)


def plain(value: JSON) -> JSON:
    """A journal takes no `Decimal`."""
    return json.loads(dumped(value))


def exact(value: JSON) -> JSON:
    """And back, so that amounts can be compared and added."""
    return json.loads(json.dumps(value), parse_float=Decimal)


def number(id: JSON) -> str:
    """An id of QuickBooks as it goes into addresses. Raises `Refused` for anything else."""
    text = str(id).strip()
    if not _ID.fullmatch(text):
        raise Refused(f"“{text[:40]}” is no number that QuickBooks gives. Choose again, or give the id from an event.")
    return text


def quoted(text: str) -> str:
    """A value in a query. https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries"""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def gone(entity: str, id: JSON) -> dict[str, JSON]:
    """What a deleted one leaves behind as the result of a change."""
    return {"id": str(id), "url": "", "version": f"{entity} deleted"}


def ref(value: JSON) -> str:
    """The id in a reference, or ""."""
    return str(value.get("value") or "") if isinstance(value, dict) else ""


def named(value: JSON) -> str:
    """The name in a reference, or ""."""
    return str(value.get("name") or "") if isinstance(value, dict) else ""
