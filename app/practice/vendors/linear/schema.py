"""What the practice Linear answers: the part of its schema that small firms use.

https://github.com/linear/linear/blob/master/packages/sdk/src/schema.graphql
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.practice.vendors.linear.graphql import Resolver
from app.practice.vendors.linear.shelf import Problem, Record, Shelf, now

_LINKED = {"state": "state", "team": "team", "assignee": "user", "project": "project"}
_INPUT = {"title": "title", "description": "description", "priority": "priority", "dueDate": "dueDate"}
_TAKES = {*_INPUT, "id", "teamId", "stateId", "assigneeId", "projectId", "labelIds", "addedLabelIds", "removedLabelIds"}
_OLD = "2026-11-02T09:00:00.000Z"


def queries(shelf: Shelf) -> Mapping[str, Resolver]:
    return {
        "organization": lambda given: {"id": "practice", "name": "Practice workspace", "urlKey": "practice"},
        "viewer": lambda given: shelf.all("user")[0],
        "issue": lambda given: _issue(shelf, shelf.find("issue", given["id"])),
        "comment": lambda given: _comment(shelf, shelf.find("comment", given["id"])),
        "issues": lambda given: _page([_issue(shelf, one) for one in _asked(shelf.all("issue"), given)], given),
        "comments": lambda given: _page([_comment(shelf, one) for one in _asked(shelf.all("comment"), given)], given),
        "searchIssues": lambda given: _page([_issue(shelf, one) for one in _named(shelf, given["term"])], given),
        "teams": lambda given: _page(shelf.all("team"), given),
        "users": lambda given: _page(shelf.all("user"), given),
        "projects": lambda given: _page(shelf.all("project"), given),
        "workflowStates": lambda given: _page([_of_team(shelf, one) for one in shelf.all("state")], given),
        "issueLabels": lambda given: _page([_of_team(shelf, one) for one in shelf.all("label")], given),
        "webhooks": lambda given: _page(shelf.all("webhook"), given),
        "attachmentsForURL": lambda given: _page(_links(shelf, given["url"]), given),
    }


def mutations(shelf: Shelf) -> Mapping[str, Resolver]:
    return {
        "issueCreate": lambda given: _create(shelf, given["input"]),
        "issueUpdate": lambda given: _update(shelf, given["id"], given["input"]),
        "issueDelete": lambda given: _trash(shelf, given["id"]),
        "commentCreate": lambda given: _say(shelf, given["input"]),
        "commentDelete": lambda given: _drop(shelf, "comment", given["id"]),
        "attachmentCreate": lambda given: _link(shelf, given["input"]),
        "attachmentDelete": lambda given: _drop(shelf, "attachment", given["id"]),
        "webhookCreate": lambda given: _hook(shelf, given["input"]),
        "webhookUpdate": lambda given: _mend(shelf, given["id"], given["input"]),
    }


# --- lists ------------------------------------------------------------------------------------------------------------


def _page(found: list[Record], given: Mapping[str, Any]) -> Record:
    """Fifty at a time if nobody says how many; an opaque cursor for the rest."""
    size = given.get("first") or 50
    if size > 250:
        raise Problem("Argument first must not be above 250", "invalid input", 400)
    start = int(base64.b64decode(given["after"])) if given.get("after") else 0
    more, cursor = start + size < len(found), base64.b64encode(str(start + size).encode()).decode()
    return {"nodes": found[start : start + size], "pageInfo": {"hasNextPage": more, "endCursor": cursor}}


def _asked(found: list[Record], given: Mapping[str, Any]) -> list[Record]:
    """Newest first; those in the trash only if one asks for them."""
    by = given.get("orderBy", "createdAt")
    found = [one for one in found if given.get("includeArchived") or not one.get("trashed")]
    for name, limit in (given.get("filter") or {}).items():
        since = datetime.fromisoformat(limit["gte"])
        found = [one for one in found if datetime.fromisoformat(one[name]) >= since]
    return sorted(found, key=lambda one: str(one[by]), reverse=True)


def _named(shelf: Shelf, term: str) -> list[Record]:
    return [one for one in shelf.all("issue") if term.lower() in f"{one['identifier']} {one['title']}".lower()]


def _links(shelf: Shelf, url: str) -> list[Record]:
    return [{**one, "issue": {"id": one["issueId"]}} for one in shelf.all("attachment") if one["url"] == url]


# --- objects with what belongs to them --------------------------------------------------------------------------------


def _issue(shelf: Shelf, issue: Record) -> Record:
    known = {kind: {one["id"]: one for one in shelf.all(kind)} for kind in {*_LINKED.values(), "label"}}
    parts = {name: known[kind].get(issue.get(f"{name}Id") or "") for name, kind in _LINKED.items()}
    labels = [known["label"][one] for one in issue["labelIds"]]
    return {**issue, **parts, "labels": {"nodes": labels}}


def _of_team(shelf: Shelf, one: Record) -> Record:
    team = one.get("teamId")
    return {**one, "team": shelf.find("team", team) if team else None}


def _comment(shelf: Shelf, comment: Record) -> Record:
    return {**comment, "user": shelf.all("user")[0], "issue": _issue(shelf, shelf.find("issue", comment["issueId"]))}


# --- changes ----------------------------------------------------------------------------------------------------------


def _fresh_id(shelf: Shelf, given: Mapping[str, Any]) -> str:
    """The one that was chosen, if it is of the right form and free."""
    chosen = str(given.get("id") or uuid.uuid4())
    try:
        right = uuid.UUID(chosen).version == 4
    except ValueError:
        right = False
    if not right:
        raise Problem("id must be a UUID", "invalid input", 400)
    if shelf.taken(chosen):
        raise Problem("Entity with this id already exists", "invalid input", 400)
    return chosen


def _create(shelf: Shelf, given: Record) -> Record:
    team = shelf.find("team", given.get("teamId"))
    number = len(shelf.all("issue")) + 1
    made: Record = {"id": _fresh_id(shelf, given), "identifier": f"{team['key']}-{number}", "number": number}
    made |= {"teamId": team["id"], "stateId": "state-todo", "priority": 0, "labelIds": [], "trashed": None}
    made |= dict.fromkeys(("description", "dueDate", "assigneeId", "projectId", "archivedAt", "completedAt"))
    made |= {"createdAt": now(), "updatedAt": now(), "url": f"https://linear.app/practice/issue/{made['identifier']}"}
    if not given.get("title"):
        raise Problem("title should not be empty", "invalid input", 400)
    shelf.done("issue.create", made["id"])
    return {"success": True, "issue": _issue(shelf, _change(shelf, made, given))}


def _update(shelf: Shelf, id: str, given: Record) -> Record:
    issue = shelf.find("issue", id)
    shelf.done("issue.change", issue["id"])
    return {"success": True, "issue": _issue(shelf, _change(shelf, {**issue, "updatedAt": now()}, given))}


def _change(shelf: Shelf, issue: Record, given: Record) -> Record:
    """`labelIds` replaces all labels; a state of the type completed sets the time."""
    if unknown := set(given) - _TAKES:
        raise Problem(f'Field "{sorted(unknown)[0]}" is not defined by type IssueInput.', "graphql error", 400)
    changed = {**issue, **{name: value for name, value in given.items() if name in _INPUT or name.endswith("Id")}}
    for name, kind in _LINKED.items():
        if changed.get(f"{name}Id") is not None:
            shelf.find(kind, changed[f"{name}Id"])
    labels: list[str] = given["labelIds"] if "labelIds" in given else issue["labelIds"]
    added, removed = given.get("addedLabelIds") or [], given.get("removedLabelIds") or []
    changed["labelIds"] = sorted({*labels, *added} - {*removed})
    for label in changed["labelIds"]:
        shelf.find("label", label)
    completed = shelf.find("state", changed["stateId"])["type"] == "completed"
    changed["completedAt"] = (issue["completedAt"] or now()) if completed else None
    return shelf.put("issue", {name: value for name, value in changed.items() if name != "id"} | {"id": issue["id"]})


def _trash(shelf: Shelf, id: str) -> Record:
    issue = shelf.find("issue", id)
    shelf.put("issue", {**issue, "trashed": True, "archivedAt": now(), "updatedAt": now()})
    shelf.done("issue.delete", issue["id"])
    return {"success": True}


def _say(shelf: Shelf, given: Record) -> Record:
    issue, chosen = shelf.find("issue", given["issueId"]), _fresh_id(shelf, given)
    times = {"createdAt": now(), "updatedAt": now(), "url": f"{issue['url']}#comment-{chosen[:8]}"}
    made = {"id": chosen, "issueId": issue["id"], "body": given["body"], **times}
    shelf.done("comment.create", chosen)
    return {"success": True, "comment": _comment(shelf, shelf.put("comment", made))}


def _link(shelf: Shelf, given: Record) -> Record:
    """One for each issue and address: a second one changes the first."""
    issue = shelf.find("issue", given["issueId"])
    there = [one for one in shelf.all("attachment") if (one["issueId"], one["url"]) == (issue["id"], given["url"])]
    which = there[0]["id"] if there else str(uuid.uuid4())
    made = shelf.put("attachment", {"id": which, "issueId": issue["id"], "url": given["url"], "title": given["title"]})
    shelf.done(f"attachment.{'change' if there else 'create'}", which)
    return {"success": True, "attachment": made}


def _drop(shelf: Shelf, kind: str, id: str) -> Record:
    shelf.drop(kind, id)
    shelf.done(f"{kind}.delete", id)
    return {"success": True}


def _hook(shelf: Shelf, given: Record) -> Record:
    shown = {name: value for name, value in given.items() if name != "secret"}
    made = {**shown, "id": _fresh_id(shelf, given), "enabled": True}
    shelf.done("webhook.create", made["id"])
    return {"success": True, "webhook": shelf.put("webhook", made)}


def _mend(shelf: Shelf, id: str, given: Record) -> Record:
    shown = {name: value for name, value in given.items() if name != "secret"}
    shelf.put("webhook", {**shelf.find("webhook", id), **shown})
    shelf.done("webhook.change", id)
    return {"success": True}


# --- what stands there at first, and what tests do to it --------------------------------------------------------------

_SEEDS: tuple[tuple[str, Record], ...] = (
    ("team", {"id": "team-eng", "key": "ENG", "name": "Workshop"}),
    ("team", {"id": "team-ops", "key": "OPS", "name": "Office"}),
    ("state", {"id": "state-todo", "name": "To do", "type": "unstarted", "teamId": "team-eng"}),
    ("state", {"id": "state-doing", "name": "Doing", "type": "started", "teamId": "team-eng"}),
    ("state", {"id": "state-done", "name": "Done", "type": "completed", "teamId": "team-eng"}),
    ("user", {"id": "user-ana", "name": "Ana Silva", "active": True}),
    ("user", {"id": "user-old", "name": "Old Colleague", "active": False}),
    ("project", {"id": "project-shop", "name": "New shop"}),
    ("label", {"id": "label-bug", "name": "Bug", "teamId": None}),
    ("label", {"id": "label-wood", "name": "Wood", "teamId": "team-eng"}),
    ("label", {"id": "label-tax", "name": "Tax", "teamId": "team-ops"}),
)


def seed(shelf: Shelf) -> None:
    if shelf.all("team"):
        return
    for kind, record in _SEEDS:
        shelf.put(kind, record)
    plain = {"id": "7c2e0a58-6d1f-4a3b-9c40-5b1f0e2d3c4a", "identifier": "ENG-1", "number": 1, "title": "Oil the saw"}
    linked = {"teamId": "team-eng", "stateId": "state-todo", "assigneeId": "user-ana", "labelIds": ["label-bug"]}
    empty = dict.fromkeys(("projectId", "dueDate", "archivedAt", "completedAt", "trashed"))
    times = {"createdAt": _OLD, "updatedAt": _OLD, "url": "https://linear.app/practice/issue/ENG-1"}
    shelf.put("issue", {**plain, **linked, **empty, **times, "description": "It squeaks.", "priority": 2})


def edit(shelf: Shelf, body: Record) -> Record:
    """{"kind", "id", ...}: a person, or values that nobody can write."""
    found = shelf.find(body["kind"], body["id"])
    values = {name: value for name, value in body.items() if name not in ("kind", "id")}
    return shelf.put(body["kind"], {**found, "updatedAt": now(), **values})


def make_many(shelf: Shelf, body: Record) -> int:
    """{"count", "since"}: issues that were made one second after the other."""
    begin, first = datetime.fromisoformat(body["since"]), shelf.all("issue")[0]
    with shelf.ledger.write():
        for number in range(body["count"]):
            when = (begin + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            names = {"id": str(uuid.uuid4()), "identifier": f"ENG-{number + 100}", "title": f"Number {number}"}
            shelf.put("issue", {**first, **names, "createdAt": when, "updatedAt": when})
    return int(body["count"])
