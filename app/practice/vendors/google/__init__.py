"""The practice Google: one sign-in and, behind it, its services, which take only what Google's own descriptions allow.

https://developers.google.com/workspace . Each service is a module of its own with `routes(api, suite)`.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Vendor, in_time, interface
from app.practice.vendors.google import calendar, described, docs, drive, look, mail, sheets
from app.practice.vendors.google.described import Operation, Unfit
from app.practice.vendors.google.suite import ACCOUNTS, HABITS, SLUG, Suite, refuse

_WEEK = 604_799
_TITLES = {
    "calendar": "Google Calendar",
    "gmail": "Gmail",
    "sheets": "Google Sheets",
    "drive": "Google Drive",
    "docs": "Google Docs",
}
_SERVICES = (calendar, mail, sheets, drive, docs)
_SIGN_IN = ("/token", "/revoke")


def blueprint(ground: Ground) -> Blueprint:
    api, suite = interface(SLUG, ground), Suite(ground)
    api.before_request(lambda: _admit(suite))
    oauth.routes(api, ground, HABITS, "/token", "/revoke")

    @api.get("/oauth2/v2/userinfo")
    def me() -> Response:
        grant = oauth.admit(ground, HABITS) or {}
        name = ACCOUNTS[grant["account"]]
        return jsonify(id=grant["account"], email=name, verified_email=True, picture="")

    for service in _SERVICES:
        service.routes(api, suite)

    @api.after_request
    def as_google_does(response: Response) -> Response:
        return _token_answer(suite, response) if request.path.endswith("/token") else response

    return api


def _admit(suite: Suite) -> None:
    """What is asked for must be described, the service switched on, the token good, and the scope among those granted."""
    path = request.path[len(SLUG) + 1 :]
    if path in _SIGN_IN:
        return
    grant = oauth.admit(suite.ground, HABITS)
    if grant is None or SLUG in suite.ground.ledger.note("revoked", []):
        refuse(401, "authError", "Request had invalid authentication credentials.", "UNAUTHENTICATED")
    operation = _operation(path)
    if operation.api in suite.note("off", []):
        words = f"{_TITLES[operation.api]} API has not been used in project 42 before or it is disabled."
        refuse(403, "accessNotConfigured", words, "PERMISSION_DENIED")
    if operation.scopes and not set(operation.scopes) & set(str(grant["scope"]).split()):
        refuse(403, "insufficientPermissions", "Request had insufficient authentication scopes.", "PERMISSION_DENIED")
    if in_time(suite.ground, f"{SLUG}-{operation.api}", float(suite.note("rate", 10)), 100):
        refuse(403, "rateLimitExceeded", "Rate Limit Exceeded")


def _operation(path: str) -> Operation:
    try:
        return described.check(request.method, path, request.args.to_dict(flat=False), request.get_data())
    except Unfit as problem:
        known = "is not described" not in str(problem)
        refuse(400 if known else 404, "badRequest" if known else "notFound", str(problem))


def _token_answer(suite: Suite, response: Response) -> Response:
    """A refresh token comes with a consent that asked for it, and with no renewal; a sign-in in testing says when it ends."""
    found = response.get_json(silent=True)
    if response.status_code != 200 or not isinstance(found, dict):
        return response
    if request.form.get("grant_type") == "refresh_token" or not suite.note("offline", False):
        found.pop("refresh_token", None)
    if suite.note("testing", False):
        found["refresh_token_expires_in"] = _WEEK
    response.set_data(jsonify(found).get_data())
    return response


def pages(ground: Ground) -> Blueprint:
    site, suite = oauth.pages(ground, HABITS, "/o/oauth2/v2/auth"), Suite(ground)

    @site.before_request
    def remember() -> None:
        if request.method == "POST":
            given = request.args
            asked = given.get("access_type") == "offline" and "consent" in given.get("prompt", "")
            suite.set_note("offline", asked)

    look.add_page(site, suite)
    return site


def commands(ground: Ground) -> dict[str, Command]:
    suite = Suite(ground)
    found = [service.commands(suite) for service in _SERVICES]
    return dict(oauth.commands(ground, HABITS)) | {name: one for some in found for name, one in some.items()}


def seed(ground: Ground) -> None:
    calendar.seed(Suite(ground))
    mail.seed(Suite(ground))
    sheets.seed(Suite(ground))


vendor = Vendor(
    slug=SLUG,
    title="Google",
    says="Calendars, a mailbox and more. What recipes write stands here.",
    paths=("/calendar/", "/gmail/", "/v4/", "/v1/", "/drive/", "/oauth2/v2/", *_SIGN_IN),
    blueprint=blueprint,
    pages=pages,
    commands=commands,
    seed=seed,
)
