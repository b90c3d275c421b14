"""Channels of the practice Google: messages without a body or a signature, the first before the answer, none renewed.

https://developers.google.com/workspace/calendar/api/guides/push . Settings a test may change: `google_channel_life` (seconds),
`google_no_push` (ids of calendars that cannot be watched), `google_no_address` (the address is not taken).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from email.utils import formatdate

from flask import Blueprint, Response, jsonify, request

from app.practice.door import done
from app.practice.post import post
from app.practice.vendors.google.suite import JSON, Suite, refuse

_WEEK = 7 * 86_400


def routes(api: Blueprint, suite: Suite, find_calendar: Callable[[Suite, str], JSON]) -> None:
    @api.post("/calendar/v3/calendars/<calendar>/events/watch")
    def channel_watch(calendar: str) -> Response:
        return jsonify(_watch(suite, find_calendar(suite, calendar)["id"]))

    @api.post("/calendar/v3/channels/stop")
    def channel_stop() -> tuple[str, int]:
        given = request.get_json()
        with suite.ground.ledger.write():
            found = suite.get("channel", str(given.get("id")))
            if found is None or found["resourceId"] != given.get("resourceId"):
                refuse(404, "channelNotFound", f"Channel '{given.get('id')}' not found for project '42'")
            suite.drop("channel", found["id"])
            done(suite.ground, "channel.stop", found["id"])
        return "", 204


def _watch(suite: Suite, calendar: str) -> JSON:
    given = request.get_json()
    if calendar in suite.note("no_push", []):
        refuse(400, "pushNotSupportedForRequestedResource", "Events cannot be watched on this resource.")
    if suite.note("no_address") or not str(given.get("address", "")).startswith(("https://", "http://127.0.0.1")):
        refuse(401, "push.webhookUrlUnauthorized", "Unauthorized WebHook callback channel")
    if len(str(given.get("id") or "")) not in range(1, 65) or len(str(given.get("token", ""))) > 256:
        refuse(400, "invalid", "Invalid channel")
    if suite.get("channel", given["id"]):
        refuse(400, "channelIdNotUnique", f"Channel id {given['id']} not unique")
    life = min(float(suite.note("channel_life", _WEEK)), int(given.get("expiration", 2**62)) / 1000 - time.time())
    channel = {
        "id": given["id"],
        "token": given.get("token", ""),
        "address": given["address"],
        "calendar": calendar,
        "resourceId": hashlib.sha256(calendar.encode()).hexdigest()[:27],
        "expiration": str(int((time.time() + life) * 1000)),
        "told": suite.note("last", 0),
        "number": 1,
    }
    with suite.ground.ledger.write():
        suite.keep("channel", channel)
        done(suite.ground, "channel.watch", channel["id"])
    _send(channel, "sync")  # it may come before the answer
    kept = ("id", "resourceId", "expiration", "token")
    return {"kind": "api#channel", "resourceUri": _uri(calendar), **{name: channel[name] for name in kept}}


def _uri(calendar: str) -> str:
    return f"https://www.googleapis.com/calendar/v3/calendars/{calendar}/events?alt=json"


def deliver(suite: Suite) -> list[JSON]:
    """Tells each channel that is alive of what happened in its calendar since it was told last. Returns the reports."""
    reports = []
    for channel in suite.all("channel"):
        alive = int(channel["expiration"]) > time.time() * 1000
        if alive and any(one["_n"] > channel["told"] for one in suite.all("event", channel["calendar"])):
            told = {**channel, "told": suite.note("last", 0), "number": channel["number"] + 7}  # with gaps
            with suite.ground.ledger.write():
                suite.keep("channel", told)
            reports.append(_send(told, "exists"))
    return reports


def _send(channel: JSON, state: str) -> JSON:
    headers = {
        "X-Goog-Channel-ID": channel["id"],
        "X-Goog-Channel-Token": channel["token"],
        "X-Goog-Channel-Expiration": formatdate(int(channel["expiration"]) / 1000, usegmt=True),
        "X-Goog-Resource-ID": channel["resourceId"],
        "X-Goog-Resource-URI": _uri(channel["calendar"]),
        "X-Goog-Resource-State": state,
        "X-Goog-Message-Number": str(channel["number"]),
    }
    return {**post(channel["address"], b"", headers), "channel": channel["id"], "state": state}
