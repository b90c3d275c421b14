"""The headers every page goes out with: what a browser may load, and that it must not guess, tell or keep."""

from __future__ import annotations

from flask import Response, request

from app.web import cookies, csrf

# `form-action` gets the sign-in hosts of a vendor where a connector has such a form.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def after(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers[name] = value
    if cookies.secure():
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=604800, immutable"
        return response
    response.headers.setdefault("Cache-Control", "no-store")
    return csrf.keep(response)
