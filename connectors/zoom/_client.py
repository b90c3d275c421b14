"""Reading from Zoom: with a Server-to-Server OAuth app for a whole account, or with the token of a person who signed in.

https://developers.zoom.us/docs/internal-apps/s2s-oauth/ : one-hour tokens, no refresh token, several may live at once.
"""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import requests

from connectors.contract import JSON, Account, Http, Refused, Unauthorized, Unavailable
from connectors.zoom._plain import entries, line
from connectors.zoom._refusals import explain

PAGES = 20
_SPARE = 60.0  # seconds before its end that a token is no longer used


class Zoom:
    """One Zoom account. `connected` is false where only webhooks are set up; `person` is true where somebody has signed in,
    whose own meetings can be read then, and not those of the whole account."""

    def __init__(self, http: Http, account_id: str, client_id: str, client_secret: str) -> None:
        self.account_id = account_id
        self.connected = bool(account_id)
        self.person = False
        self._http = http
        self._login = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token, self._token_ends, self._scopes = "", 0.0, ""
        self._addresses: dict[str, str] = {}

    @classmethod
    def signed_in(cls, http: Http, token: str, scopes: str) -> Zoom:
        """With a token that the hub renews."""
        made = cls(http, "", "", "")
        made.connected = made.person = True
        made._token, made._token_ends, made._scopes = token, math.inf, scopes
        return made

    def may(self, *begins: str) -> bool:
        """Whether a permission was granted that begins like one of these; true where Zoom does not say which were."""
        self._current_token()
        return not self._scopes or any(one.startswith(begins) for one in self._scopes.split())

    def get(self, path: str, **query: str | int) -> dict[str, JSON]:
        """The JSON object at `path` (below /v2, already encoded). HTTP errors pass through as `requests.HTTPError`."""
        response = self._ask(path, query)
        if response.status_code == 401 and not self.person:  # ended early: one fresh token, then it is the credentials
            self._token = ""
            response = self._ask(path, query)
        response.raise_for_status()
        return _object(response)

    def pages(self, path: str, name: str, **query: str | int) -> Iterator[dict[str, JSON]]:
        """The entries of a list, which is called `name`, page by page. https://developers.zoom.us/docs/api/pagination/"""
        page = ""
        for _ in range(PAGES):
            answer = self.get(path, page_size=300, **query, **({"next_page_token": page} if page else {}))
            yield from entries(answer.get(name))
            page = str(answer.get("next_page_token") or "")
            if not page:
                return
        raise Unavailable("Zoom's list does not end; this is tried again later.")

    def address_of(self, user: str) -> str:
        """The mail address of a user of the account, "" where it cannot be read; each is asked for once."""
        if user not in self._addresses:
            try:
                found = self.get("/users/me" if self.person else f"/users/{quote(user, safe='')}")
            except requests.HTTPError as refusal:
                if refusal.response.status_code not in (400, 403, 404):
                    raise
                found = {}
            self._addresses[user] = line(found.get("email"))
        return self._addresses[user]

    def reaches(self, url: str) -> bool:
        """Whether this is an address of Zoom's own."""
        return self._http.reaches(url)

    def visit(self, url: str, *, proven: bool) -> requests.Response:
        """Whatever Zoom answers at this address of its own; `proven`: it learns who asks."""
        headers = {"Authorization": f"Bearer {self._current_token()}"} if proven else {}
        return self._http.session.get(url, headers=headers)

    def _ask(self, path: str, query: Mapping[str, str | int]) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._current_token()}"}
        return self._http.session.get(f"{self._http.url('api')}/v2{path}", params=query, headers=headers)

    def _current_token(self) -> str:
        if not self._token or time.monotonic() > self._token_ends:
            self._fetch_token()
        return self._token

    def _fetch_token(self) -> None:
        response = self._http.session.post(
            f"{self._http.url('token')}/oauth/token",
            data={"grant_type": "account_credentials", "account_id": self.account_id},
            headers={"Authorization": f"Basic {self._login}"},
        )
        if (
            response.status_code == 400
        ):  # Zoom's way of saying that the login is wrong; elsewhere 400 means a bad question
            raise Unauthorized(
                explain(400, response.content) or "Zoom refused the Account ID or Client ID: check both."
            )
        response.raise_for_status()
        answer = _object(response)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise Unavailable("Zoom answered the sign-in without a usable token; this is tried again later.")
        life = float(seconds) if isinstance(seconds, int | float) else 3600.0
        self._token, self._token_ends = token, time.monotonic() + max(life - _SPARE, 0.0)
        self._scopes = line(answer.get("scope"))


def open_account(credentials: Mapping[str, str], http: Http) -> Zoom:
    """Raises `Refused` where only a part of the three credentials is given."""
    if token := credentials.get("access_token"):
        return Zoom.signed_in(http, token, credentials.get("scope", ""))
    given = [credentials.get(name, "").strip() for name in ("account_id", "client_id", "client_secret")]
    if any(given) and not all(given):
        raise Refused(
            "Account ID, Client ID and Client secret belong together: fill in all three, or leave all three empty "
            "to receive recaps by webhook only."
        )
    return Zoom(http, *given)


def check(zoom: Zoom) -> Account:
    """Whose account it is, or which person's; asks Zoom unless only webhooks are set up."""
    if not zoom.connected:
        return Account("", "webhooks only")
    me = zoom.get("/users/me")
    name = next((me[key] for key in ("email", "display_name") if isinstance(me.get(key), str) and me[key]), "Zoom")
    # One person who signs in a second time ends the tokens of the first time (Zoom's error 4741): known by their own id, they
    # get their connection back instead of a second one.
    account = me.get("id" if zoom.person else "account_id")
    return Account(account if isinstance(account, str) and account else zoom.account_id, name)


def encoded(uuid: str) -> str:
    """A meeting's uuid in a path: once, or twice where a slash would otherwise be read as one.

    https://developers.zoom.us/docs/api/using-zoom-apis/#meeting-id-and-uuid
    """
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def _object(response: requests.Response) -> dict[str, JSON]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable("Zoom answered with something that is not what it documents; this is tried again later.")
    return answer
