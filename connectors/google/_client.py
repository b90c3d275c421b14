"""One Google account behind our door: the SDK's services, each built when it is first used.

https://googleapis.github.io/google-api-python-client/docs/ . Its descriptions of the interfaces lie in the package, so that
nothing is fetched. Not used of it: `batch` and uploads, which do not go to the address they are told, and its own credentials,
which would renew tokens behind the hub's back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors.contract import JSON, Account, Http, Refused
from connectors.google._refusals import raise_if_busy, reasons

_PLACES = {
    "calendar": ("v3", "api", "/calendar/v3/"),
    "drive": ("v3", "api", "/drive/v3/"),
    "oauth2": ("v2", "api", "/"),
    "gmail": ("v1", "gmail", "/"),
    "sheets": ("v4", "sheets", "/"),
    "docs": ("v1", "docs", "/"),
}
"""Service → version, our name for its host, and where it lies there. An address that takes the place of Google's own needs that path."""


@dataclass
class Google:
    """`granted`: the scopes that were left ticked when a person signed in; None where Google did not say. `options`: what a
    person said about the account (the optional fields of `auth`), by name."""

    http: Http
    token: str = field(repr=False)
    granted: frozenset[str] | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    _services: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def calendar(self) -> Any:
        return self._service("calendar")

    @property
    def drive(self) -> Any:
        return self._service("drive")

    @property
    def gmail(self) -> Any:
        return self._service("gmail")

    @property
    def sheets(self) -> Any:
        return self._service("sheets")

    @property
    def docs(self) -> Any:
        return self._service("docs")

    @property
    def people(self) -> Any:
        """Who signed in."""
        return self._service("oauth2")

    def may(self, *scopes: str) -> bool:
        """Whether the person who signed in granted all of these."""
        return self.granted is None or self.granted.issuperset(scopes)

    def require(self, *scopes: str, what: str) -> None:
        """Raises `Refused` for what was left out. `what` follows "may not": "read your calendars"."""
        if not self.may(*scopes):
            raise Refused(
                f"Patchbay may not {what}: that was left out when this Google account was connected. Open Connections, sign "
                "in to Google again, and leave it ticked."
            )

    def _service(self, name: str) -> Any:
        if name not in self._services:
            from googleapiclient.discovery import build  # type: ignore[import-untyped] # has no types

            version, host, path = _PLACES[name]
            where = {"api_endpoint": f"{self.http.url(host)}{path}"}
            way = _OverDoor(self.http.session, self.token)
            self._services[name] = build(name, version, http=way, client_options=where, cache_discovery=False)
        return self._services[name]


class _OverDoor:
    """What the SDK calls in place of httplib2, which sends a change again by itself when a connection breaks.

    Bodies come out in the same order of names whatever order a journal gave them back in.
    """

    def __init__(self, session: requests.Session, token: str) -> None:
        self.session, self.token = session, token

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 0,
        connection_type: object = None,
    ) -> tuple[Any, bytes]:
        """(answer without its body, body). Raises `Unavailable` where Google asks for patience in a 403."""
        import httplib2  # type: ignore[import-untyped] # has no types

        sent = {**(headers or {}), "Authorization": f"Bearer {self.token}"}
        answer = self.session.request(method, uri, data=_sorted(body), headers=sent)
        raise_if_busy(answer.status_code, answer.content, answer.headers.get("retry-after", ""))
        facts = {name.lower(): value for name, value in answer.headers.items()}
        return httplib2.Response({**facts, "status": str(answer.status_code)}), answer.content

    def close(self) -> None:
        """The door is the hub's."""


def _sorted(body: str | bytes | None) -> str | bytes | None:
    try:
        return json.dumps(json.loads(body), sort_keys=True) if body else None
    except ValueError:
        return body


def open_account(credentials: Mapping[str, str], http: Http) -> Google:
    granted = frozenset(credentials["scope"].split()) if credentials.get("scope") else None
    options = {name: value for name, value in credentials.items() if name not in ("access_token", "scope")}
    return Google(http, credentials["access_token"], granted, options)


def check(client: Google) -> Account:
    """Who signed in. The id stays when the address changes.

    https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
    """
    me = client.people.userinfo().get().execute(num_retries=0)
    return Account(str(me["id"]), str(me.get("email") or f"Google account {me['id']}"))


# --- refusals ---------------------------------------------------------------------------------------------------------


def status_of(error: Exception) -> int | None:
    """The HTTP status of a refusal, else None."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def reasons_of(error: Exception) -> frozenset[str]:
    """The words by which Google names the reason of a refusal; none for anything else."""
    content = getattr(error, "content", b"")
    return reasons(content) if isinstance(content, bytes) else frozenset()


def there(read: Callable[[], JSON]) -> JSON:
    """What `read()` returns, or None where Google has it no more, or does not show it."""
    try:
        return read()
    except Exception as error:
        if status_of(error) in (404, 410):
            return None
        raise
