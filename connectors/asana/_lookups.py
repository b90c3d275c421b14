"""Finding the project, task or person somebody means, by name or by a pasted address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from connectors.asana._client import Asana, status_of, there
from connectors.asana._tasks import people
from connectors.asana._watch import watched
from connectors.contract import JSON, Choice, Refused

_NEW = re.compile(r"/1/\d+/(?:project/(?P<project>\d+))?(?:.*/task/(?P<task>\d+))?")
_OLD = re.compile(r"/0/(?P<project>\d+)(?:/(?P<task>\d+))?")


def projects(client: Asana, query: str) -> list[Choice]:
    """Projects that are not archived and whose name matches; with the workspace where there are several."""
    spaces = client.me.get("workspaces") or []
    found = []
    for space in spaces:
        suffix = f" ({space.get('name')})" if len(spaces) > 1 else ""
        for project in client.pages("/projects", workspace=space["gid"], archived="false", opt_fields="name"):
            if query.strip().casefold() in str(project.get("name")).casefold():
                found.append(Choice(str(project["gid"]), f"{project.get('name')}{suffix}"))
    return found


def tasks(client: Asana, query: str) -> list[Choice]:
    """Tasks as Asana's own search box offers them; where that is not for us, open ones of the starred projects."""
    try:
        found = [
            task
            for space in client.me.get("workspaces") or []
            for task in _offered(client, space["gid"], query.strip())
        ]
    except Exception as error:
        if status_of(error) != 403:
            raise
        found = [task for project in watched(client) for task in _open(client, project["gid"], query.strip())]
    return [Choice(str(task["gid"]), str(task.get("name") or "Untitled")) for task in found]


def _offered(client: Asana, workspace: str, query: str) -> list[JSON]:
    path = f"/workspaces/{workspace}/typeahead"
    return list(client.get(path, resource_type="task", query=query, count=20, opt_fields="name"))


def _open(client: Asana, project: str, query: str) -> list[JSON]:
    named = client.pages("/tasks", project=project, completed_since="now", opt_fields="name")
    return [task for task in named if query.casefold() in str(task.get("name")).casefold()]


def users(client: Asana, query: str) -> list[Choice]:
    wanted = query.strip().casefold()
    named = {str(user["gid"]): f"{user.get('name')} ({user.get('email') or 'no address'})" for user in people(client)}
    return [Choice(one, label) for one, label in named.items() if wanted in label.casefold()]


def resolve_user(client: Asana, text: str) -> list[Choice]:
    """Whom "me", an id, an e-mail address or a name means."""
    wanted = text.strip()
    wanted = str(client.me["gid"]) if wanted == "me" else wanted
    found = [one for one in users(client, "") if wanted == one.id] or (users(client, wanted) if wanted else [])
    if not found:
        raise Refused(
            f"Asana knows nobody called “{wanted[:60]}” in the workspaces of this user. Give an e-mail address."
        )
    return found


def resolve_project(client: Asana, text: str) -> list[Choice]:
    return _resolved(client, text, "project")


def resolve_task(client: Asana, text: str) -> list[Choice]:
    return _resolved(client, text, "task")


def _resolved(client: Asana, text: str, what: str) -> list[Choice]:
    """The address names both: /0/<project>/<task>, or /1/<workspace>/project/<project>/task/<task>."""
    path = urlsplit(text.strip()).path
    found = _NEW.match(path) or _OLD.match(path)
    number = found[what] if found else path if path.isascii() and path.isdigit() else ""
    thing: JSON = there(lambda: client.get(f"/{what}s/{number}", opt_fields="name")) if number else None
    if not thing:
        raise Refused(
            f"There is no {what} behind “{text.strip()[:80]}”, or it is not shared with this user. Open the {what} in Asana, "
            "copy the address of the page, and paste it here."
        )
    return [Choice(str(thing["gid"]), str(thing.get("name") or "Untitled"))]
