"""Plain words for times, amounts and names: the filters and globals of every template."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, g, request, url_for

from app.core import keeping, overview, users, zones
from app.core.paging import MANY
from app.web import csrf, hold, states
from app.web.context import hub

# Sentences a page may greet with after something was done; an address can name one, never write one.
SAID: dict[str, tuple[str, str]] = {
    "welcome": ("good", "You are set up and signed in. The list below shows what to do next."),
    "set_up_already": ("info", "This hub has been set up already. Sign in with your account."),
    "signed_out": ("info", "You are signed out."),
    "password_changed": ("good", "Your password is changed. Sign in again with the new one."),
    "connected": ("good", "Connected. The account answers."),
    "kept": ("good", "Connected. What is still to be done stands below."),
    "saved": ("good", "Saved."),
    "form_made": ("good", "The form is there. Look at it, then give its address away."),
    "place_made": ("good", "The place is there. Drop the first file."),
    "form_open": ("good", "The form is open. Anybody who has its address can fill it in."),
    "form_closed": ("info", "The form is closed. Whoever opens it reads that it takes no more answers."),
    "app_saved": ("good", "Saved. Now sign in with it."),
    "signed_in_again": ("good", "Signed in again. The account answers, and what waited for it goes on by itself."),
    "removed": ("info", "Removed. Nothing of it is used any more."),
    "hook_again": ("good", "Patchbay waits for the first message of the webhooks that you set up next."),
    "reached": ("good", "A signed message came through the public address: vendors can reach this connection."),
    "works": ("good", "Tested just now: the account answers."),
    "nobody": (
        "info",
        "There is nobody to ask here: messages come in by themselves. “Test the address” tries the way.",
    ),
    "on": ("good", "Switched on. It starts with the next thing that happens."),
    "on_times": ("good", "Switched on. It begins at its next time."),
    "times_paused": ("info", "Paused. Nothing begins until you resume."),
    "times_resumed": ("good", "Resumed. It begins at its next time; what fell into the pause is left out."),
    "off": ("info", "Switched off. What had begun still comes to its end."),
    "fill_in": ("info", "Fill in the form once; after that the switch is enough."),
    "again": ("info", "It goes on from the step that stopped. What was done is not done twice."),
    "undoing": ("info", "It is being taken back. This page shows how far it is."),
    "decided": ("info", "Your decision is noted. Below you see what follows from it."),
    "resumed": ("good", "Resumed. What waited goes on by itself."),
    "decided_all": ("info", "Your decision is noted."),
}

_PERSON = re.compile(r"\b[0-9a-z]{26}\b")


def register(app: Flask) -> None:
    amounts = (ago, iso, clock, local, duration, hours, money, number, several)
    texts = (named, initials, plain_json, sentence, sample_words, connector_title, kept_words, removal_words)
    runs = (states.run_tone, states.run_words, states.step_tone, states.step_words, states.call_words)
    badges = (states.connection_badge, states.recipe_badge, states.recipe_state)
    kinds = (states.review_title, states.refusal_words, states.role_words, states.decision_words)
    for function in (*amounts, *texts, *runs, *badges, *kinds):
        app.add_template_filter(function)
    app.add_template_filter(size, "bytes")
    app.add_template_filter(file_words)
    app.add_template_global(csrf.token, "csrf_token")
    app.add_template_global(asset)
    app.add_template_global(may)
    app.add_template_global(inbox_count)
    app.add_template_global(hold.notice, "hold_notice")
    app.context_processor(_page)


def _page() -> dict[str, Any]:
    return {"me": g.get("person"), "said": SAID.get(request.args.get("said", "")), "levels": states.LEVELS}


def asset(name: str) -> str:
    """A static file's address, different for each content, so that browsers may keep it."""
    return url_for("static", filename=name, v=_mark(Path(__file__).parent / "static" / name))


@cache
def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


# --- times ------------------------------------------------------------------------------------------------------------


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def clock(ms: int) -> str:
    """For readers without script; with it the page shows their own zone."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%-d %b, %H:%M UTC")


def ago(ms: int) -> str:
    """How long since, or until."""
    seconds = round((hub().now() - ms) / 1000)
    words = _span(abs(seconds))
    if abs(seconds) < 5:
        return "just now"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _span(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count != 1 else ''}"
    return f"{int(seconds)} second{'s' if int(seconds) != 1 else ''}"


def duration(ms: int | None) -> str:
    """0.4 s, 12 s, 3 minutes."""
    if ms is None:
        return ""
    if ms < 100:
        return "an instant"
    return f"{ms / 1000:.1f} s" if ms < 10_000 else _span(ms / 1000) if ms >= 60_000 else f"{ms // 1000} s"


# --- amounts and names ------------------------------------------------------------------------------------------------


def money(millionths: int) -> str:
    """US dollars, with as many places as such small amounts need."""
    dollars = millionths / 1_000_000
    return f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}".rstrip("0").rstrip(".") if dollars else "$0"


def number(value: int) -> str:
    return f"{value:,}"


def several(value: int, most: int = MANY) -> str:
    """A number that was counted no further than `most`."""
    return f"over {most - 1:,}" if value >= most else number(value)


def size(count: int) -> str:
    """Bytes as people say them: 812 bytes, 34 KB, 2.5 MB."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


_FILES = {"text/csv": "Table", "application/pdf": "PDF", "application/json": "Text", "application/xml": "Text"}


def file_words(kind: str) -> str:
    """A media type as people say it."""
    first, _, last = kind.partition("/")
    if kind in _FILES or first in ("text", "image", "audio", "video"):
        return _FILES.get(kind, {"text": "Text", "image": "Picture", "audio": "Sound"}.get(first, "Film"))
    ends = {
        "spreadsheetml.sheet": "Excel",
        "wordprocessingml.document": "Word",
        "presentationml.presentation": "PowerPoint",
    }
    return next((words for end, words in ends.items() if last.endswith(end)), "Archive" if "zip" in last else "File")


def initials(name: str) -> str:
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"


def plain_json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def kept_words(removed: list[str]) -> str:
    """What the hub no longer has of a run, and what follows from that."""
    return " ".join(kind.gone for kind in keeping.KINDS if kind.name in removed)


def removal_words(kind: str) -> str:
    """What was removed, for the list of it."""
    return keeping.REMOVED.get(kind, kind)


def local(ms: int, zone: str) -> str:
    """A moment in the words of a zone: "Monday, 30 November 2026, 07:00"."""
    return zones.spoken(datetime.fromtimestamp(ms / 1000, zones.zone(zone)))


def connector_title(slug: str) -> str:
    connector = hub().connectors.get(slug)
    return connector.title if connector else slug


def sample_words(name: str) -> str:
    """A file's name as a person would say it."""
    words = name.removesuffix(".json").replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def sentence(text: str | None) -> str:
    """Ends like a sentence."""
    text = (text or "").strip()
    return text if not text or text[-1] in '.!?…:”"' else f"{text}."


def named(text: str) -> str:
    """Names in place of the ids of people."""
    return _PERSON.sub(lambda match: _names().get(match[0], match[0]), text or "")


def _names() -> dict[str, str]:
    if "names" not in g:
        g.names = {user.id: user.name for user in users.listing(hub())}
    return dict(g.names)


def hours(minutes: int) -> str:
    return f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


def may(act: str) -> bool:
    """Whether the person looking may do this; buttons that would be refused are not drawn."""
    known = g.get("person")
    return known is not None and users.may(known.role, act)


def inbox_count() -> int:
    return overview.open_reviews(hub())
