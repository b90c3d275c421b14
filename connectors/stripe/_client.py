"""What our functions are handed: Stripe's SDK behind our door, asked in its own raw way.

Requests are built by hand on `raw_request`, so that answers come as plain JSON and bodies are the same bytes each time.
https://docs.stripe.com/api
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from connectors.contract import JSON, Account, Http, InProgress, Refused, Unauthorized, Unavailable

KEY = "patchbay"
"""The name in an object's metadata under which our key stands, by which our own objects are found again."""

PAGE = 100  # the most that Stripe lists at once: https://docs.stripe.com/api/pagination
PAGES = 20
_ACCOUNT = re.compile(r"\bacct_\w+")
_KEYS_PAGE = "dashboard.stripe.com, Developers, API keys"


class Stripe:
    """One account, in live or in test mode. `live` is None where the key does not say."""

    def __init__(self, key: str, http: Http) -> None:
        self.key = key
        self.live = True if "_live_" in key[:8] else False if "_test_" in key[:8] else None
        self._sdk = _sdk(key, http)

    def get(self, path: str, query: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
        return self._ask("get", path, query or {})

    def post(self, path: str, key: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        """One change. `key` goes along as the idempotency key: https://docs.stripe.com/api/idempotent_requests"""
        return self._ask("post", path, body, idempotency_key=key)

    def delete(self, path: str) -> dict[str, JSON]:
        return self._ask("delete", path, {})

    def all(self, path: str, query: Mapping[str, JSON] | None = None, most: int = PAGES) -> Iterator[dict[str, JSON]]:
        """Every entry of a list, newest first. Raises `Unavailable` for one that goes on after `most` pages."""
        after: dict[str, JSON] = {}
        for _ in range(most):
            answer = self.get(path, {**(query or {}), "limit": PAGE, **after})
            entries = answer["data"]
            yield from entries
            if not answer.get("has_more") or not entries:
                return
            after = {"starting_after": entries[-1]["id"]}
        raise Unavailable("Stripe's list does not end; this is tried again later.")

    def _ask(self, method: str, path: str, params: Mapping[str, JSON], **options: str) -> dict[str, JSON]:
        from stripe import RateLimitError, StripeError

        try:
            answer = self._sdk.raw_request(method, path, **_sorted(dict(params)), **options)
        except StripeError as problem:
            _try_later(problem, limited=isinstance(problem, RateLimitError) and problem.http_status == 400)
            raise
        if not isinstance(answer.data, dict):
            raise ValueError("an answer that is no object")
        return dict(answer.data)


def _try_later(problem: Any, limited: bool) -> None:
    """Refusals after which surely nothing was done and the same request, with the same key, may be sent again.

    https://docs.stripe.com/error-low-level#idempotency : conflicts and limits are not stored under the key.
    """
    headers = problem.headers or {}
    wished = headers.get("stripe-should-retry") == "true"
    if problem.http_status == 409:
        raise InProgress("Stripe is still busy with an earlier request for this") from problem
    if limited or (wished and problem.http_status in (400, 402, 404)):
        wait = headers.get("retry-after", "")
        raise Unavailable("Stripe asks us to slow down", float(wait) if wait.isdecimal() else 5.0) from problem


def _sdk(key: str, http: Http) -> Any:
    """The SDK on our session: no retries of its own, and nothing about this computer in its headers."""
    import stripe

    class Through(stripe.RequestsClient):
        """Takes out what the SDK adds for itself: its platform and environment, and the notices that it prints."""

        def request(
            self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **more: Any
        ) -> Any:
            sent = {k: v for k, v in (headers or {}).items() if not k.startswith("X-Stripe-Client")}
            sent["User-Agent"] = "Patchbay"
            content, status, answered = super().request(method, url, sent, post_data)
            return content, status, {k.lower(): v for k, v in answered.items() if k.lower() != "stripe-notice"}

    stripe.enable_telemetry = False  # else it writes a random id into the home folder and sends it along
    through = Through(session=http.session)
    return stripe.StripeClient(key, base_addresses={"api": http.url("api")}, http_client=through, max_network_retries=0)


def _sorted(value: JSON) -> JSON:
    """The same bytes for the same change, whatever order a journal gave the names back in."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def open_account(credentials: Mapping[str, str], http: Http) -> Stripe:
    return Stripe(credentials.get("key", "").strip(), http)


# --- whose account it is ----------------------------------------------------------------------------------------------


def check(client: Stripe) -> Account:
    """The account of the key; its id says the mode, too, because test and live are separate worlds.

    Most restricted keys may not read the account, but the refusal names it. Raises `Refused` for a key of another kind.
    """
    _right_kind(client.key)
    mode = "" if client.live else ":test"
    try:
        own = client.get("/v1/account")
    except Exception as problem:
        if status_of(problem) != 403:
            raise
        client.get("/v1/events", {"limit": 1})  # what every recipe needs; its refusal names the permission
        found = _ACCOUNT.search(str(problem))
        return Account(found[0] + mode if found else "", _named(found[0] if found else "", client))
    return Account(str(own["id"]) + mode, _named(_title(own), client))


def _title(own: dict[str, JSON]) -> str:
    shown = ((own.get("settings") or {}).get("dashboard") or {}).get("display_name")
    return str(shown or (own.get("business_profile") or {}).get("name") or own.get("email") or own["id"])


def _named(name: str, client: Stripe) -> str:
    return f"{name or 'Stripe'}{'' if client.live else ' (test mode)'}"


def _right_kind(key: str) -> None:
    if key.startswith("sk_"):
        raise Refused(
            "This is the secret key of the whole account. Make a restricted key instead, which may do only what is "
            f"needed: open {_KEYS_PAGE}, click Create restricted key, and follow the clicks here."
        )
    if key.startswith(("pk_", "whsec_")):
        other = "publishable key" if key.startswith("pk_") else "signing secret of a webhook"
        raise Refused(f"This is a {other}. Copy the restricted key, which starts with rk_, from {_KEYS_PAGE}.")
    if not key.startswith(("rk_live_", "rk_test_")):
        raise Unauthorized(f"This is no restricted key of Stripe: those start with rk_. Make one at {_KEYS_PAGE}.")


# --- details that all parts need --------------------------------------------------------------------------------------


def status_of(error: Exception) -> int | None:
    """The HTTP status that an error of the SDK carries, else None."""
    status = getattr(error, "http_status", None)
    return status if isinstance(status, int) else None


def segment(id: str) -> str:
    """An id as one part of an address, whatever it holds."""
    return quote(id, safe="")


def found_or_none(client: Stripe, path: str) -> dict[str, JSON] | None:
    """The object, or None if there is none (any more): a deleted customer is still answered, marked as deleted."""
    try:
        found = client.get(path)
    except Exception as error:
        if status_of(error) == 404:
            return None
        raise
    return None if found.get("deleted") else found


def gone_is_as_good(client: Stripe, path: str) -> None:
    """Deletes an object, unless it is gone already."""
    try:
        client.delete(path)
    except Exception as error:
        if status_of(error) != 404:
            raise


def page_of(client: Stripe, kind: str, id: str) -> str:
    """Where people see an object."""
    return f"https://dashboard.stripe.com/{'' if client.live else 'test/'}{kind}/{segment(id)}"
