"""What Slack sends: the signature, the question that it asks first, messages, and presses of buttons.

https://docs.slack.dev/authentication/verifying-requests-from-slack and https://docs.slack.dev/apis/events-api/
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence

from connectors.contract import JSON, BadSignature, Event, Received, Reply, Unreadable, read_strictly
from connectors.slack._buttons import OPEN
from connectors.slack._form import payload

WINDOW = 300  # seconds either way
POSTED, PRESSED = "message.posted", "button.pressed"
_PLAIN_KINDS = (
    None,
    "file_share",
    "thread_broadcast",
    "bot_message",
    "me_message",
)  # the rest are changes, joins, topics
_LATEST = 2**40  # seconds


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify and parse one delivery. Raises `BadSignature` or `Unreadable`.

    What is signed are the bytes as they came: a form's, too, before anything is decoded. A header that says that this is a
    second try is no reason to drop it; the first may never have arrived.
    """
    _verify(body, headers, secrets, now)
    if body.lstrip().startswith(b"{"):
        return _event(read_strictly(body, "Slack"), body)
    return _interaction(payload(body))


# --- who sent it ------------------------------------------------------------------------------------------------------


def _verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> None:
    if not any(secrets):
        raise BadSignature("This connection has no Signing Secret yet: copy it from the app's page Basic Information.")
    stamp, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignature("The delivery does not say when it was signed.")
    signed = b"v0:" + stamp.encode() + b":" + body
    ours = [b"v0=" + hmac.new(_bytes(s), signed, hashlib.sha256).hexdigest().encode() for s in secrets if s]
    if not any(hmac.compare_digest(mac, _bytes(given)) for mac in ours):
        raise BadSignature(
            "The delivery was not signed with the Signing Secret of this connection: copy it from Slack again."
        )
    if not abs(now - int(stamp)) <= WINDOW:
        raise BadSignature("The delivery was signed more than five minutes away from now: check this computer's clock.")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


# --- events -----------------------------------------------------------------------------------------------------------


def _event(document: dict[str, JSON], body: bytes) -> Received:
    kind = document.get("type")
    if kind == "url_verification":
        challenge = document.get("challenge")
        if not isinstance(challenge, str) or not challenge:
            raise Unreadable("Slack's check of the address came without its challenge.")
        return Received(reply=Reply(challenge))
    if kind == "app_rate_limited":  # Slack has left events out, and says so once a minute
        return Received(catch_up=True)
    if kind != "event_callback":
        raise Unreadable("The delivery does not say which event it is.")
    found = event(document, body)
    return Received(events=(found,) if found else ())


def event(document: dict[str, JSON], body: bytes, own_bot: str = "") -> Event | None:
    """The event in a delivery, or of a message that was read; None for what our own bot wrote, else answers would be
    answered for ever. `own_bot`: the bot's id, where the document does not say which app it was sent to."""
    about = document.get("event")
    if not isinstance(about, dict) or not _text(about.get("type")):
        raise Unreadable("The delivery does not hold what happened.")
    if _ours(document, about, own_bot):
        return None
    kind = f"{about['type']}.posted" if _is_plain(about) else _other(about)
    which = _text(document.get("event_id"))
    if not which:
        raise Unreadable("The delivery does not say which event it is.")
    channel, ts = _text(about.get("channel")), _text(about.get("ts"))
    once = f"message:{channel}:{ts}" if kind == POSTED else ""
    thread = _text(about.get("thread_ts")) or ts
    serial = f"{channel}:{thread}" if channel else ""
    return Event(kind, which, body, serial, once, _when(document, ts), account=_account(document))


def _is_plain(about: dict[str, JSON]) -> bool:
    """A new message, and not the news that one was changed or deleted, or that somebody came."""
    told = about.get("type") == "message" and about.get("subtype") in _PLAIN_KINDS
    return told and bool(_text(about.get("channel")) and _text(about.get("ts")))


def _other(about: dict[str, JSON]) -> str:
    parts = [_text(about.get("type")), _text(about.get("subtype"))]
    return ".".join(part for part in parts if part)[:200]


def _ours(document: dict[str, JSON], about: dict[str, JSON], own_bot: str) -> bool:
    app, bot = document.get("api_app_id"), about.get("bot_id")
    by = about.get("app_id") or _part(about, "bot_profile").get("app_id")
    return bool((app and by == app) or (own_bot and bot == own_bot))


def _account(document: dict[str, JSON]) -> str:
    """The workspace in which the app is installed. In a channel that two workspaces share, `team_id` may be the other."""
    installed = document.get("authorizations")
    first = installed[0] if isinstance(installed, list) and installed and isinstance(installed[0], dict) else {}
    return _text(first.get("team_id")) or _text(document.get("team_id"))


def _when(document: dict[str, JSON], ts: str) -> int | None:
    """ms; `event_time` is in seconds, a message's own `ts` is more exact."""
    head = ts.partition(".")[0]
    if head.isascii() and head.isdigit() and len(head) <= 12:
        return int(head) * 1000 + int((ts.partition(".")[2] + "000")[:3])
    value = document.get("event_time")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LATEST:
        raise Unreadable("The time in the delivery (event_time) is not a number of seconds.")
    return value * 1000


# --- presses of buttons -----------------------------------------------------------------------------------------------


def _interaction(raw: bytes) -> Received:
    """https://docs.slack.dev/reference/interaction-payloads/ . What is no press of a button is only acknowledged: we show
    no forms in Slack."""
    document = read_strictly(raw, "Slack")
    if document.get("type") != "block_actions":
        return Received(reply=Reply(None))
    pressed = tuple(_presses(document))
    return Received(events=pressed) if pressed else Received(reply=Reply(None))


def _presses(document: dict[str, JSON]) -> Iterator[Event]:
    """One event for each; the button of a card only opens its page, which is no news."""
    actions = document.get("actions")
    if not isinstance(actions, list) or not all(isinstance(one, dict) for one in actions):
        raise Unreadable("The delivery does not say which button was pressed.")
    for one in actions:
        if one.get("action_id") != OPEN and one.get("type") in ("button", None):
            yield _press(document, one)


def _press(document: dict[str, JSON], one: dict[str, JSON]) -> Event:
    team, user = _text(_part(document, "team").get("id")), _text(_part(document, "user").get("id"))
    name, when = _text(one.get("action_id")), _text(one.get("action_ts"))
    if not name or not when or not user:
        raise Unreadable("The delivery does not say which button was pressed, when, or by whom.")
    dedupe = f"press:{hashlib.sha256(json.dumps([team, user, when, name]).encode()).hexdigest()[:40]}"
    channel = _text(_part(document, "channel").get("id")) or _text(_part(document, "container").get("channel_id"))
    body = json.dumps({**document, "actions": [one]}, sort_keys=True).encode()
    serial = f"{channel}:{_text(_part(document, 'container').get('message_ts'))}"
    return Event(PRESSED, dedupe, body, serial, "", _when({}, when), account=team)


def _part(holder: dict[str, JSON], name: str) -> dict[str, JSON]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""
