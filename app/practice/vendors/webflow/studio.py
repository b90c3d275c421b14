"""The practice Webflow's own state: its site, collections and form, ids, times, and lists in pages."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from flask import request

from app.practice.door import Ground, Refusal
from app.practice.oauth import Habits

JSON = Any
SLUG = "webflow"
SITES = [{"id": "65f0aa", "displayName": "Practice studio", "shortName": "practice-studio", "workspaceId": "65e0aa"}]
_OWN = [
    {"id": "f1", "slug": "name", "displayName": "Name", "type": "PlainText", "isRequired": True},
    {"id": "f2", "slug": "slug", "displayName": "Slug", "type": "PlainText", "isRequired": True},
]
_KINDS = {"options": [{"id": "o-open", "name": "Open to all"}, {"id": "o-members", "name": "Members only"}]}
COLLECTIONS: dict[str, dict[str, JSON]] = {
    "65b1aa": {
        "id": "65b1aa",
        "displayName": "Events",
        "slug": "events",
        "fields": [
            *_OWN,
            {"id": "f3", "slug": "date-and-time", "displayName": "Date", "type": "DateTime", "isRequired": True},
            {"id": "f4", "slug": "body", "displayName": "Text", "type": "RichText"},
            {"id": "f5", "slug": "place", "displayName": "Place", "type": "PlainText"},
            {"id": "f6", "slug": "kind", "displayName": "Who may come", "type": "Option", "validations": _KINDS},
            {"id": "f7", "slug": "seats", "displayName": "Seats", "type": "Number"},
            {"id": "f8", "slug": "online-too", "displayName": "Online, too", "type": "Switch"},
            {"id": "f9", "slug": "picture", "displayName": "Picture", "type": "Image"},
            {"id": "f10", "slug": "hosts", "displayName": "Hosts", "type": "MultiReference"},
        ],
    },
    "65b2aa": {"id": "65b2aa", "displayName": "Jobs", "slug": "jobs", "fields": [*_OWN]},
}
FORMS = {
    "65f1aa": {"id": "65f1aa", "displayName": "Contact", "siteId": "65f0aa", "pageName": "Home"},
    "65f2aa": {"id": "65f2aa", "displayName": "Contact", "siteId": "65f0aa", "pageName": "About"},
}
HABITS = Habits(
    slug=SLUG,
    title="Webflow",
    accounts={"65f0aa": "Practice studio"},
    scopes=("sites:read", "sites:write", "cms:read", "cms:write", "forms:read"),
    client="body",
    pkce=False,
    life=10 * 365 * 86_400,
    says_life=False,
    all_accounts=True,
)


@dataclass
class Studio:
    """`signed_in`: the token came from signing in, so webhooks are signed with the app's secret."""

    ground: Ground
    signed_in: bool = False

    def note(self, name: str, default: JSON = None) -> JSON:
        return self.ground.ledger.note(f"webflow_{name}", default)

    def new_id(self) -> str:
        return f"65a5{secrets.token_hex(6)}"

    def get(self, kind: str, own: str) -> JSON:
        return self.ground.ledger.get(SLUG, own, kind)

    def all(self, kind: str) -> list[JSON]:
        return self.ground.ledger.objects(SLUG, kind)

    def keep(self, kind: str, thing: dict[str, JSON]) -> None:
        self.ground.ledger.put(SLUG, kind, thing)

    def drop(self, own: str) -> None:
        self.ground.ledger.change("delete from objects where slug=? and id=?", SLUG, own)

    def happened(self, trigger: str, payload: JSON) -> None:
        """What webhooks will tell."""
        self.keep("event", {"id": f"event-{secrets.token_hex(8)}", "triggerType": trigger, "payload": payload})


def refuse(
    status: int, code: str, message: str, details: list[JSON] | None = None, headers: dict[str, str] | None = None
) -> NoReturn:
    body = {"code": code, "message": message, "externalReference": None, "details": details or []}
    raise Refusal(status, body, headers)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def page(name: str, found: list[JSON]) -> dict[str, JSON]:
    limit, offset = int(request.args.get("limit", 100)), int(request.args.get("offset", 0))
    if not 1 <= limit <= 100:
        refuse(400, "validation_error", "Validation Error", ["limit must be at most 100"])
    counts = {"limit": limit, "offset": offset, "total": len(found)}
    return {name: found[offset : offset + limit], "pagination": counts}
