"""Issues: made under an id of our own, changed field by field, and put back.

Linear takes the id from us, so an issue can be looked up whose answer was lost, and a second one cannot come.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress

from connectors.contract import JSON, Action, Call, Refused, Role, Safety, Undo
from connectors.linear._client import NOT_SENT, Linear, NotThere, Record

_FIELDS = (
    "id identifier url title description priority dueDate trashed archivedAt updatedAt state { id } assignee { id } "
    "project { id } labels { nodes { id name } }"
)
_READ = f"query Issue($id: String!) {{ issue(id: $id) {{ {_FIELDS} }} }}"
_CREATE = (
    f"mutation Create($input: IssueCreateInput!) {{ issueCreate(input: $input) {{ success issue {{ {_FIELDS} }} }} }}"
)
_UPDATE = (
    "mutation Update($id: String!, $input: IssueUpdateInput!) "
    f"{{ issueUpdate(id: $id, input: $input) {{ success issue {{ {_FIELDS} }} }} }}"
)
_DELETE = "mutation Delete($id: String!) { issueDelete(id: $id) { success } }"
_LABELS = (
    "query Labels($first: Int, $after: String) { issueLabels(first: $first, after: $after) "
    "{ nodes { id name team { id } } pageInfo { hasNextPage endCursor } } }"
)
_PRIORITIES = {"none": 0, "urgent": 1, "high": 2, "medium": 3, "low": 4}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_THEIRS = {"title": "title", "description": "description", "state": "stateId", "assignee": "assigneeId",
           "priority": "priority", "due_date": "dueDate", "project": "projectId"}  # fmt: skip
_NOTHING: Sequence[str] = ()


def own_id(key: str, what: str) -> str:
    """An id of the form that Linear asks for (a version 4 UUID), always the same for one key."""
    digest = hashlib.sha256(f"{key}:linear:{what}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def sent(arguments: Mapping[str, JSON]) -> Record:
    """The input for prepared arguments; what is empty is left alone."""
    given = {theirs: arguments.get(ours) for ours, theirs in _THEIRS.items()}
    return {name: value for name, value in given.items() if value not in ("", None)}


def create_issue(
    client: Linear,
    key: str,
    *,
    team: str,
    title: str,
    description: str = "",
    assignee: str = "",
    state: str = "",
    priority: JSON = "",
    labels: Sequence[str] = _NOTHING,
    project: str = "",
    due_date: str = "",
) -> Record:
    """An issue from prepared arguments: `labels` are ids, `priority` a number; `description` is Markdown."""
    given = {"title": title, "description": description, "assignee": assignee, "state": state, "priority": priority}
    body = {"id": own_id(key, "issue"), "teamId": team, **sent({**given, "project": project, "due_date": due_date})}
    answer = client.change(_CREATE, input={**body, **({"labelIds": list(labels)} if labels else {})})
    return result(answer["issue"])


def update_issue(
    client: Linear,
    key: str,
    *,
    issue: str,
    title: str = "",
    description: str = "",
    assignee: str = "",
    state: str = "",
    priority: JSON = "",
    add_labels: Sequence[str] = _NOTHING,
    remove_labels: Sequence[str] = _NOTHING,
    project: str = "",
    due_date: str = "",
) -> Record:
    """Changes what is given and leaves the rest, the other labels among them."""
    given = {"title": title, "description": description, "assignee": assignee, "state": state, "priority": priority}
    body = sent({**given, "project": project, "due_date": due_date})
    answer = client.change(_UPDATE, id=issue, input={**body, **_labelled(add_labels, remove_labels)})
    return result(answer["issue"])


def _labelled(added: Sequence[str], removed: Sequence[str]) -> Record:
    """`labelIds` would replace all labels."""
    given = {"addedLabelIds": list(added), "removedLabelIds": list(removed)}
    return {name: ids for name, ids in given.items() if ids}


def result(issue: Record) -> Record:
    """`kept` is what people change in an issue, as Linear keeps it."""
    told = {"id": str(issue["id"]), "url": str(issue["url"]), "identifier": str(issue["identifier"])}
    return {**told, "kept": _kept(issue)}


def _kept(issue: Record) -> Record:
    """An issue in the names of what is sent."""
    ids = {f"{name}Id": (issue.get(name) or {}).get("id") for name in ("state", "assignee", "project")}
    plain = {name: issue.get(name) for name in ("title", "description", "priority", "dueDate")}
    return {**plain, **ids, "labelIds": sorted(one["id"] for one in issue["labels"]["nodes"])}


def read(client: Linear, id: str) -> Record | None:
    """The issue by its id or its number ("ENG-12"); None where it is gone or in the trash."""
    try:
        issue = client.ask(_READ, id=id)["issue"]
    except NotThere:
        return None
    return None if not issue or issue.get("trashed") else dict(issue)


# --- prepared ---------------------------------------------------------------------------------------------------------


def prepare_new(client: Linear, arguments: Record) -> Record:
    if not str(arguments.get("title") or "").strip():
        raise Refused("An issue needs a title. Fill in the title of this step.")
    done = {**arguments, **_checked(arguments)}
    return {**done, "labels": _label_ids(client, arguments.get("labels"), str(arguments["team"]))}


def prepare_change(client: Linear, arguments: Record) -> Record:
    """Raises `Refused` for an issue that is gone, and for a change of nothing."""
    labels = {name: _label_ids(client, arguments.get(name)) for name in ("add_labels", "remove_labels")}
    done = {**arguments, **_checked(arguments), **labels}
    if not {**sent(done), **_labelled(done["add_labels"], done["remove_labels"])}:
        raise Refused("There is nothing to change in the issue. Fill in at least one field of this step.")
    if done["issue"] == NOT_SENT:
        return done
    issue = read(client, str(done["issue"]))
    if issue is None:
        raise Refused(f"The issue {done['issue']} was deleted in Linear. Restore it there or choose another one.")
    return {**done, "issue": issue["id"]}


def _checked(arguments: Record) -> Record:
    due = str(arguments.get("due_date") or "")
    if due and not _DATE.fullmatch(due):
        raise Refused(f"“{due[:40]}” is no day. Write it like 2026-11-30.")
    given = arguments.get("priority")
    if given in ("", None):
        return {"priority": ""}
    number = _PRIORITIES.get(str(given).strip().lower(), given)
    if str(number) not in ("0", "1", "2", "3", "4"):
        raise Refused(f"A priority is urgent, high, medium, low or none; “{str(given)[:40]}” is none of these.")
    return {"priority": int(str(number))}


def _label_ids(client: Linear, wanted: JSON, team: str = "") -> list[str]:
    """Ids of labels that are named or already ids; those of other teams do not count."""
    names = [str(one).strip() for one in wanted or []]
    if not names:
        return []
    there = [one for one in client.listed(_LABELS) if not team or not one.get("team") or one["team"]["id"] == team]
    known = {str(one["name"]).lower(): str(one["id"]) for one in there} | {
        str(one["id"]): str(one["id"]) for one in there
    }
    if missing := [name for name in names if name.lower() not in known]:
        raise Refused(f"Linear has no label “{missing[0][:60]}” here. Make it in Linear, or leave it out.")
    return [known[name.lower()] for name in names]


# --- looked up and taken back -----------------------------------------------------------------------------------------


def find_new(client: Linear, key: str, arguments: Record) -> list[Record]:
    issue = read(client, own_id(key, "issue"))
    return [result(issue)] if issue else []


def find_change(client: Linear, key: str, arguments: Record) -> list[Record]:
    issue = read(client, str(arguments["issue"]))
    return [result(issue)] if issue and _stands(_kept(issue), arguments) else []


def _stands(kept: Record, arguments: Record) -> bool:
    there = set(kept["labelIds"])
    labels = set(arguments.get("add_labels") or ()) <= there and not set(arguments.get("remove_labels") or ()) & there
    return labels and all(kept[name] == value for name, value in sent(arguments).items())


def as_it_was(client: Linear, arguments: Record) -> JSON:
    """The old values, and which labels a change really adds and removes."""
    issue = read(client, str(arguments["issue"]))
    if issue is None:
        return {}
    kept = _kept(issue)
    there = set(kept["labelIds"])
    old: Record = {name: kept[name] for name in sent(arguments)}
    fresh = [one for one in arguments.get("add_labels") or [] if one not in there]
    gone = [one for one in arguments.get("remove_labels") or [] if one in there]
    return {**old, **_labelled(gone, fresh)}


def new_touched(client: Linear, arguments: Record, made: Record, sent_at: int) -> str | None:
    issue = read(client, made["id"])
    if issue is None or _kept(issue) == made["kept"]:
        return None
    return f"Somebody has changed {issue['identifier']} “{str(issue['title'])[:100]}” in Linear since, so it is left there."


def overwritten(client: Linear, arguments: Record, made: Record, sent_at: int) -> str | None:
    issue = read(client, made["id"])
    if issue is None:
        return "The issue was deleted in Linear since."
    if _kept(issue) == made["kept"] or _stands(_kept(issue), {**arguments, "description": ""}):
        return None
    return f"Somebody has changed {issue['identifier']} “{str(issue['title'])[:100]}” in Linear since."


def delete_issue(client: Linear, key: str, *, issue: str) -> Record:
    """Into the trash, where it stays for 30 days. What is gone is as good."""
    with suppress(NotThere):
        client.change(_DELETE, id=issue)
    return {"id": issue, "url": ""}


def find_deleted(client: Linear, key: str, arguments: Record) -> list[Record]:
    return [] if read(client, arguments["issue"]) else [{"id": arguments["issue"], "url": ""}]


def restore_issue(client: Linear, key: str, *, issue: str, values: Mapping[str, JSON]) -> Record:
    return result(client.change(_UPDATE, id=issue, input=dict(values))["issue"])


def find_restored(client: Linear, key: str, arguments: Record) -> list[Record]:
    issue, values = read(client, arguments["issue"]), arguments["values"]
    if issue is None:
        return []
    kept = _kept(issue)
    labels = {"add_labels": values.get("addedLabelIds"), "remove_labels": values.get("removedLabelIds")}
    plain = all(kept[name] == value for name, value in values.items() if not name.endswith("LabelIds"))
    return [result(issue)] if plain and _stands(kept, labels) else []


_CONTENT = dict.fromkeys(("title", "description", "due_date"), Role.CONTENT)
_ROLES = {**_CONTENT, "assignee": Role.WHERE, "state": Role.WHERE, "project": Role.WHERE, "priority": Role.PLAIN}
CREATE = Action(
    run=create_issue,
    label="Create an issue",
    says="creates the issue “{title}”",
    safety=Safety.FINDABLE,
    roles={**_ROLES, "team": Role.WHERE, "labels": Role.PLAIN},
    find=find_new,
    settle=0.0,  # read by its id
    prepare=prepare_new,
    undo=Undo(new_touched, lambda arguments, made, before: Call("delete_issue", {"issue": made["id"]})),
)
UPDATE = Action(
    run=update_issue,
    label="Change or move an issue",
    says="changes the issue {issue}",
    safety=Safety.SET,
    roles={**_ROLES, "issue": Role.WHERE, "add_labels": Role.PLAIN, "remove_labels": Role.PLAIN},
    find=find_change,
    settle=5.0,
    prepare=prepare_change,
    snapshot=as_it_was,
    undo=Undo(
        overwritten,
        lambda arguments, made, before: Call("restore_issue", {"issue": made["id"], "values": before or {}}),
    ),
)
DELETE = Action(
    run=delete_issue,
    label="Move an issue to the trash",
    says="moves the issue {issue} to Linear's trash",
    safety=Safety.SET,
    roles={"issue": Role.WHERE},
    find=find_deleted,
    settle=5.0,
    internal=True,
)
RESTORE = Action(
    run=restore_issue,
    label="Put the old values back",
    says="puts the old values of the issue {issue} back",
    safety=Safety.SET,
    roles={"issue": Role.WHERE, "values": Role.CONTENT},
    find=find_restored,
    settle=5.0,
    internal=True,
)
