"""What our functions are handed: Slack's Web API behind our door. https://docs.slack.dev/apis/web-api/

Slack says no with status 200 and `"ok": false`, so every answer is looked into here. Nothing is sent twice by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import requests

from connectors.contract import JSON, Account, Http, Refused
from connectors.slack._refusals import refusal

PAGE = 200  # https://docs.slack.dev/apis/web-api/pagination : at most 200 are recommended
PAGES = 20
SCOPES = {
    "chat:write": "post messages, change and delete its own",
    "channels:read": "list the public channels to choose from",
    "groups:read": "list the private channels it was invited to",
    "channels:history": "read messages in the public channels it was invited to",
    "groups:history": "read messages in the private channels it was invited to",
}


class Slack:
    """One workspace, as our app's bot."""

    def __init__(self, token: str, http: Http) -> None:
        self.token = token
        self._base, self._session = f"{http.url('api')}/api", http.session
        self._me: dict[str, JSON] = {}

    def get(self, method: str, **query: str | int) -> dict[str, JSON]:
        """Reads are forms; only writes may be JSON."""
        sent = {name: str(value) for name, value in query.items()}
        return _answer(self._session.get(f"{self._base}/{method}", params=sent, headers=self._headers()))

    def post(self, method: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
        """One change; the same bytes for the same body."""
        data = json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
        headers = {**self._headers(), "Content-Type": "application/json; charset=utf-8"}
        return _answer(self._session.post(f"{self._base}/{method}", data=data, headers=headers))

    def all(self, method: str, entries: str, most: int = PAGES, **query: str | int) -> Iterator[dict[str, JSON]]:
        """Every entry of a list. Raises `Unavailable` for one that goes on after `most` pages."""
        cursor: dict[str, str | int] = {}
        for _ in range(most):
            answer = self.get(method, **{"limit": PAGE, **query, **cursor})
            yield from answer.get(entries) or []
            following = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not following:
                return
            cursor = {"cursor": str(following)}
        raise refusal("list_does_not_end", {})

    def me(self) -> dict[str, JSON]:
        """`team_id`, `bot_id` and the like; asked for once."""
        if not self._me:
            self._me = self.get("auth.test")
        return self._me

    def missing_scopes(self) -> list[str]:
        """Those of `SCOPES` that the token has not. Slack names them in a header of every answer; none if it does not."""
        answer = self._session.get(f"{self._base}/auth.test", headers=self._headers())
        self._me = _answer(answer)
        said = answer.headers.get("x-oauth-scopes", "")
        granted = {one.strip() for one in said.split(",")}
        return [scope for scope in SCOPES if scope not in granted] if said else []

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def _answer(response: requests.Response) -> dict[str, JSON]:
    """Raises what the error means; `ValueError` where nobody can know whether it was done."""
    response.raise_for_status()
    answer = response.json()
    if not isinstance(answer, dict):
        raise ValueError("an answer that is no object")
    if answer.get("ok") is not True:
        raise refusal(str(answer.get("error") or "no reason"), {**answer, "retry": response.headers.get("retry-after")})
    return answer


def open_account(credentials: Mapping[str, str], http: Http) -> Slack:
    """With the token of a sign-in, or with one that a person copied."""
    return Slack((credentials.get("access_token") or credentials.get("token") or "").strip(), http)


def check(client: Slack) -> Account:
    """The workspace. Raises `Refused` for a token of another kind, or one that may not do what is needed."""
    _right_kind(client.token)
    missing = client.missing_scopes()
    me = client.me()
    if not me.get("bot_id"):
        raise Refused(_COPY_THIS.format("This is the token of a person, not of the app's bot."))
    if missing:
        raise Refused(
            f"The Slack app lacks these permissions: {', '.join(missing)}. Open api.slack.com/apps, choose the app, then "
            "OAuth & Permissions, add them under Bot Token Scopes, click Reinstall to Workspace, and try again."
        )
    return Account(str(me.get("team_id") or me.get("enterprise_id") or ""), str(me.get("team") or "Slack"))


_COPY_THIS = (
    "{} Open api.slack.com/apps, choose the app, then OAuth & Permissions, and copy the Bot User OAuth Token, which starts "
    "with xoxb-."
)


def _right_kind(token: str) -> None:
    kinds = {"xoxp-": "This is the token of a person.", "xapp-": "This is a token of the app itself."}
    other = next((words for start, words in kinds.items() if token.startswith(start)), "")
    if other or "https://hooks." in token:
        raise Refused(_COPY_THIS.format(other or "This is the address of an incoming webhook."))
