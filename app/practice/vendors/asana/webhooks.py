"""Webhooks of the practice Asana: a handshake inside the creation, compact events, empty ones, a secret for each.

https://developers.asana.com/docs/webhooks-guide
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets

from flask import Response, jsonify, request

from app.practice.door import done
from app.practice.post import post
from app.practice.vendors.asana.office import JSON, PROJECTS, Office, data, listed, refuse, shown

Answer = Response | tuple[Response, int]


def handle(office: Office, verb: str, parts: list[str]) -> Answer:
    if not parts:
        return _create(office) if verb == "POST" else _list(office)
    hook = office.get("webhook", parts[0])
    if hook is None:
        refuse(404, f"webhook: Unknown object: {parts[0]}")
    if verb != "DELETE":
        return jsonify(data=_shown(hook))
    with office.ground.ledger.write():
        office.drop(hook["gid"])
        done(office.ground, "webhook.delete", hook["gid"])
    return jsonify(data={})


def _list(office: Office) -> Response:
    if not request.args.get("workspace"):
        refuse(400, "workspace: Missing input")
    return listed(office, [_shown(hook) for hook in office.all("webhook")])


def _shown(hook: JSON) -> JSON:
    return shown({name: value for name, value in hook.items() if name != "secret"}, "webhook")


def _create(office: Office) -> Answer:
    """Asks the target while the request that wants it is still open; without the same header back there is no webhook."""
    given = data()
    project, target = given.get("resource"), str(given.get("target", ""))
    if project not in PROJECTS:
        refuse(400, f"resource: Unknown object: {project}")
    if project in office.note("hidden", []):
        refuse(403, "You do not have access to this project.")
    secret = secrets.token_hex(16)
    report = post(target, b"{}", {"Content-Type": "application/json", "X-Hook-Secret": secret})
    if report["status"] not in (200, 204) or report["headers"].get("x-hook-secret") != secret:
        refuse(400, "The remote server did not respond with the handshake secret.")
    with office.ground.ledger.write():
        own = {"gid": office.gid(), "active": True, "secret": secret, "told": office.note("last", 0)}
        hook = {**own, "resource": PROJECTS[project], "target": target, "filters": given.get("filters", [])}
        office.keep("webhook", hook)
        done(office.ground, "webhook.create", hook["gid"])
    return jsonify({"data": _shown(hook), "X-Hook-Secret": secret}), 201


def deliver(office: Office) -> list[JSON]:
    """Sends what happened since the last time, several events at once; at most once. Returns the reports."""
    with office.ground.ledger.write():
        events = office.all("event")
        for one in events:
            office.drop(one["gid"])
    reports = []
    for hook in office.all("webhook"):
        mine = [
            one["event"] for one in events if one["project"] == hook["resource"]["gid"] and _passes(hook, one["event"])
        ]
        if mine:
            reports.append(_send(hook, mine))
    return reports


def heartbeat(office: Office) -> list[JSON]:
    return [_send(hook, []) for hook in office.all("webhook")]


def _passes(hook: JSON, event: JSON) -> bool:
    for one in hook["filters"]:
        right = one["resource_type"] == event["resource"]["resource_type"] and one.get("action") in (
            None,
            event["action"],
        )
        if right and event.get("change", {}).get("field", "") in one.get(
            "fields", [event.get("change", {}).get("field", "")]
        ):
            return True
    return not hook["filters"]


def _send(hook: JSON, events: list[JSON]) -> JSON:
    body = json.dumps({"events": events}).encode()
    seal = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
    report = post(hook["target"], body, {"Content-Type": "application/json; charset=utf-8", "X-Hook-Signature": seal})
    return {**report, "events": len(events)}
