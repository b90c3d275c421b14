"""The cookies, and how they are set.

On https the names carry the `__Host-` prefix, which binds them to this host. A browser refuses that prefix (and Secure)
on plain http, so a hub that is used on its own machine at http://127.0.0.1 has the same cookies without both.
"""

from __future__ import annotations

from flask import Response, request

from app.web.context import hub

SESSION = "patchbay"
FORM = "patchbay-form"


def secure() -> bool:
    return request.is_secure or hub().settings.address.startswith("https://")


def read(name: str) -> str:
    return request.cookies.get(full(name, secure()), "")


def write(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    https = secure()
    response.set_cookie(
        full(name, https), value, max_age=seconds, path="/", secure=https, httponly=True, samesite="Lax"
    )


def drop(response: Response, name: str) -> None:
    write(response, name, "", 0)


def full(name: str, https: bool) -> str:
    return ("__Host-" if https else "") + name
