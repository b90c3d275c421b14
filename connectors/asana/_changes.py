"""Changes of tasks that are there: new values, and ticking off. https://developers.asana.com/reference/updatetask

Asana has no version check, so what a person approved is compared with what the task says just before it is sent.
"""

from __future__ import annotations

from urllib.parse import quote

from connectors.asana._client import Asana, gid
from connectors.asana._tasks import FIELDS, WORDS, assignee_of, day, fingerprint, line, plain, present, read, result
from connectors.contract import JSON, Call, Refused


def update_task(
    client: Asana,
    key: str,
    *,
    task: str,
    name: str = "",
    notes: str = "",
    assignee: str = "",
    due_on: str = "",
    version: str = "",
) -> dict[str, JSON]:
    """New values for what is given; what is empty stays as it is. `version`: what the task said when this was prepared."""
    return result(client.write("PUT", _address(task), _given(locals())))


def _address(task: str) -> str:
    return f"/tasks/{task}?opt_fields={quote(FIELDS)}"


def _given(arguments: dict[str, JSON]) -> dict[str, JSON]:
    return {word: arguments[word] for word in WORDS if arguments.get(word)}


def prepare_update(client: Asana, arguments: dict[str, JSON]) -> dict[str, JSON]:
    if not _given(arguments):
        raise Refused("There is nothing to change at this task. Give a name, notes, a person or a date.")
    task = gid(arguments["task"], "task")
    return {
        **arguments,
        "task": task,
        "name": line(arguments.get("name") or ""),
        "assignee": assignee_of(client, arguments.get("assignee")),
        "due_on": day(arguments.get("due_on")),
        "version": fingerprint(present(client, task)),
    }


def before_update(client: Asana, arguments: dict[str, JSON]) -> JSON:
    """The values that will be replaced. Raises `Refused` if the task says something else than when this was prepared;
    comments and likes, which move `modified_at`, do not count."""
    task = present(client, arguments["task"])
    if arguments.get("version") and fingerprint(task) != arguments["version"]:
        raise Refused(
            f"The task “{task.get('name')}” was changed in Asana since this was prepared (last change "
            f"{task.get('modified_at')}). Look at it there, then start this event over."
        )
    return {word: plain(task, word) for word in _given(arguments)}


def find_updated(client: Asana, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return _like(client, arguments["task"], _given(arguments))


def _like(client: Asana, which: str, wanted: dict[str, JSON]) -> list[dict[str, JSON]]:
    task = read(client, which)
    same = task is not None and all(_same(client, task, word, value) for word, value in wanted.items())
    return [result(task)] if same else []


def _same(client: Asana, task: JSON, word: str, value: JSON) -> bool:
    if word == "assignee" and value == "me":
        value = client.me["gid"]
    return bool((plain(task, word) or "") == (value or ""))


def update_changed(client: Asana, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    task = read(client, made["id"])
    if task is None:
        return "The task is no longer there. There is nothing to take back."
    if fingerprint(task) != made.get("written"):
        return f"Somebody changed the task “{task.get('name')}” (last change {task.get('modified_at')})."
    return None


def undo_update(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("restore_task", {"task": made["id"], "values": before or {}})


def restore_task(client: Asana, key: str, *, task: str, values: dict[str, JSON]) -> dict[str, JSON]:
    """The values as they were; None takes one away."""
    return result(client.write("PUT", _address(task), values))


def find_restored(client: Asana, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    return _like(client, arguments["task"], arguments["values"])


def before_restore(client: Asana, arguments: dict[str, JSON]) -> JSON:
    task = present(client, arguments["task"])
    return {word: plain(task, word) for word in arguments["values"]}


# --- ticking off ------------------------------------------------------------------------------------------------------


def complete_task(client: Asana, key: str, *, task: str, completed: bool = True) -> dict[str, JSON]:
    return result(client.write("PUT", _address(task), {"completed": completed}))


def prepare_completion(client: Asana, arguments: dict[str, JSON]) -> dict[str, JSON]:
    task = gid(arguments["task"], "task")
    present(client, task)
    return {**arguments, "task": task}


def find_completed(client: Asana, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    task = read(client, arguments["task"])
    return [result(task)] if task and task.get("completed") == arguments.get("completed", True) else []


def before_completion(client: Asana, arguments: dict[str, JSON]) -> JSON:
    return bool(present(client, arguments["task"]).get("completed"))


def completion_changed(client: Asana, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    task = read(client, made["id"])
    if task is None:
        return "The task is no longer there. There is nothing to take back."
    if task.get("completed") != arguments.get("completed", True):
        return f"Somebody set the task “{task.get('name')}” back already."
    return None


def undo_completion(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("complete_task", {"task": made["id"], "completed": bool(before)})
