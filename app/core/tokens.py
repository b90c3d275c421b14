"""Talks to a vendor's token address: a code or a refresh token in, tokens out, its refusals as errors of ours.

Authlib makes the requests; they go through the door like all others, and nothing here tries again by itself. It is imported
when it is used: it takes 3 MB, and most processes never renew anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from app.core import masks
from app.core.answers import retry_after, vendor_words
from app.core.apps import App
from app.core.hosts import addresses
from app.core.http import Door, NotSent, as_json
from app.core.hub import Hub
from app.core.patience import Patience
from connectors.contract import JSON, Connector, ConnectorError, Life, OAuth2, Refused, Unauthorized, Unavailable

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

SECONDS = 15.0  # one exchange at a token address
_DAY = 86_400_000
_METHODS = {"basic": "client_secret_basic", "body": "client_secret_post", "none": "none"}


class WrongApp(Refused):
    """The vendor does not know our app, or not this secret of it."""


@dataclass(frozen=True)
class Tokens:
    """What a vendor gave us. Times are ms UTC, None where nothing is known. `scope` is what it says it granted."""

    credentials: Mapping[str, str] = field(repr=False)
    expires_at: int | None
    idle_until: int | None
    ends_at: int | None
    scope: str = ""

    def to_json(self) -> dict[str, JSON]:
        return {**self.__dict__, "credentials": dict(self.credentials)}


class Desk:
    """The token address of one vendor, for one app of ours."""

    def __init__(self, hub: Hub, connector: Connector, app: App) -> None:
        assert connector.oauth is not None
        self.hub, self.connector, self.oauth, self.app = hub, connector, connector.oauth, app
        bases, public_only = addresses(hub, connector, {}, "", practice=False)
        patience = Patience(hub.settings.patience)
        self.seconds = patience.call(SECONDS)
        heard = hub.tallies.call(connector.slug)
        alarm = patience.alarm(self.seconds)
        self.door = Door(bases, seconds=self.seconds, alarm=alarm, public_only=public_only, heard=heard)

    def exchange(self, code: str, verifier: str, return_address: str) -> Tokens:
        """A code into tokens. Raises WrongApp, Refused, Unauthorized (the code is no longer good) or Unavailable."""
        more = {"code_verifier": verifier} if verifier else {}
        masks.know(code, verifier)
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": return_address, **more}
        address = self._address(self.oauth.token)
        answer = self._ask(lambda session: session.fetch_token(address, headers=self._headers(), **given))
        return self._tokens(answer, {}, consented=True)

    def renew(self, credentials: Mapping[str, str]) -> Tokens:
        """New tokens for old ones; what the answer leaves out stays as it was. Raises like `exchange`; Unauthorized means
        that only signing in again helps."""
        old, address = credentials["refresh_token"], self._address(self.oauth.token)
        masks.know(old)
        answer = self._ask(lambda session: session.refresh_token(address, old, headers=self._headers()))
        return self._tokens(answer, credentials, consented=False)

    def revoke(self, credentials: Mapping[str, str]) -> None:
        """Gives the tokens back. Raises like `exchange`."""
        if not self.oauth.revoke:
            return
        token = credentials.get("refresh_token") or credentials["access_token"]
        masks.know(token)
        self._ask(
            lambda session: session.revoke_token(self._address(self.oauth.revoke), token, headers=self._headers()),
            as_json=self.oauth.json or self.oauth.json_revoke,
        )

    # --- details ---

    def _address(self, template: str) -> str:
        return address(template, self.door)

    def _headers(self) -> dict[str, str]:
        kind = "application/x-www-form-urlencoded;charset=UTF-8"
        return {"Accept": "application/json", "Content-Type": kind, **self.oauth.headers}

    def _ask(self, ask: Callable[[OAuth2Session], Any], as_json: bool | None = None) -> Any:
        from authlib.integrations.base_client import OAuthError
        from authlib.integrations.requests_client import OAuth2Session

        method = _METHODS[self.oauth.client]
        masks.know(self.app.client_secret)
        session = OAuth2Session(
            self.app.client_id,
            self.app.client_secret or None,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
        )
        self.door.carry(session)
        if self.oauth.json if as_json is None else as_json:
            session.register_client_auth_method((method, _as_json(method)))
        self.door.forget()
        try:
            return ask(session)
        except ConnectorError as problem:
            masks.masked(problem)
            raise
        except OAuthError as refusal:
            raise masks.masked(self._refusal(str(refusal.error or ""), str(refusal.description or ""))) from refusal
        except Exception as problem:
            raise masks.masked(self._trouble(problem)) from problem

    def _trouble(self, problem: Exception) -> Exception:
        title, last = self.connector.signs_in_at, self.door.last
        if isinstance(self.door.failure, NotSent):
            return Unavailable(f"{title} could not be reached: {self.door.failure}")
        if self.door.failure is not None:
            return Unavailable(f"{title}: {self.door.failure}")
        if last is None:
            return problem
        if last.status == 429 or last.status >= 500:
            seconds = retry_after(last, self.hub.now() / 1000)
            return Unavailable(f"{title} answered {last.status} when asked to let us in", seconds)
        if last.status >= 400:
            return self._refusal("", vendor_words(last))
        return Unavailable(f"{title} gave an answer that cannot be read when asked to let us in")

    def _refusal(self, error: str, words: str) -> Exception:
        """What the vendor's error word means (RFC 6749, section 5.2, and what `dead` adds to it)."""
        title, status = self.connector.signs_in_at, self.door.last.status if self.door.last else 0
        said = f" ({title} says: {(words or error)[:300].rstrip('.')})" if words or error else ""
        if error == "invalid_grant" or error in self.oauth.dead:
            return Unauthorized(f"{title} no longer lets us in. Sign in there again{said}")
        if error in ("invalid_client", "unauthorized_client") or (status == 401 and not error):
            return WrongApp(f"{title} does not know this app. Check its client ID and client secret{said}")
        if status == 429 or status >= 500:
            return Unavailable(f"{title} cannot let us in for now{said}")
        return Refused(f"{title} did not let us in{said}")

    def _tokens(self, answer: Any, before: Mapping[str, str], *, consented: bool) -> Tokens:
        found = dict(answer) if isinstance(answer, Mapping) else {}
        if self.oauth.read is not None:
            found = self.oauth.read(as_json(self.door.last) or found)
        token = found.get("access_token")
        if not isinstance(token, str) or not token:
            raise Unavailable(
                f"{self.connector.signs_in_at} answered without letting us in: there is no access token in it"
            )
        named = ("refresh_token", *self.oauth.kept)
        kept = {name: str(found[name]) for name in named if found.get(name)}
        masks.know(token, kept.get("refresh_token", ""))
        now = self.hub.now()
        return Tokens(
            {**before, **kept, "access_token": token},
            _after(now, found.get("expires_in"), (self.oauth.life or 0) / 86_400),
            _until(now, found, self.oauth.idle),
            _until(now, found, self.oauth.hard if consented else replace(self.oauth.hard, days=None)),
            _granted(found.get("scope") or found.get("scopes")),
        )


