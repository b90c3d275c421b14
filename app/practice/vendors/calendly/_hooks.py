"""The practice webhooks: https://developer.calendly.com/api-docs/overview/webhooks"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time

from app.practice.door import Ground
from app.practice.post import post
from app.practice.vendors.calendly._calendar import ROOT, SLUG, Facts, found, now, refuse, shown

SCOPES = ("user", "organization")


def all_hooks(ground: Ground) -> list[Facts]:
    return ground.ledger.objects(SLUG, "subscription")


def make(ground: Ground, given: Facts) -> Facts:
    if ground.ledger.note("calendly_plan", "standard") == "free":
        refuse(403, "Permission Denied", "Please upgrade your Calendly account to Standard")
    if given.get("scope") not in SCOPES or not str(given.get("url", "")).startswith("http"):
        refuse(
            400, "Invalid Argument", "The supplied parameters are invalid.", {"parameter": "url", "message": "is wrong"}
        )
    same_ones = [
        one for one in all_hooks(ground) if (one["callback_url"], one["scope"]) == (given["url"], given["scope"])
    ]
    if same_ones:
        refuse(409, "Already Exists", "Hook with this url already exists")
    own = "wh" + secrets.token_hex(6)
    hook = {"id": own, "uri": f"{ROOT}/webhook_subscriptions/{own}", "callback_url": given["url"], "state": "active"}
    hook |= {
        "scope": given["scope"],
        "events": given["events"],
        "key": given.get("signing_key", ""),
        "created_at": now(),
    }
    ground.ledger.put(SLUG, "subscription", hook)
    return shown(hook)


def end(ground: Ground, own: str) -> None:
    found(ground, own, "subscription")
    ground.ledger.change("delete from objects where slug=? and id=?", SLUG, own)


def change(ground: Ground, body: Facts) -> None:
    ground.ledger.put(SLUG, "subscription", {**found(ground, body["id"], "subscription"), **body})


def deliver(ground: Ground, event: str, guest: Facts, bare: bool = False) -> list[Facts]:
    """To every active webhook; how it went, with what was sent. `bare`: without the meeting, as some are."""
    payload = shown(guest)
    if not bare:
        payload["scheduled_event"] = shown(found(ground, guest["meeting"], "meeting"))
    raw = json.dumps({"event": event, "created_at": now(), "created_by": guest["uri"], "payload": payload}).encode()
    went = []
    for hook in all_hooks(ground):
        if hook["state"] == "active" and event in hook["events"]:
            headers = {"Content-Type": "application/json", **signed(hook["key"], raw, int(time.time()))}
            went.append({**post(hook["callback_url"], raw, headers, 5), "event": raw.decode()})
    return went


def signed(key: str, raw: bytes, seconds: int) -> Facts:
    mac = hmac.new(key.encode(), f"{seconds}.".encode() + raw, hashlib.sha256).hexdigest()
    return {"Calendly-Webhook-Signature": f"t={seconds},v1={mac}"} if key else {}
