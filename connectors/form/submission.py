"""A submission as an event, and as the plain value that a recipe sees. It holds all it needs, so that it stays readable
however the form is changed later."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from connectors.contract import JSON, Event, Label
from connectors.form.definition import Form

SUBMITTED = "submitted"
FIELDS = {
    "form": Label.VENDOR,
    "form_title": Label.VENDOR,
    "submission": Label.VENDOR,
    "submitted_at": Label.VENDOR,
    "text": Label.OUTSIDE,
    "answers.*": Label.OUTSIDE,
    "questions[].name": Label.VENDOR,
    "questions[].label": Label.VENDOR,
    "questions[].kind": Label.VENDOR,
    "questions[].answer": Label.OUTSIDE,
}


def event(form_id: str, form: Form, nonce: str, answers: dict[str, JSON], now: int) -> Event:
    """`nonce` is the number of the page on which it was filled in; `now` ms UTC.

    The same answers from the same page are one submission, however often they are sent; other answers are another one, so
    that whoever goes back, corrects something and sends again is heard.
    """
    told = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:32]
    body = {
        "form": form_id,
        "form_title": form.title,
        "submission": f"{nonce}-{told[:8]}",
        "submitted_at": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "questions": [{"name": q.name, "label": q.label, "kind": q.kind} for q in form.questions],
        "former": list(form.former),
        "answers": answers,
    }
    written = json.dumps(body, ensure_ascii=False).encode()
    return Event(SUBMITTED, f"{SUBMITTED}:{nonce}:{told}", written, occurred_at=now)


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: "answers" by name (text, number, true or false, or None where nobody answered or the question is
    no longer asked), "questions" in the form's order with the answers as text, "text" all of it as lines, "submitted_at"
    ISO 8601 in UTC."""
    held = json.loads(body)
    answers = held["answers"]
    asked = [{**question, "answer": _as_text(answers.get(question["name"]))} for question in held["questions"]]
    return {
        "form": held["form"],
        "form_title": held["form_title"],
        "submission": held["submission"],
        "submitted_at": held["submitted_at"],
        "text": "\n".join(f"{one['label']}: {one['answer']}" for one in asked if one["answer"]),
        "answers": {**dict.fromkeys(held.get("former", [])), **answers},
        "questions": asked,
    }


def _as_text(answer: JSON) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else str(answer)