def address(template: str, door: Door) -> str:
    """`"{token}/path"` with the base address of that host."""
    host, _, path = template.partition("}")
    return door.url(host.removeprefix("{")) + path


def authorize_address(oauth: OAuth2, door: Door, app: App, state: str, verifier: str, return_address: str) -> str:
    """Where a person says yes."""
    from authlib.integrations.requests_client import OAuth2Session

    scope = oauth.separator.join(oauth.scopes) or None
    session = OAuth2Session(app.client_id, scope=scope, redirect_uri=return_address, code_challenge_method="S256")
    url, _ = session.create_authorization_url(
        address(oauth.authorize, door), state=state, code_verifier=verifier or None, **oauth.ask
    )
    return str(url)


def _granted(said: JSON) -> str:
    """With spaces between them. Some vendors send a list, or call it `scopes`."""
    return " ".join(map(str, said)) if isinstance(said, list) else str(said or "").replace(",", " ")


def _until(now: int, answer: Mapping[str, JSON], life: Life) -> int | None:
    return _after(now, answer.get(life.field) if life.field else None, life.days or 0)


def _after(now: int, seconds: JSON, days: float) -> int | None:
    """`seconds` as the answer says them, else `days`; 0 is not known. Vendors send numbers and texts of numbers."""
    try:
        said = float(seconds) if seconds is not None and not isinstance(seconds, bool) else 0.0
    except (TypeError, ValueError):
        said = 0.0
    ms = said * 1000 if 0 < said < 1e10 else days * _DAY
    return now + int(ms) if ms else None


def _as_json(method: str) -> Callable[..., tuple[str, dict[str, str], str]]:
    """Authlib's way of proving who we are, with the form turned into JSON."""
    from authlib.oauth2.auth import ClientAuth

    usual = ClientAuth.DEFAULT_AUTH_METHODS[method]

    def prove(client: Any, verb: str, url: str, headers: Any, body: str) -> tuple[str, dict[str, str], str]:
        url, headers, body = usual(client, verb, url, headers, body)
        headers["Content-Type"] = "application/json"
        return url, headers, json.dumps(dict(parse_qsl(body)), sort_keys=True)

    return prove
