"""Forms count only when they come from our own pages.

Two checks on every POST that a cookie could have carried: the browser's own word (Origin, Sec-Fetch-Site), and a token
that only our page knew. Signed in, the token is the session's; before that it is the form cookie's.
"""

from __future__ import annotations

import secrets
from hmac import compare_digest
from urllib.parse import urlsplit

from flask import Response, g, request

from app.web import cookies
from app.web.context import hub, session

FIELD = "csrf"
HEADER = "X-CSRF"


def token() -> str:
    """For the page's forms."""
    known = session()
    if known:
        return known.csrf
    if "form_token" not in g:
        g.form_token = cookies.read(cookies.FORM) or secrets.token_urlsafe(32)
        g.form_token_used = True
    return str(g.form_token)


def keep(response: Response) -> Response:
    """Sets the form cookie when a page outside a session has a form."""
    if g.get("form_token_used") and not cookies.read(cookies.FORM):
        cookies.write(response, cookies.FORM, str(g.form_token))
    return response


def holds() -> bool:
    known = session()
    expected = known.csrf if known else cookies.read(cookies.FORM)
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    return same_origin(request.headers, request.host_url, hub().settings.address) and (
        bool(expected) and compare_digest(expected.encode(), given.encode())
    )


def same_origin(headers: object, here: str, address: str) -> bool:
    """Whether the browser says that our own page asked. No word at all is fine: the token still has to fit."""
    get = headers.get  # type: ignore[attr-defined]
    site, origin = get("Sec-Fetch-Site", ""), get("Origin", "")
    if site and site not in ("same-origin", "none"):
        return False
    if origin == "null":  # what our own forms send too, because our pages ask for no referrer
        return bool(site)
    return not origin or _base(origin) in (_base(here), _base(address))


def _base(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
