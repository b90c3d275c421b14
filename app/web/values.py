"""Values as people read them: the fields of an event, what a model was given, and the parts of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.web import marks, words
from connectors.contract import JSON

_NAMES = {
    "todos": "To-dos",
    "meeting_uuid": "Meeting",
    "host_email": "Host",
    "instructions": "The question",
    "markdown": "Text",
    "data_source": "Database",
}


def fields(values: Mapping[str, JSON]) -> list[dict[str, Any]]:
    """Name and text of everything that is not empty."""
    return [{"name": name_of(k), "text": _text(v)} for k, v in values.items() if v not in (None, "", [], {})]


def given(values: JSON, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the model was given, with the quotes of its answer marked where they stand."""
    if not isinstance(values, dict):
        return []
    quotes = [quote for part in shown for entry in part["entries"] for quote in entry["quotes"]]
    return [field | {"pieces": marks.marked(field["text"], quotes)} for field in fields(values)]


def answer(value: Mapping[str, JSON]) -> list[dict[str, Any]]:
    """The parts of a model's answer: texts, and lists whose entries have a main text, tags and quotes."""
    return [_part(name_of(name), part) for name, part in value.items()]


def _part(name: str, part: JSON) -> dict[str, Any]:
    if isinstance(part, list):
        return {"name": name, "kind": "list", "text": "", "entries": [_entry(entry) for entry in part]}
    return {"name": name, "kind": "text", "text": _text(part), "entries": []}


def _entry(entry: JSON) -> dict[str, Any]:
    if not isinstance(entry, dict):
        return {"main": _text(entry), "tags": [], "quotes": []}
    quotes = [str(v) for k, v in entry.items() if k.endswith("quote") and v]
    rest = [(k, v) for k, v in entry.items() if not k.endswith("quote")]
    tags = [(name_of(k), _text(v)) for k, v in rest[1:] if v not in (None, "", "nobody")]
    return {"main": _text(rest[0][1]) if rest else "", "tags": tags, "quotes": quotes}


def name_of(key: str) -> str:
    text = key.replace("_", " ").strip()
    return _NAMES.get(key, text[:1].upper() + text[1:])


def _text(value: JSON) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    return words.plain_json(value)
