"""Messages and presses of buttons as the plain values that recipes see; "" is nothing. A message is named "C0123:1793000000.000100"."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.contract import JSON, Label, Trigger, read_strictly
from connectors.slack._delivery import POSTED, PRESSED
from connectors.slack._text import plain

MESSAGE_FIELDS = {
    **dict.fromkeys(("id", "channel", "channel_type", "user", "thread", "team", "url", "posted_at"), Label.VENDOR),
    **dict.fromkeys(("is_answer", "by_bot"), Label.VENDOR),
    "text": Label.OUTSIDE,
    "files[].name": Label.OUTSIDE,
    "files[].url": Label.VENDOR,
}
PRESS_FIELDS = {
    **dict.fromkeys(("message_id", "channel", "user", "team", "button", "pressed_at"), Label.VENDOR),
    "value": Label.OUTSIDE,  # what whoever posted the message put behind the button
    "message": Label.OUTSIDE,
}


def message(body: bytes) -> dict[str, JSON]:
    document = read_strictly(body, "Slack")
    about = _part(document, "event")
    channel, ts, thread = (_text(about.get(name)) for name in ("channel", "ts", "thread_ts"))
    files = about.get("files") if isinstance(about.get("files"), list) else []
    return {
        "channel": channel,
        "channel_type": _text(about.get("channel_type")),
        "user": _text(about.get("user")),
        "text": plain(_text(about.get("text"))).strip(),
        "id": _name(channel, ts),
        "thread": _name(channel, thread or ts),  # where an answer to it belongs
        "is_answer": bool(thread and thread != ts),
        "by_bot": bool(about.get("bot_id")),
        "team": _text(document.get("team_id")),
        "url": f"https://slack.com/archives/{channel}/p{ts.replace('.', '')}" if channel and ts else "",
        "posted_at": _moment(ts),
        "files": [_file(one) for one in files or [] if isinstance(one, dict)],
    }


def press(body: bytes) -> dict[str, JSON]:
    document = read_strictly(body, "Slack")
    actions = document.get("actions")
    one = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    container, shown = _part(document, "container"), _part(document, "message")
    channel = _text(_part(document, "channel").get("id")) or _text(container.get("channel_id"))
    return {
        "channel": channel,
        "user": _text(_part(document, "user").get("id")),
        "team": _text(_part(document, "team").get("id")),
        "button": _text(one.get("action_id")),
        "value": _text(one.get("value")),
        "message": plain(_text(shown.get("text"))).strip(),
        "message_id": _name(channel, _text(container.get("message_ts")) or _text(shown.get("ts"))),
        "pressed_at": _moment(_text(one.get("action_ts"))),
    }


TRIGGERS = (
    Trigger(POSTED, "Somebody wrote in a channel", message, MESSAGE_FIELDS),
    Trigger(PRESSED, "Somebody pressed a button", press, PRESS_FIELDS),
)


def _file(one: dict[str, JSON]) -> dict[str, JSON]:
    return {"name": _text(one.get("name")), "url": _text(one.get("url_private"))}


def _name(channel: str, ts: str) -> str:
    return f"{channel}:{ts}" if channel and ts else ""


def _moment(ts: str) -> str:
    """ISO 8601, to the second."""
    head = ts.partition(".")[0]
    if not (head.isascii() and head.isdigit() and 0 < len(head) <= 11):
        return ""
    return datetime.fromtimestamp(int(head), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _part(holder: dict[str, JSON], name: str) -> dict[str, JSON]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}
