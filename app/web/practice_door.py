"""The door of the practice vendors at /practice: their clients pass with the practice token, people with their session.

The practice vendors are one WSGI application of their own that knows nothing of users, so this stands in front of it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.exceptions import Forbidden, SecurityError
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.utils import redirect
from werkzeug.wrappers import Request

from app.core import sessions, users
from app.core.hub import Hub
from app.web import cookies, csrf, headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class PracticeDoor:
    """Wraps the practice application. `interfaces`: what the vendors' own addresses begin with."""

    def __init__(
        self, hub: Hub, inner: WSGIApplication, token: str, hosts: list[str] | None, interfaces: tuple[str, ...]
    ) -> None:
        self._hub, self._inner, self._token, self._hosts = hub, inner, token, hosts
        self._interfaces = interfaces

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if self._hosts and not host_is_trusted(request.headers.get("Host", ""), self._hosts):
            return SecurityError()(environ, start_response)
        if self._is_client(request):
            return self._inner(environ, start_response)
        if not self._is_person(request):
            back = quote(request.root_path + request.path)
            return redirect(f"/sign-in?next={back}", 303)(environ, start_response)
        if request.method not in ("GET", "HEAD") and not csrf.same_origin(
            request.headers, request.host_url, self._hub.settings.address
        ):
            return Forbidden()(environ, start_response)
        return self._inner(environ, _with_headers(start_response))

    def _is_client(self, request: Request) -> bool:
        """Whether the request carries the practice token, as a bearer or as the password of a pair.

        The vendors' own interfaces check it themselves: they answer a wrong token in the vendor's words, and the
        practice Zoom hands out access tokens that only it can read.
        """
        if request.path.startswith(self._interfaces):
            return True
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            value = _password(value)
        elif scheme.lower() != "bearer":
            return False
        return compare_digest(value.strip().encode(), self._token.encode())

    def _is_person(self, request: Request) -> bool:
        https = request.is_secure or self._hub.settings.address.startswith("https://")
        cookie = request.cookies.get(cookies.full(cookies.SESSION, https), "")
        known = sessions.find(self._hub, cookie) if cookie else None
        return known is not None and users.may(known.user.role, "see")


def _password(pair: str) -> str:
    try:
        return base64.b64decode(pair, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _with_headers(start_response: StartResponse) -> StartResponse:
    """Adds to the practice pages what our own pages go out with."""

    def start(status: str, given: list[tuple[str, str]], exc_info: object = None) -> object:
        names = {name.lower() for name in headers.ALWAYS}
        kept = [(name, value) for name, value in given if name.lower() not in names]
        return start_response(status, kept + list(headers.ALWAYS.items()), exc_info)  # type: ignore[arg-type]

    return start  # type: ignore[return-value]
