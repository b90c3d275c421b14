"""A till that one signs in to: PKCE, Basic, tokens of an hour that end with each renewal, its number in the return address."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from connectors.contract import (
    JSON,
    Account,
    Action,
    ApiKey,
    BadSignature,
    Connector,
    Event,
    Hook,
    Http,
    Label,
    Life,
    OAuth2,
    Received,
    Role,
    Safety,
    Trigger,
)


class Till:
    def __init__(self, credentials: Mapping[str, str], http: Http) -> None:
        self.base, self.session, self.number = http.url("api"), http.session, credentials.get("till", "")
        self.session.headers["Authorization"] = f"Bearer {credentials['access_token']}"

    def ask(self, method: str, path: str, body: JSON = None) -> JSON:
        answer = self.session.request(method, f"{self.base}/v1/{path}", json=body)
        answer.raise_for_status()
        return answer.json()


def check(client: Till) -> Account:
    me = client.ask("GET", "me")
    return Account(me["id"], me["name"])


def note(client: Till, key: str, *, ref: str, text: str) -> JSON:
    return {"id": client.ask("POST", "notes", {"id": key, "ref": ref, "text": text})["id"]}


def find_note(client: Till, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return [{"id": found["id"]} for found in client.ask("GET", f"notes?id={key}")]


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    seals = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(seal, headers.get("x-till", "")) for seal in seals):
        raise BadSignature
    return Received((Event("sale", json.loads(body)["ref"], body, serial_key="till"),))


connector = Connector(
    slug="till",
    title="Till",
    says="Notes on sales.",
    hosts={"api": "https://api.till.example", "door": "https://door.till.example"},
    auth=ApiKey(()),
    oauth=OAuth2(
        authorize="{door}/consent",
        token="{door}/oauth/token",
        revoke="{door}/oauth/revoke",
        scopes={"notes.write": "write notes", "sales.read": "see sales"},
        guide=("Open my.till.example and click New app.", "Enter the return address."),
        ask={"prompt": "consent"},
        headers={"X-Tell-Hard-Life": "true"},
        callback=("till",),
        idle=Life(100, "refresh_expires_in"),
        hard=Life(5 * 365, "hard_expires_in"),
        issuer="https://door.till.example",
    ),
    open=Till,
    check=check,
    explain=lambda status, body: None,
    hook=Hook(receive, "Signing key"),
    triggers=(
        Trigger(
            "sale",
            "Something was sold",
            lambda body: dict(json.loads(body)),
            {"ref": Label.VENDOR, "text": Label.OUTSIDE},
        ),
    ),
    actions={
        "note": Action(
            note,
            "Write a note",
            "writes the note {ref}",
            Safety.FINDABLE,
            {"ref": Role.PLAIN, "text": Role.CONTENT},
            find=find_note,
            settle=0,
        )
    },
)
