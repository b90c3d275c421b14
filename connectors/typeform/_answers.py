"""A form's response as the plain value that a recipe sees.

https://www.typeform.com/developers/webhooks/example-payload/ . Questions that were passed over are absent there; here every
question of the form is present, None where nobody answered. Everything in it may have been typed by anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime

from connectors.contract import JSON, Label

FIELDS = {
    "form": Label.VENDOR,
    "form_title": Label.OUTSIDE,
    "response": Label.VENDOR,
    "submitted_at": Label.VENDOR,
    "landed_at": Label.VENDOR,
    "score": Label.OUTSIDE,
    "text": Label.OUTSIDE,
    "answers.*": Label.OUTSIDE,
    "choices.*": Label.OUTSIDE,
    "hidden.*": Label.OUTSIDE,
    "questions[].ref": Label.VENDOR,
    "questions[].title": Label.OUTSIDE,
    "questions[].type": Label.VENDOR,
    "questions[].answer": Label.OUTSIDE,
}
LONGEST = 10_000  # characters of one answer
_TAGS = "a|b|i|u|p|br|div|span|script|style|img|iframe|object|embed|form|input|button|svg|link|meta|h[1-6]|ul|ol|li|table|tr|td|em|strong"
_HTML = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BAD = re.compile("[\x00\ud800-\udfff]")
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: "answers" by the question's reference (text, number, true or false, list of texts, or None),
    "choices" likewise with the references of the chosen (for rules: people may reword what is shown), "questions" in the
    form's order with the answers as text, "text" all of it as lines, "submitted_at" ISO 8601."""
    response = _part(json.loads(body), "form_response")
    definition = _part(response, "definition")
    given = {_ref(_part(answer, "field")): answer for answer in _entries(response.get("answers"))}
    asked = {_ref(field): field for field in _fields(definition)} or {
        ref: _part(a, "field") for ref, a in given.items()
    }
    asked |= {ref: _part(answer, "field") for ref, answer in given.items() if ref not in asked}
    questions = [_question(ref, field, given.get(ref)) for ref, field in asked.items()]
    return {
        "form": _line(response.get("form_id")),
        "form_title": clean(definition.get("title")),
        "response": _line(response.get("token")),
        "submitted_at": _time(response.get("submitted_at")),
        "landed_at": _time(response.get("landed_at")),
        "score": _number(_part(response, "calculated").get("score")),
        "text": "\n".join(f"{one['title']}: {one['answer']}" for one in questions if one["answer"]),
        "answers": {ref: value(given[ref]) if ref in given else None for ref in asked},
        "choices": {
            ref: chosen(given[ref]) for ref in asked if ref in given and "choice" in _line(given[ref].get("type"))
        },
        "hidden": {str(name): clean(one) for name, one in _part(response, "hidden").items()},
        "questions": questions,
    }


def _fields(holder: dict[str, JSON]) -> Iterator[dict[str, JSON]]:
    """The questions, those inside of groups too."""
    for field in _entries(holder.get("fields")):
        inner = _part(field, "properties")
        if inner.get("fields"):
            yield from _fields(inner)
        elif field.get("type") != "statement":
            yield field


def _question(ref: str, field: dict[str, JSON], answer: dict[str, JSON] | None) -> dict[str, JSON]:
    said = _as_text(answer) if answer else ""
    return {"ref": ref, "title": clean(field.get("title")) or ref, "type": _line(field.get("type")), "answer": said}


def value(answer: dict[str, JSON]) -> JSON:
    """What was answered, by its type; as text where the type is not known. An e-mail or web address that is none is None:
    the form may not have checked it, and the text is among the questions."""
    kind, held = _line(answer.get("type")), answer.get(_line(answer.get("type")))
    if kind == "number":
        return _number(held)
    if kind == "boolean":
        return held if isinstance(held, bool) else None
    if kind in ("choice", "choices"):
        labels = _labels(held)
        return labels if kind == "choices" else next(iter(labels), None)
    text = _as_text(answer)
    return text if _fits(kind, text) else None


def _fits(kind: str, text: str) -> bool:
    if kind == "email":
        return bool(_EMAIL.fullmatch(text))
    return _is_link(text) if kind in ("url", "file_url") else kind != "date" or _is_date(text)


def chosen(answer: dict[str, JSON]) -> JSON:
    """The references of what was chosen; None for what somebody typed in as "other"."""
    held = answer.get(_line(answer.get("type")))
    if isinstance(held, dict) and answer.get("type") == "choices":
        return [one for one in held.get("refs") or [] if isinstance(one, str)]
    return _line(held.get("ref")) or None if isinstance(held, dict) else None


def _labels(held: JSON) -> list[str]:
    if not isinstance(held, dict):
        return []
    found = [held.get("label"), *(held.get("labels") or []), held.get("other")]
    return [text for text in map(clean, found) if text]


def _as_text(answer: dict[str, JSON]) -> str:
    kind, held = _line(answer.get("type")), answer.get(_line(answer.get("type")))
    if kind in ("choice", "choices"):
        return ", ".join(_labels(held))
    if isinstance(held, bool):
        return "yes" if held else "no"
    if kind == "payment" and isinstance(held, dict):
        return clean(held.get("amount"))
    return clean(held)


def clean(held: JSON) -> str:
    """Text without HTML, at most `LONGEST` characters; other values as JSON, so that nothing is lost."""
    if held is None:
        return ""
    text = held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)
    return _HTML.sub("", _BAD.sub("", text)).strip()[:LONGEST]


def _is_link(text: str) -> bool:
    return text.startswith(("https://", "http://")) and not re.search(r"\s", text)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _number(held: JSON) -> JSON:
    return held if isinstance(held, int | float) and not isinstance(held, bool) else None


def _time(held: JSON) -> str:
    """Only what reads as a time: recipes count on it."""
    try:
        datetime.fromisoformat(_line(held))
    except ValueError:
        return ""
    return _line(held)


def _ref(field: dict[str, JSON]) -> str:
    return _line(field.get("ref")) or _line(field.get("id"))


def _line(held: JSON) -> str:
    return held if isinstance(held, str) else ""


def _part(holder: dict[str, JSON], name: str) -> dict[str, JSON]:
    held = holder.get(name) if isinstance(holder, dict) else None
    return held if isinstance(held, dict) else {}


def _entries(held: JSON) -> list[dict[str, JSON]]:
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
