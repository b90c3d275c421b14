"""Asana's webhooks: one for each starred project, set up by us, each with a secret of its own.

https://developers.asana.com/docs/webhooks-guide and https://developers.asana.com/reference/createwebhook . While our own
request to create one is still open, Asana asks `target` with X-Hook-Secret and wants it back in the same header. That
question is not signed, so nothing is kept of it: the secret also stands in the answer to our request, and is taken from there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence

from connectors.asana._client import Asana, status_of, there
from connectors.asana._watch import watched
from connectors.contract import JSON, BadSignature, Received, Reply, Unreadable

_OURS = re.compile(r"(\d+) (\S+)")  # a secret as we keep it: the webhook's gid, and what it signs with
_FIELDS = ["name", "notes", "assignee", "due_on", "due_at", "completed", "custom_fields"]
# Without filters comments and subtasks would come, too, and drown the rest.
FILTERS = [
    {"resource_type": "task", "action": "added"},
    {"resource_type": "task", "action": "undeleted"},
    {"resource_type": "task", "action": "changed", "fields": _FIELDS},
]


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """A delivery, or the question that comes before the first. Raises `BadSignature` or `Unreadable`.

    Asana signs no time, so `now` is not looked at; a delivery played again makes the hub look again, and nothing else.
    """
    question = headers.get("x-hook-secret", "")
    if question and "x-hook-signature" not in headers:
        return Received(reply=_echo(question))
    _check(body, headers.get("x-hook-signature", ""), secrets)
    try:
        events = json.loads(body)["events"]
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise Unreadable("This delivery is not the list of events that Asana documents.") from problem
    if not isinstance(events, list):
        raise Unreadable("This delivery is not the list of events that Asana documents.")
    return Received(catch_up=bool(events))  # empty ones come every eight hours, to see whether we are there


def _echo(secret: str) -> Reply:
    if not re.fullmatch("[A-Za-z0-9_-]{8,200}", secret):
        raise BadSignature("The question of the webhook is not one of Asana's.")
    return Reply(None, 200, {"X-Hook-Secret": secret})


def _check(body: bytes, signature: str, secrets: Sequence[str]) -> None:
    given = signature.encode("utf-8", "backslashreplace")
    for secret in secrets:
        own = _OURS.fullmatch(secret)
        key = (own[2] if own else secret).encode("utf-8", "backslashreplace")
        seal = hmac.new(key, body, hashlib.sha256).hexdigest().encode()
        if key and hmac.compare_digest(seal, given):
            return
    raise BadSignature("The delivery was not signed with a secret of this connection.")


def keep(client: Asana, address: str, secrets: Sequence[str]) -> list[str]:
    """Sees to it that there is one webhook for each starred project whose secret we know; the others of ours go.

    Asana deletes those that could not be delivered for a day. One whose creation was answered to nobody has a secret that
    nobody knows: it is replaced.
    """
    if not address:
        return list(secrets)
    known = {own[1]: secret for secret in secrets if (own := _OURS.fullmatch(secret))}
    offered = [secret for secret in secrets if not _OURS.fullmatch(secret)][:1]
    projects = [project["gid"] for project in watched(client)]
    kept = _sorted_out(client, address, known, projects)
    fresh: list[str] = []
    for project in projects:
        if project in kept:
            continue
        try:
            fresh.append(_create(client, address, project))
        except Exception as error:
            if status_of(error) == 403:  # may be looked at but not watched: the look every fifteen minutes has to do
                continue
            if not fresh:
                raise
            break  # what was made is kept; the rest follows in the next round
    return [*offered, *kept.values(), *fresh]


def _sorted_out(client: Asana, address: str, known: Mapping[str, str], projects: Sequence[str]) -> dict[str, str]:
    """Project → secret, of the webhooks that stay."""
    kept: dict[str, str] = {}
    for hook in _ours(client, address):
        project = str((hook.get("resource") or {}).get("gid"))
        if hook["gid"] in known and hook.get("active") and project in projects and project not in kept:
            kept[project] = known[hook["gid"]]
        else:
            gone = hook["gid"]
            there(lambda gone=gone: client.write("DELETE", f"/webhooks/{gone}"))
    return kept


def _ours(client: Asana, address: str) -> list[JSON]:
    spaces = client.me.get("workspaces") or []
    fields = "active,target,resource"
    hooks = [h for space in spaces for h in client.pages("/webhooks", workspace=space["gid"], opt_fields=fields)]
    return [hook for hook in hooks if hook.get("target") == address]


def _create(client: Asana, address: str, project: str) -> str:
    answer = client.created("/webhooks", {"resource": project, "target": address, "filters": FILTERS})
    return f"{answer['data']['gid']} {answer['X-Hook-Secret']}"
