"""Webhooks of the practice Webflow: a secret of their own with a site token, the app's where one signed in.

https://developers.webflow.com/data/docs/working-with-webhooks
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time

from flask import request

from app.practice.door import done
from app.practice.post import post
from app.practice.vendors.webflow.studio import JSON, Studio, now, refuse

TYPES = (
    "form_submission",
    "collection_item_created",
    "collection_item_changed",
    "collection_item_published",
    "site_publish",
)
Given = tuple[JSON, int]


def of_site(studio: Studio, verb: str) -> Given:
    if verb == "GET":
        return {"webhooks": [_shown(hook) for hook in studio.all("webhook")]}, 200
    body = request.get_json()
    if body.get("triggerType") not in TYPES or not str(body.get("url", "")).startswith(("http://", "https://")):
        refuse(400, "validation_error", "Validation Error", ["Value (triggerType)'s value is invalid"])
    if body["triggerType"] == "form_submission" and "forms:read" in studio.note("missing", []):
        refuse(403, "missing_scopes", "You are missing the following scopes - forms:read")
    secret = studio.ground.token if studio.signed_in else secrets.token_hex(32)
    with studio.ground.ledger.write():
        own = {"id": studio.new_id(), "siteId": "65f0aa", "createdOn": now(), "secret": secret}
        hook = {**own, "triggerType": body["triggerType"], "url": body["url"]}
        studio.keep("webhook", hook)
        done(studio.ground, "webhook.create", hook["id"])
    return {**_shown(hook), **({} if studio.signed_in else {"secret": secret})}, 201


def one(studio: Studio, verb: str, own: str) -> Given:
    hook = studio.get("webhook", own)
    if hook is None:
        refuse(404, "resource_not_found", "Requested resource not found")
    if verb == "GET":
        return _shown(hook), 200
    if verb != "DELETE":
        refuse(404, "resource_not_found", "Requested resource not found")
    studio.drop(own)
    done(studio.ground, "webhook.delete", own)
    return {}, 204


def _shown(hook: JSON) -> JSON:
    return {name: value for name, value in hook.items() if name != "secret"}


def deliver(studio: Studio) -> list[JSON]:
    """Sends what happened since the last time. Returns the reports."""
    with studio.ground.ledger.write():
        events = studio.all("event")
        for event in events:
            studio.drop(event["id"])
    hooks = studio.all("webhook")
    return [_send(hook, event) for event in events for hook in hooks if hook["triggerType"] == event["triggerType"]]


def _send(hook: JSON, event: JSON) -> JSON:
    body = json.dumps({"triggerType": event["triggerType"], "payload": event["payload"]}).encode()
    stamp = str(int(time.time() * 1000))
    seal = hmac.new(hook["secret"].encode(), stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "x-webflow-timestamp": stamp, "x-webflow-signature": seal}
    return {**post(hook["url"], body, headers), "triggerType": event["triggerType"]}
