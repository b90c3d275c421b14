"""What happens in the projects that our user has starred: webhooks say that something did, tasks are then read.

https://developers.asana.com/docs/webhooks-guide . Events hold ids only, have no id of their own and come at most once, so a
delivery makes the hub look (`catch_up`), and the look is what finds tasks, also without any delivery.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.asana._client import Asana, status_of
from connectors.asana._tasks import OWN_LINE, own_key
from connectors.contract import JSON, Event, Label, Unreadable

ADDED, COMPLETED, CHANGED = "task.added", "task.completed", "task.changed"
KINDS = (ADDED, COMPLETED, CHANGED)
MOST_PROJECTS = 50
REMEMBERED = 500  # tasks of a project
_OVERLAP = timedelta(minutes=10)
_READ = (
    "name,notes,completed,completed_at,created_at,modified_at,due_on,due_at,permalink_url,assignee.name,"
    "custom_fields.name,custom_fields.display_value"
)

FIELDS = {
    "id": Label.VENDOR,
    "url": Label.VENDOR,
    "project_id": Label.VENDOR,
    "assignee_id": Label.VENDOR,
    "completed": Label.VENDOR,
    "completed_at": Label.VENDOR,
    "created_at": Label.VENDOR,
    "modified_at": Label.VENDOR,
    "due_on": Label.VENDOR,
    "due_at": Label.VENDOR,
    "project": Label.OUTSIDE,
    "name": Label.OUTSIDE,
    "notes": Label.OUTSIDE,
    "assignee": Label.OUTSIDE,
    "fields.*": Label.OUTSIDE,
}


def watched(client: Asana) -> list[JSON]:
    """The starred projects of our user (gid, name), in all workspaces; those that come and go are noticed in each round."""
    spaces = client.me.get("workspaces") or []
    path = f"/users/{client.me['gid']}/favorites"
    return [
        project
        for space in spaces
        for project in client.pages(path, resource_type="project", workspace=space["gid"], opt_fields="name")
    ][:MOST_PROJECTS]


def changes(client: Asana, cursor: JSON) -> tuple[list[Event], JSON]:
    """Tasks that were added, completed or changed. The first look at a project only remembers what is there.

    What was read before a failure is kept; the project that failed comes first in the next round, and is heard then.
    """
    known = cursor.get("projects") if isinstance(cursor, dict) else None
    places, events, done = dict(known or {}), list[Event](), dict[str, JSON]()
    first = cursor.get("first") if isinstance(cursor, dict) else None
    projects = sorted(watched(client), key=lambda project: project["gid"] != first)
    failed = ""
    for project in projects:
        try:
            found, place = _look(client, project, places.get(project["gid"]))
        except Exception as error:  # the door's own among them
            if status_of(error) in (403, 404):  # no longer ours to see
                continue
            if not done:
                raise
            failed = project["gid"]
            break
        events += found
        done[project["gid"]] = place
    kept = {project["gid"]: places[project["gid"]] for project in projects if project["gid"] in places}
    return events, {"projects": {**kept, **done}, "first": failed}


@dataclass
class _Place:
    """Of one project: `begun`, when it was first looked at; `since`, up to when; `seen`, task → [fingerprint, completed]."""

    begun: str
    since: str
    seen: dict[str, list[JSON]] = field(default_factory=dict)

    def remember(self, task: JSON) -> None:
        self.seen.pop(task["gid"], None)
        self.seen[task["gid"]] = [_print(task), bool(task.get("completed"))]
        self.since = max(self.since, str(task.get("modified_at") or ""))

    def saved(self) -> JSON:
        newest = dict(list(self.seen.items())[-REMEMBERED:])
        return {"begun": self.begun, "since": self.since, "seen": newest}


def _look(client: Asana, project: JSON, known: JSON) -> tuple[list[Event], JSON]:
    now = _iso(datetime.now(UTC))
    if not known:
        place = _Place(now, now)
        tasks = list(client.pages("/tasks", project=project["gid"], completed_since="now", opt_fields=_READ))
        for task in sorted(tasks, key=lambda task: str(task.get("modified_at"))):  # those of late are remembered
            place.remember(task)
        place.since = now
        return [], place.saved()
    place = _Place(known["begun"], known["since"], dict(known["seen"]))
    since = _iso(datetime.fromisoformat(place.since) - _OVERLAP)
    fields = f"{_READ},external" if client.signed_in else _READ
    tasks = list(client.pages("/tasks", project=project["gid"], modified_since=since, opt_fields=fields))
    tasks.sort(key=lambda task: str(task.get("modified_at")))
    return [event for task in tasks for event in _of_one(place, project, task)], place.saved()


def _of_one(place: _Place, project: JSON, task: JSON) -> list[Event]:
    """What happened to one task since it was last seen. Those that Patchbay made are not news."""
    before = place.seen.get(task["gid"])
    place.remember(task)
    found = []
    created, completed = str(task.get("created_at") or ""), str(task.get("completed_at") or "")
    is_new = before is None and created >= _iso(datetime.fromisoformat(place.begun) - _OVERLAP)  # clocks differ
    if is_new and not own_key(task):
        found.append(_event(ADDED, project, task, ""))
    if task.get("completed") and not (before[1] if before else completed < place.begun):
        found.append(_event(COMPLETED, project, task, completed))
    is_old = before is None and not is_new and not found  # moved here, or long forgotten
    if is_old or (before is not None and before[0] != _print(task)):
        found.append(_event(CHANGED, project, task, f"{task.get('modified_at')}:{_print(task)}"))
    return found


def _print(task: JSON) -> str:
    """Of what people write into a task. Comments and likes move `modified_at` and are left out, so that a recipe that
    comments on what changed does not start itself."""
    fields = [[one.get("gid"), one.get("display_value")] for one in task.get("custom_fields") or []]
    who = (task.get("assignee") or {}).get("gid")
    words = [task.get("name"), task.get("notes"), who, task.get("due_on"), task.get("due_at"), fields]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:12]


def _event(kind: str, project: JSON, task: JSON, which: str) -> Event:
    document = {"event": kind, "project": {"gid": project["gid"], "name": project.get("name")}, "task": task}
    body = json.dumps(document, sort_keys=True).encode()
    when = task.get({ADDED: "created_at", COMPLETED: "completed_at"}.get(kind, "modified_at"))
    key = ":".join(part for part in (kind, task["gid"], which) if part)
    own, version = str(task["gid"]), str(task.get("modified_at") or "")  # our own changes are no news
    return Event(kind, key, body, f"task:{own}", occurred_at=_ms(when), object=own, version=version)


def _ms(value: JSON) -> int | None:
    try:
        return int(datetime.fromisoformat(str(value)).timestamp() * 1000)
    except ValueError:
        return None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`; text, or "" where Asana has nothing. `fields` are the custom fields by
    their names, as Asana shows them; `completed` is true or false; times are ISO 8601 in UTC."""
    try:
        document = json.loads(body)
        task, project = document["task"], document.get("project") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Unreadable("This is no task as Patchbay reads it from Asana.") from problem
    if not isinstance(task, dict) or "gid" not in task:
        raise Unreadable("This task has no number.")
    who = task.get("assignee") or {}
    texts = ("completed_at", "created_at", "modified_at", "due_on", "due_at", "name")
    return {
        "id": str(task["gid"]),
        "url": task.get("permalink_url") or "",
        "project_id": str(project.get("gid") or ""),
        "project": project.get("name") or "",
        "assignee_id": str(who.get("gid") or ""),
        "assignee": who.get("name") or "",
        "completed": bool(task.get("completed")),
        **{name: task.get(name) or "" for name in texts},
        "notes": OWN_LINE.sub("", task.get("notes") or ""),
        "fields": {
            one["name"]: one.get("display_value") or "" for one in task.get("custom_fields") or [] if one.get("name")
        },
    }
