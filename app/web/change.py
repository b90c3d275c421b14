"""One change in somebody else's system, as pages show it: what it says, where it can be seen, what exactly was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.core import connections
from app.core.hub import Hub
from app.web import words
from connectors.contract import JSON, Action, Role

_PLACE = re.compile(r"(?:,? \b(?:in|to|of|from|on))? ?\{(\w+)\}")
_ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_LONGEST = 120


def view_of(hub: Hub, write: Mapping[str, Any]) -> dict[str, Any]:
    """`write` as `runs.story` gives it."""
    slug, _, name = write["action"].partition(".")
    connector = hub.connectors.get(slug)
    action = connector.actions.get(name) if connector else None
    return {
        **{key: write[key] for key in ("id", "state", "error", "found_by", "undoes", "practice")},
        "helper": any(sign in write["item"] for sign in "<>"),  # goes before or after another change
        "says": _line(action, write),
        "where": connector.title if connector else slug,
        "link": link(write["url"], practice=write["practice"]),
        "facts": drawn(write["request"]),
        "calls": [c | {"ms": c["ended_at"] - c["started_at"] if c["ended_at"] else None} for c in write["calls"]],
    }


def _line(action: Action | None, write: Mapping[str, Any]) -> str:
    if action is None:
        return str(write["action"])
    if write["arguments"] is None:  # removed because of its age
        return action.label
    return says(action.says, write["arguments"], action.roles)


def asks(hub: Hub, connection_id: str, name: str, arguments: Mapping[str, JSON]) -> str:
    """The line of a change that somebody is asked about, and at which account it would happen; "" if it is not known."""
    try:
        account = connections.get(hub, connection_id)
    except LookupError:
        return ""
    action = hub.connectors[account["slug"]].actions.get(name)
    return (
        f"{says(action.says, arguments, action.roles)}. Account: {account['name']} ({account['title']})"
        if action
        else ""
    )


def says(template: str, arguments: Mapping[str, JSON], roles: Mapping[str, Role]) -> str:
    """The action's one line with its arguments filled in; a place known only by its id is left out."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        text = words.plain_json(arguments.get(name) or "")
        if not text or (roles.get(name) is Role.WHERE and _ID.fullmatch(text)):
            return ""
        short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        return match[0].replace("{" + name + "}", short)

    text = _PLACE.sub(fill, template)
    return text[:1].upper() + text[1:]


def link(url: str, *, practice: bool) -> str:
    """A link people may click: the vendor's own https page, or the practice page on this hub."""
    parts = urlsplit(url)
    if practice:
        return parts.path if parts.path.startswith("/practice/") else ""
    return url if parts.scheme == "https" else ""


def drawn(request: JSON) -> str:
    """A request as people can read it: what goes where, then the body."""
    if not isinstance(request, dict):
        return ""
    head = " ".join(str(request[key]) for key in ("method", "url", "path") if request.get(key))
    return "\n\n".join(part for part in (head, _body(request.get("body"))) if part)


def _body(body: JSON) -> str:
    if not isinstance(body, str) or not body:
        return words.plain_json(body) if body else ""
    try:
        return words.plain_json(json.loads(body))
    except ValueError:
        return body
