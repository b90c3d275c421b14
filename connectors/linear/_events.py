"""Issues and comments as Linear tells of them, and the questions that catch up with what it did not.

A delivery that fails is tried three times more, the last time after six hours; then it is lost.
https://linear.app/developers/webhooks
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, BadSignature, Event, Label, Poll, Received, Trigger, Unreadable
from connectors.linear._client import PAGE, Linear, Record

WINDOW = 60.0  # seconds; that is what Linear's own client allows
OVERLAP = timedelta(minutes=2)
PAGES = 40  # in one round
_AGAIN = timedelta(seconds=1)  # an issue that was made is not told as changed in the same breath
_KINDS = {("Issue", "create"): "issue.created", ("Issue", "update"): "issue.changed",
          ("Comment", "create"): "comment.created"}  # fmt: skip
_ISSUES = (
    "query Issues($first: Int, $after: String, $since: DateTimeOrDuration!) { issues(first: $first, after: $after, "
    "orderBy: updatedAt, includeArchived: true, filter: { updatedAt: { gte: $since } }) { nodes { id identifier title "
    "description url priority dueDate createdAt updatedAt completedAt trashed state { id name type } team { id key name } "
    "assignee { id name } project { id name } labels(first: 20) { nodes { id name } } } pageInfo { hasNextPage endCursor } } }"
)
_COMMENTS = (
    "query Comments($first: Int, $after: String, $since: DateTimeOrDuration!) { comments(first: $first, after: $after, "
    "orderBy: createdAt, filter: { createdAt: { gte: $since } }) { nodes { id body url createdAt updatedAt user { id name } "
    "issue { id identifier title } } pageInfo { hasNextPage endCursor } } }"
)


# --- deliveries -------------------------------------------------------------------------------------------------------


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify and parse one delivery. Raises `BadSignature` or `Unreadable`."""
    given = headers.get("linear-signature", "").encode("utf-8", "backslashreplace")
    macs = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    if not any(hmac.compare_digest(mac, given) for mac in macs):
        raise BadSignature("The delivery was not signed with the secret of this connection: copy it from Linear again.")
    document = _document(body)
    _check_time(document.get("webhookTimestamp") or headers.get("linear-timestamp", ""), now)
    if document.get("type") == "OAuthApp":  # the workspace has removed the app: asking shows it
        return Received(catch_up=True)
    return Received(tuple(_told(document, body, headers.get("linear-delivery", ""))))


def _document(body: bytes) -> Record:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("This delivery is not the JSON that Linear documents.") from problem
    if not isinstance(document, dict):
        raise Unreadable("This delivery is JSON, but not an object as Linear documents it.")
    return document


def _check_time(stamp: JSON, now: float) -> None:
    """Milliseconds, in the body and so signed with it."""
    text = str(stamp)
    if not (text.isascii() and text.isdigit() and len(text) <= 15) or abs(now - int(text) / 1000) > WINDOW:
        raise BadSignature("The delivery was not signed within a minute of now: check this computer's clock.")


def _told(document: Record, body: bytes, delivery: str) -> Iterator[Event]:
    """No event for what no recipe starts on. An issue that was completed is told as changed and as completed."""
    kind = _KINDS.get((str(document.get("type")), str(document.get("action"))))
    data = document.get("data")
    if kind is None:
        return
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise Unreadable("This delivery does not say what it is about.")
    if kind == "comment.created" and not (data.get("issueId") or data.get("issue")):
        return  # on a project or a document
    yield _event(kind, data, str(data.get("updatedAt") or delivery), body)
    before = document.get("updatedFrom")
    moved = isinstance(before, dict) and ("completedAt" in before or "stateId" in before)
    if kind == "issue.changed" and data.get("completedAt") and moved:
        yield _event("issue.completed", data, str(data["completedAt"]), body)


def _event(kind: str, data: Record, when: str, body: bytes) -> Event:
    """The same key for every delivery of it and for catching up: what it is about, and when. The header Linear-Delivery is
    not promised to stay the same, and webhookId names the subscription."""
    which = "" if kind.endswith("created") else when
    issue = data["id"] if kind.startswith("issue") else (data.get("issue") or {}).get("id") or data.get("issueId") or ""
    moment = _moment(when)
    at = int(moment.timestamp() * 1000) if moment else None
    return Event(kind, f"{kind}:{data['id']}:{which}", body, f"issue:{issue}", "", at)


# --- catching up ------------------------------------------------------------------------------------------------------


def issues(client: Linear, cursor: JSON) -> tuple[list[Event], JSON]:
    return _changes(client, cursor, _ISSUES, "updatedAt", _of_issue)


def comments(client: Linear, cursor: JSON) -> tuple[list[Event], JSON]:
    return _changes(client, cursor, _COMMENTS, "createdAt", _of_comment)


def _changes(
    client: Linear, cursor: JSON, query: str, by: str, events: Callable[[Record, datetime], list[Event]]
) -> tuple[list[Event], JSON]:
    """It begins with what happens from now on. Linear lists the newest first, so where a later page fails, what was read is
    kept and the next round begins where this one began."""
    known = cursor if isinstance(cursor, dict) else {}
    begun = _moment(known.get("begun")) or datetime.now(UTC)
    since = _moment(known.get("since")) or begun
    found, latest, whole = _read(client, query, by, since)
    fresh = [event for node in found for event in events(node, max(begun, since - OVERLAP))]
    return fresh, {"begun": begun.isoformat(), "since": (latest if whole else since).isoformat()}


