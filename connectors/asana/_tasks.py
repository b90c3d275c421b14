"""Tasks: made with a mark of ours, found by it, changed, and taken back if nobody has touched them.

https://developers.asana.com/reference/createtask . An app of one's own keeps its id in `external`
(https://developers.asana.com/docs/custom-external-data); a token cannot, so there it stands in the last line of the notes.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from connectors.asana._client import Asana, gid, there
from connectors.contract import JSON, Call, Refused

FIELDS = "name,notes,completed,assignee,due_on,due_at,created_at,modified_at,permalink_url,num_subtasks"
OWN_LINE = re.compile(r"(?:\n\n)?Patchbay: (hub-\S+)\s*\Z")
WORDS = ("name", "notes", "assignee", "due_on")
_EARLIER = timedelta(minutes=10)  # Asana's clock and ours


def create_task(
    client: Asana,
    key: str,
    *,
    project: str,
    name: str,
    notes: str = "",
    assignee: str = "",
    due_on: str = "",
    mark: str = "notes",
    since: str = "",
) -> dict[str, JSON]:
    """A task, from prepared arguments. `mark`: where our key goes, "external" or "notes"; `since`: from when on `find_task`
    looks. Plain `notes`: HTML that is not well-formed to the letter would be refused."""
    data: dict[str, JSON] = {"projects": [project], "name": name, "notes": notes}
    if mark == "external":
        data["external"] = {"gid": key}
    else:
        data["notes"] = f"{notes}\n\nPatchbay: {key}".strip()
    data |= {"assignee": assignee} if assignee else {}
    data |= {"due_on": due_on} if due_on else {}
    return result(client.write("POST", f"/tasks?opt_fields={quote(FIELDS)}", data))


def prepare_task(client: Asana, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Names become ids. What was prepared once stays as it is."""
    return {
        **arguments,
        "project": gid(arguments["project"], "project"),
        "name": line(arguments["name"]),
        "assignee": assignee_of(client, arguments.get("assignee")),
        "due_on": day(arguments.get("due_on")),
        "mark": arguments.get("mark") or ("external" if client.signed_in else "notes"),
        "since": arguments.get("since") or earlier(),
    }


def find_task(client: Asana, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """By `external` at once; else in the project's tasks of late. Search is left alone: it is for paid plans and lags."""
    if arguments.get("mark") == "external":
        task = there(lambda: client.get(f"/tasks/{quote(f'external:{key}', safe='')}", opt_fields=FIELDS))
        return [result(task)] if task else []
    query = {"project": arguments["project"], "modified_since": arguments["since"], "opt_fields": FIELDS}
    return [result(task) for task in client.pages("/tasks", **query) if own_key(task) == key]


def own_key(task: JSON) -> str:
    """The key with which Patchbay made this task, or ""."""
    external = task.get("external") or {}
    known = str(external.get("gid") or "") if isinstance(external, dict) else ""
    found = OWN_LINE.search(str(task.get("notes") or ""))
    return known if known.startswith("hub-") else found[1] if found else ""


def task_changed(client: Asana, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    """Who touched the task after us: its words, its state, comments, subtasks. One that is gone needs no undo."""
    task = read(client, made["id"])
    if task is None:
        return None
    if fingerprint(task) != made.get("written") or task.get("completed"):
        return f"Somebody changed the task “{task.get('name')}” (last change {task.get('modified_at')})."
    if task.get("num_subtasks"):
        return f"The task “{task.get('name')}” has subtasks by now."
    comments = client.pages(f"/tasks/{made['id']}/stories", opt_fields="type,created_by")
    if any(
        one.get("type") == "comment" and (one.get("created_by") or {}).get("gid") != client.me["gid"]
        for one in comments
    ):
        return f"Somebody has commented on the task “{task.get('name')}”."
    return None


def undo_task(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_task", {"task": made["id"]})


def delete_task(client: Asana, key: str, *, task: str) -> dict[str, JSON]:
    """To the trash of our user, from where it can be restored in Asana for 30 days."""
    client.write("DELETE", f"/tasks/{task}")
    return {"id": task, "url": ""}


def find_deleted(client: Asana, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return [] if read(client, arguments["task"]) else [{"id": arguments["task"], "url": ""}]


# --- one task ---------------------------------------------------------------------------------------------------------


def read(client: Asana, task: str) -> JSON:
    """The task, or None."""
    return there(lambda: client.get(f"/tasks/{task}", opt_fields=FIELDS))


def present(client: Asana, which: str) -> JSON:
    task = read(client, which)
    if task is None:
        raise Refused("Asana has no such task any more, or does not show it to this user. Choose another one.")
    return task


def get_task(client: Asana, *, task: str) -> JSON:
    """What a task says now, for later steps: id, url, name, notes, completed, assignee, assignee_id, due_on, modified."""
    found = present(client, gid(task, "task"))
    who = found.get("assignee") or {}
    named = client.get(f"/users/{who['gid']}", opt_fields="name").get("name") if who.get("gid") else ""
    return {
        "id": str(found["gid"]),
        "url": found.get("permalink_url") or "",
        "name": found.get("name") or "",
        "notes": OWN_LINE.sub("", found.get("notes") or ""),
        "completed": bool(found.get("completed")),
        "assignee": named or "",
        "assignee_id": str(who.get("gid") or ""),
        "due_on": found.get("due_on") or "",
        "modified": found.get("modified_at") or "",
    }


def result(task: JSON) -> dict[str, JSON]:
    """What later steps and undo need of a task."""
    return {
        "id": str(task["gid"]),
        "url": task.get("permalink_url") or "",
        "name": task.get("name") or "",
        "version": task.get("modified_at") or "",
        "written": fingerprint(task),
    }


def fingerprint(task: JSON) -> str:
    """Of what people write: comments, likes and ticking off are left out."""
    return hashlib.sha256(json.dumps([plain(task, word) for word in WORDS]).encode()).hexdigest()[:32]


def plain(task: JSON, word: str) -> JSON:
    value = task.get(word)
    return str(value["gid"]) if isinstance(value, dict) else value


# --- arguments --------------------------------------------------------------------------------------------------------


def line(text: JSON) -> str:
    """A name is one line."""
    return " ".join(str(text).split())[:1024]


def day(text: JSON) -> str:
    """A date as Asana wants it. Raises `Refused` for anything else."""
    given = str(text or "").strip()
    if not given:
        return ""
    try:
        return date.fromisoformat(given[:10]).isoformat()
    except ValueError as problem:
        raise Refused(f"“{given[:40]}” is no date. Write it as 2026-11-30.") from problem


def assignee_of(client: Asana, given: JSON) -> str:
    """ "me", an id or an e-mail address as they are; a name becomes the id of the one person who has it."""
    wanted = str(given or "").strip()
    if not wanted or wanted == "me" or "@" in wanted or (wanted.isascii() and wanted.isdigit()):
        return wanted
    found = {str(user["gid"]) for user in people(client) if str(user.get("name")).casefold() == wanted.casefold()}
    if len(found) != 1:
        many = "several people" if found else "nobody"
        raise Refused(f"Asana knows {many} called “{wanted[:60]}”. Give the e-mail address of the person instead.")
    return found.pop()


def people(client: Asana) -> list[JSON]:
    """Everybody in the workspaces of our user."""
    spaces = client.me.get("workspaces") or []
    return [
        user for space in spaces for user in client.pages("/users", workspace=space["gid"], opt_fields="name,email")
    ]


def earlier() -> str:
    return (datetime.now(UTC) - _EARLIER).strftime("%Y-%m-%dT%H:%M:%SZ")
