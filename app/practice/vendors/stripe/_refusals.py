"""What Stripe says when it says no: https://docs.stripe.com/error-codes"""

from __future__ import annotations

from typing import NoReturn

from app.practice.door import Refusal

ACCOUNT = "acct_practice"


def refuse(
    status: int, kind: str, message: str, *, code: str = "", param: str = "", headers: dict[str, str] | None = None
) -> NoReturn:
    said = {"message": message, "type": kind, "code": code or None, "param": param or None}
    error = {name: value for name, value in said.items() if value is not None}
    raise Refusal(status, {"error": error}, headers)


def invalid(message: str, *, code: str = "", param: str = "") -> NoReturn:
    refuse(400, "invalid_request_error", message, code=code, param=param)


def missing(message: str) -> NoReturn:
    refuse(404, "invalid_request_error", message)


def none_such(kind: str, which: str) -> NoReturn:
    noun = kind.replace("_", " ")
    refuse(404, "invalid_request_error", f"No such {noun}: '{which}'", code="resource_missing", param=kind)


def forbidden(permission: str) -> NoReturn:
    refuse(
        403,
        "invalid_request_error",
        f"The provided key 'rk_test_*********7d' does not have the required permissions for this endpoint on account "
        f"'{ACCOUNT}'. Having the '{permission}' permission would allow this request to continue.",
    )