def _read(client: Linear, query: str, by: str, since: datetime) -> tuple[list[Record], datetime, bool]:
    """What there is, the time of the latest, and whether all of it was read."""
    found: list[Record] = []
    pages = client.pages(query, PAGES, since=(since - OVERLAP).isoformat())
    while True:
        try:
            page = next(pages, None)
        except Exception:  # whatever it is, it is heard again next time
            if not found:
                raise
            return found, since, False
        if page is None:
            break
        found += page
    times = [moment for node in found if (moment := _moment(node.get(by)))]
    return found, max([since, *times]), len(found) < PAGES * PAGE


def _of_issue(node: Record, since: datetime) -> list[Event]:
    added, changed, completed = (_moment(node.get(name)) for name in ("createdAt", "updatedAt", "completedAt"))
    told = ["issue.created"] if added and added >= since else []
    if changed and changed >= since and (not added or changed - added > _AGAIN):
        told.append("issue.changed")
    if completed and completed >= since:
        told.append("issue.completed")
    times = {"issue.created": "createdAt", "issue.changed": "updatedAt", "issue.completed": "completedAt"}
    return [_caught(name, "Issue", node, str(node[times[name]])) for name in told]


def _of_comment(node: Record, since: datetime) -> list[Event]:
    added = _moment(node.get("createdAt")) if node.get("issue") else None
    return [_caught("comment.created", "Comment", node, str(node["createdAt"]))] if added and added >= since else []


def _caught(kind: str, about: str, node: Record, when: str) -> Event:
    action = "create" if kind.endswith("created") else "update"
    told = {"action": action, "type": about, "data": node, "url": node.get("url")}
    return _event(kind, node, when, json.dumps(told, sort_keys=True).encode())


def _moment(value: JSON) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


# --- what recipes see -------------------------------------------------------------------------------------------------

_ISSUE = {
    **dict.fromkeys(
        ("id", "identifier", "url", "due_date", "created", "changed", "completed", "priority"), Label.VENDOR
    ),
    **dict.fromkeys(("title", "description", "assignee_name", "by"), Label.OUTSIDE),
    **dict.fromkeys(("team", "team_key", "state", "state_name", "state_type", "assignee", "project"), Label.VENDOR),
    **dict.fromkeys(("labels", "labels[]"), Label.OUTSIDE),
    **dict.fromkeys(("changed_fields", "changed_fields[]", "by_kind"), Label.VENDOR),
}
_COMMENT = {
    **dict.fromkeys(("id", "url", "issue", "issue_identifier", "created", "by_kind"), Label.VENDOR),
    **dict.fromkeys(("text", "issue_title", "by"), Label.OUTSIDE),
}


def issue_seen(body: bytes) -> Record:
    """An issue in plain words; "" where there is nothing. `changed_fields` and `by` are empty where it was caught up with:
    Linear's lists do not say who changed what."""
    told = json.loads(body)
    data, actor = told["data"], told.get("actor") or {}
    plain = {"id": "id", "identifier": "identifier", "title": "title", "description": "description",
             "due_date": "dueDate", "created": "createdAt", "changed": "updatedAt", "completed": "completedAt"}  # fmt: skip
    seen: Record = {ours: str(data.get(theirs) or "") for ours, theirs in plain.items()}
    for name, part in (("state", "name"), ("team", "key"), ("assignee", "name"), ("project", "")):
        seen |= _part(data, name, part)
    seen |= {"state_type": str((data.get("state") or {}).get("type") or ""), "labels": _labels(data.get("labels"))}
    seen |= {"priority": data.get("priority") or 0, "url": str(told.get("url") or data.get("url") or "")}
    before = sorted(name for name in told.get("updatedFrom") or {} if name != "updatedAt")
    return {
        **seen,
        "changed_fields": before,
        "by": str(actor.get("name") or ""),
        "by_kind": str(actor.get("type") or ""),
    }


def _part(data: Record, name: str, part: str) -> Record:
    """The id of something an issue belongs to, and one word of it; deliveries may have only the id."""
    inner = data.get(name) or {}
    found = {name: str(inner.get("id") or data.get(f"{name}Id") or "")}
    return {**found, f"{name}_{part}": str(inner.get(part) or "")} if part else found


def _labels(value: JSON) -> list[str]:
    """A list in deliveries, `nodes` in answers."""
    entries = value.get("nodes") if isinstance(value, dict) else value
    return [str(one["name"]) for one in entries or [] if isinstance(one, dict) and one.get("name")]


def comment_seen(body: bytes) -> Record:
    told = json.loads(body)
    data, actor = told["data"], told.get("actor") or told["data"].get("user") or {}
    issue = data.get("issue") or {}
    about = {"issue": str(issue.get("id") or data.get("issueId") or ""), "issue_title": str(issue.get("title") or "")}
    about["issue_identifier"] = str(issue.get("identifier") or "")
    who = {"by": str(actor.get("name") or ""), "by_kind": str(actor.get("type") or "")}
    url = str(told.get("url") or data.get("url") or "")
    return {"id": data["id"], "text": str(data.get("body") or ""), "created": str(data.get("createdAt") or ""), "url": url,
            **about, **who}  # fmt: skip


TRIGGERS = (
    Trigger("issue.created", "An issue was created", issue_seen, _ISSUE),
    Trigger("issue.changed", "An issue was changed", issue_seen, _ISSUE),
    Trigger("issue.completed", "An issue was completed", issue_seen, _ISSUE),
    Trigger("comment.created", "Somebody commented on an issue", comment_seen, _COMMENT),
)
POLLS = (
    Poll(("issue.created", "issue.changed", "issue.completed"), issues, every=900.0),
    Poll(("comment.created",), comments, every=900.0),
)
