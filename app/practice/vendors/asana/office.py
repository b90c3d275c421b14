"""The practice Asana's own state: its workspace, people and projects, ids, times and lists in pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from flask import Response, jsonify, request

from app.practice.door import Ground, Refusal
from app.practice.oauth import Habits

JSON = Any
SLUG = "asana"
WORKSPACE = {"gid": "1100", "name": "Practice office", "resource_type": "workspace"}
PEOPLE = {
    "1201": {"gid": "1201", "name": "Patchbay", "email": "patchbay@practice.example", "resource_type": "user"},
    "1202": {"gid": "1202", "name": "Ana Silva", "email": "ana.silva@practice.example", "resource_type": "user"},
    "1203": {"gid": "1203", "name": "Ben Okafor", "email": "ben@practice.example", "resource_type": "user"},
    "1204": {"gid": "1204", "name": "Ben Okafor", "email": "ben.2@practice.example", "resource_type": "user"},
}
PROJECTS = {
    "1301": {"gid": "1301", "name": "Office", "resource_type": "project"},
    "1302": {"gid": "1302", "name": "Grants", "resource_type": "project"},
    "1303": {"gid": "1303", "name": "Archive of wishes", "resource_type": "project"},
}
ME = "1201"
HABITS = Habits(
    slug=SLUG,
    title="Asana",
    accounts={ME: "Patchbay"},
    scopes=(
        "tasks:read",
        "tasks:write",
        "tasks:delete",
        "stories:read",
        "stories:write",
        "projects:read",
        "users:read",
        "workspaces:read",
        "webhooks:read",
        "webhooks:write",
        "webhooks:delete",
    ),
    client="body",
    rotates=False,
    answer=lambda account: {"data": {"id": int(account), "name": "Patchbay", "email": PEOPLE[account]["email"]}},
)


@dataclass
class Office:
    """`signed_in`: the request came with a token of an app, which alone may keep and read `external`."""

    ground: Ground
    signed_in: bool = False

    def note(self, name: str, default: JSON = None) -> JSON:
        return self.ground.ledger.note(f"asana_{name}", default)

    def gid(self) -> str:
        last = int(self.note("last", 1_207_000)) + 1
        self.ground.ledger.set_note("asana_last", last)
        return str(last)

    def get(self, kind: str, gid: str) -> JSON:
        return self.ground.ledger.get(SLUG, gid, kind)

    def all(self, kind: str) -> list[JSON]:
        return self.ground.ledger.objects(SLUG, kind)

    def keep(self, kind: str, thing: dict[str, JSON]) -> None:
        self.ground.ledger.put(SLUG, kind, {**thing, "id": thing["gid"]})

    def drop(self, gid: str) -> None:
        self.ground.ledger.change("delete from objects where slug=? and id=?", SLUG, gid)


def refuse(status: int, message: str, headers: dict[str, str] | None = None) -> NoReturn:
    help_ = "For more information on API status codes and how to handle them, read the docs on errors."
    raise Refusal(status, {"errors": [{"message": message, "help": help_}]}, headers)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def data() -> dict[str, JSON]:
    """The body's "data". Forgetting to wrap it is a 400."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        refuse(400, "Could not parse request data, invalid JSON or missing data")
    return dict(body["data"])


def shown(thing: JSON, kind: str) -> JSON:
    """Compact unless fields are asked for: https://developers.asana.com/docs/inputoutput-options"""
    fields = {one.split(".")[0] for one in request.args.get("opt_fields", "").split(",") if one}
    wanted = {"gid", *(fields or {"name", "resource_type"})}
    return {name: value for name, value in {**thing, "resource_type": kind}.items() if name in wanted}


def listed(office: Office, found: list[JSON]) -> Response:
    """A page, if one is asked for; its offset is good for this list only."""
    if "limit" not in request.args:
        return jsonify(data=found[:1000])
    limit = int(request.args["limit"])
    if not 1 <= limit <= 100:
        refuse(400, "limit: Must be between 1 and 100")
    limit = min(limit, int(office.note("page", 100)))
    offset = request.args.get("offset", "o0")
    if not offset.startswith("o") or not offset[1:].isdigit():
        refuse(400, "offset: Your pagination token is invalid.")
    start = int(offset[1:])
    more = start + limit < len(found)
    following = {"offset": f"o{start + limit}", "path": request.path, "uri": request.base_url} if more else None
    return jsonify(data=found[start : start + limit], next_page=following)
