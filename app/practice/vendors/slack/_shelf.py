"""What stands in the practice Slack, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal
from app.practice.ledger import Ledger

Thing = dict[str, Any]
Given = dict[str, Any]
SLUG, TEAM, BOT, APP = "slack", "T0PRACTICE", "B0PATCHBAY", "A0PATCHBAY"
URL = "https://practice.slack.example/"


@dataclass(frozen=True)
class Shelf:
    ground: Ground

    @property
    def ledger(self) -> Ledger:
        return self.ground.ledger

    def channel(self, which: str) -> Thing:
        """Raises `Refusal` for one that is not there, or that is private and the bot is not in."""
        found = self.ledger.get(SLUG, which, "channel")
        if found is None or (found["channel"]["is_private"] and not found["channel"]["is_member"]):
            no("channel_not_found")
        return dict(found["channel"])

    def channels(self) -> list[Thing]:
        return [one["channel"] for one in self.ledger.objects(SLUG, "channel")]

    def messages(self, channel: str) -> list[Thing]:
        """Newest first, those in threads too."""
        found = [one["message"] for one in self.ledger.objects(SLUG, "message", channel) if not one["gone"]]
        return sorted(found, key=lambda one: _digits(one["ts"]), reverse=True)

    def message(self, channel: str, ts: str) -> Thing | None:
        found = self.ledger.get(SLUG, f"{channel}:{ts}", "message")
        return None if found is None or found["gone"] else dict(found["message"])

    def keep(self, channel: str, message: Thing, gone: bool = False) -> Thing:
        """Ids are compared in small letters by the ledger."""
        thing = {"id": f"{channel}:{message['ts']}".lower(), "message": message, "gone": gone}
        self.ledger.put(SLUG, "message", thing, parent=channel)
        return message


def _digits(ts: str) -> tuple[int, int]:
    head, _, tail = ts.partition(".")
    return int(head), int(tail or 0)


def later(ts: str, than: str) -> bool:
    return _digits(ts) > _digits(than)


def no(error: str, **more: str) -> NoReturn:
    raise Refusal(200, {"ok": False, "error": error, **more})


def page(found: list[Thing], given: Given, name: str) -> Thing:
    """https://docs.slack.dev/apis/web-api/pagination ; an empty cursor is the end."""
    size = int(given.get("limit") or 100)
    if not 1 <= size <= 999:
        no("invalid_limit")
    cursor = str(given.get("cursor") or "page:0")
    if not cursor.startswith("page:") or not cursor[5:].isdecimal():
        no("invalid_cursor")
    start = int(cursor[5:])
    following = f"page:{start + size}" if start + size < len(found) else ""
    return {
        name: found[start : start + size],
        "has_more": bool(following),
        "response_metadata": {"next_cursor": following},
    }
