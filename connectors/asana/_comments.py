"""Comments on tasks ("stories"). https://developers.asana.com/reference/createstoryfortask"""

from __future__ import annotations

from urllib.parse import quote

from connectors.asana._client import Asana, gid, there
from connectors.asana._tasks import earlier
from connectors.contract import JSON, Call

_FIELDS = "text,type,created_by,created_at,is_edited"


def comment(client: Asana, key: str, *, task: str, text: str, since: str = "") -> dict[str, JSON]:
    """A comment in our user's name. It has no place for a mark of ours; `since` is from when on `find_comment` looks."""
    made = client.write("POST", f"/tasks/{task}/stories?opt_fields={quote(_FIELDS)}", {"text": text})
    return _result(task, made)


def prepare(client: Asana, arguments: dict[str, JSON]) -> dict[str, JSON]:
    return {**arguments, "task": gid(arguments["task"], "task"), "since": arguments.get("since") or earlier()}


def find_comment(client: Asana, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """Comments of our user with the same words, since this was prepared. Two of them are for a person to tell apart."""
    task = arguments["task"]
    stories = client.pages(f"/tasks/{task}/stories", opt_fields=_FIELDS)
    return [_result(task, story) for story in stories if _is_ours(client, story, arguments)]


def _is_ours(client: Asana, story: JSON, arguments: dict[str, JSON]) -> bool:
    return (
        story.get("type") == "comment"
        and (story.get("created_by") or {}).get("gid") == client.me["gid"]
        and str(story.get("created_at") or "") >= arguments["since"]
        and str(story.get("text") or "").strip() == str(arguments["text"]).strip()
    )


def _result(task: str, story: JSON) -> dict[str, JSON]:
    gid_ = str(story["gid"])
    return {"id": gid_, "url": f"https://app.asana.com/0/0/{task}/{gid_}", "text": story.get("text") or ""}


def changed(client: Asana, arguments: dict[str, JSON], made: dict[str, JSON], sent_at: int) -> str | None:
    story = there(lambda: client.get(f"/stories/{made['id']}", opt_fields=_FIELDS))
    if story is None or str(story.get("text") or "") == made["text"]:
        return None
    return "Somebody edited the comment since."


def undo_call(arguments: dict[str, JSON], made: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_comment", {"comment": made["id"]})


def delete_comment(client: Asana, key: str, *, comment: str) -> dict[str, JSON]:
    client.write("DELETE", f"/stories/{comment}")
    return {"id": comment, "url": ""}


def find_deleted(client: Asana, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    which = arguments["comment"]
    return [] if there(lambda: client.get(f"/stories/{which}", opt_fields="type")) else [{"id": which, "url": ""}]
