"""The headers every page goes out with: what a browser may load, and that it must not guess, tell or keep."""

from __future__ import annotations

from flask import Response, request

from app.web import cookies, csrf

# `form-action` gets the sign-in hosts of a vendor where a connector has such a form.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# For pages that strangers get: nothing of them is a program.
WITHOUT_SCRIPT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def after(response: Response) -> Response:
    stricter = response.headers.get("Content-Security-Policy") == WITHOUT_SCRIPT
    for name, value in ALWAYS.items():
        response.headers[name] = value
    if stricter:
        response.headers["Content-Security-Policy"] = WITHOUT_SCRIPT
        # Else browsers of before 2023 send `Origin: null` with a form, which is what another website's frame sends, too.
        response.headers["Referrer-Policy"] = "same-origin"
    if cookies.secure():
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=604800, immutable"
        return response
    response.headers.setdefault("Cache-Control", "no-store")
    return csrf.keep(response)
