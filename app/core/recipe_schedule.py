"""Reads a recipe's `when:` that is a time: `{every: monday at 07:00, zone: Europe/Berlin, catch_up: last, window: 24 hours}`."""

from __future__ import annotations

from datetime import datetime

from cronsim import CronSim

from app.core import durations, schedule, zones
from app.core.recipe_nodes import Nodes
from app.core.recipe_problems import suggest
from app.core.recipe_yaml import Fields, Node
from app.core.schedule import CATCH_UPS, DAY, CatchUp, Schedule
from app.core.schedule_words import NoSuchTime, cron_of

KEYS = ("every", "cron", "zone", "catch_up", "window")
HINTS = {"at": "Write it in one: every: monday at 07:00.", "timezone": "Write `zone:`.", "tz": "Write `zone:`."}
_LONGEST = 31 * DAY


def read_schedule(node: Fields, nodes: Nodes) -> Schedule | None:
    """None when something is wrong with it."""
    nodes.known_keys(node, KEYS, "a `when` that is a time", HINTS)
    found = _times(node, nodes)
    zone, catch_up, window = _zone(node, nodes), _catch_up(node, nodes), _window(node, nodes)
    return Schedule(*found, zone, catch_up, window) if found else None


def _times(node: Fields, nodes: Nodes) -> tuple[str, str] | None:
    """(cron line, in words)."""
    written = [name for name in ("every", "cron") if name in node.values]
    if len(written) != 1:
        said = "has both `every` and `cron`" if written else "says no time"
        nodes.problems.add(node.at, f"this `when` {said}", "Write one of them, like every: monday at 07:00.")
        return None
    value = node.values[written[0]]
    text = nodes.text(value, written[0])
    return (_every(value, text, nodes) if written == ["every"] else _cron(value, text, nodes)) if text else None


def _every(value: Node, text: str, nodes: Nodes) -> tuple[str, str] | None:
    try:
        return cron_of(text)
    except NoSuchTime as wrong:
        nodes.problems.add(value.at, str(wrong), wrong.hint)
        return None


def _cron(value: Node, text: str, nodes: Nodes) -> tuple[str, str] | None:
    line = " ".join(text.split())
    if wrong := schedule.problem(line):
        hint = "Write it like 0 7 * * 1, or say it in words: every: monday at 07:00."
        nodes.problems.add(value.at, wrong, hint)
        return None
    words: str = CronSim(line, datetime(2026, 1, 1)).explain()
    return line, words[:1].upper() + words[1:]


def _zone(node: Fields, nodes: Nodes) -> str:
    name = nodes.text(node.values.get("zone"), "zone")
    if name and name not in zones.names():
        nodes.problems.add(node.values["zone"].at, f"`{name}` is no time zone", zones.hint(name))
    return name


def _catch_up(node: Fields, nodes: Nodes) -> CatchUp:
    word = nodes.text(node.values.get("catch_up"), "catch_up")
    for known in CATCH_UPS:
        if word == known:
            return known
    if word:
        hint = suggest(word, CATCH_UPS)
        says = f"{hint} last makes good the newest time that was missed, all each of them, none not any."
        nodes.problems.add(node.values["catch_up"].at, f"`catch_up` cannot be `{word}`", says)
    return "last"


def _window(node: Fields, nodes: Nodes) -> int:
    text = nodes.text(node.values.get("window"), "window")
    length = durations.read(text) if text else DAY
    if length is None:
        nodes.problems.add(node.values["window"].at, f"`{text}` is no length of time", durations.HINT)
    elif length > _LONGEST:
        nodes.problems.add(node.values["window"].at, "`window` is longer than 31 days", "Write at most 31 days.")
    return length or DAY
