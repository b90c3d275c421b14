"""What a form is: its words, whom it belongs to, and its questions. Kept as JSON in the credentials of its connection."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from connectors.contract import JSON, Refused

KINDS = {
    "short_text": "Short text",
    "long_text": "Long text",
    "email": "E-mail address",
    "number": "Number",
    "date": "Date",
    "choice": "One of several",
    "yes_no": "Yes or no",
}
MOST_QUESTIONS = 30
MOST_CHOICES = 50
LONGEST_LABEL = 200  # characters of a label, a title or a choice
LONGEST_WORDS = 2000  # characters of the words above a form, or of its thanks
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BAD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Question:
    """`name` is what recipes call the answer (`event.answers.<name>`); `choices` only where `kind` is "choice"."""

    name: str
    label: str
    kind: str = "short_text"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A form as its owner wrote it. `former`: names of questions that were taken away; recipes that still read them get
    None. `owner`: whose form it is, in words, told to every visitor."""

    title: str
    owner: str
    questions: tuple[Question, ...]
    words: str = ""
    thanks: str = ""
    is_open: bool = True
    former: tuple[str, ...] = ()


def read(text: str) -> Form:
    """The form that `written` wrote. Raises `Refused` with what to change."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Refused("The definition of the form is not JSON. Make the form on the Forms page instead.") from problem
    if not isinstance(held, dict):
        raise Refused("The definition of the form is not a JSON object. Make the form on the Forms page instead.")
    questions = held.get("questions")
    form = Form(
        title=line(held.get("title")),
        owner=line(held.get("owner")),
        questions=tuple(_question(one) for one in questions) if isinstance(questions, list) else (),
        words=lines(held.get("words")),
        thanks=lines(held.get("thanks")),
        is_open=held.get("is_open", True) is not False,
        former=tuple(line(name) for name in held.get("former") or [])[-100:],
    )
    if problems := complaints(form):
        raise Refused(" ".join(problems.values()))
    return form


def written(form: Form) -> str:
    """As one line of JSON."""
    asked = [
        {"name": q.name, "label": q.label, "kind": q.kind, "required": q.required, "choices": list(q.choices)}
        for q in form.questions
    ]
    told = {"title": form.title, "owner": form.owner, "words": form.words, "thanks": form.thanks}
    return json.dumps({**told, "is_open": form.is_open, "questions": asked, "former": list(form.former)})


def complaints(form: Form) -> dict[str, str]:
    """What is wrong with it: {"title" | "owner" | "questions" | number of the question: a sentence with what to do}."""
    found: dict[str, str] = {}
    for name, text in (("title", form.title), ("owner", form.owner)):
        if not text or len(text) > LONGEST_LABEL:
            what = "a title" if name == "title" else "whom it belongs to"
            found[name] = f"Give the form {what}, in at most {LONGEST_LABEL} characters."
    if not 1 <= len(form.questions) <= MOST_QUESTIONS:
        found["questions"] = f"A form has between one and {MOST_QUESTIONS} questions."
    names = [question.name for question in form.questions]
    for number, question in enumerate(form.questions):
        if problem := _complaint(question, names[:number]):
            found[str(number)] = problem
    return found


def _complaint(question: Question, earlier: list[str]) -> str:
    if not question.label or len(question.label) > LONGEST_LABEL:
        return f"Write what is asked, in at most {LONGEST_LABEL} characters."
    if not _NAME.fullmatch(question.name):
        return "The name for recipes begins with a letter and has only small letters a to z, digits and _, at most 40."
    if question.name in earlier:
        return f"Two questions are called {question.name}. Give each its own name for recipes."
    if question.kind not in KINDS:
        return f"Choose a kind of answer: {', '.join(KINDS)}."
    return _choices_complaint(question) if question.kind == "choice" else ""


def _choices_complaint(question: Question) -> str:
    choices = question.choices
    if not 2 <= len(choices) <= MOST_CHOICES or len(set(choices)) < len(choices):
        return f"Write between two and {MOST_CHOICES} different choices, one on each line."
    if any(len(choice) > LONGEST_LABEL for choice in choices):
        return f"A choice has at most {LONGEST_LABEL} characters."
    return ""


def changed(before: Form, after: Form) -> Form:
    """`after`, which remembers the names that `before` had and it has not."""
    names = [question.name for question in after.questions]
    gone = [*before.former, *(question.name for question in before.questions)]
    former = tuple(dict.fromkeys(name for name in gone if name not in names))
    return Form(**{**after.__dict__, "former": former[-100:]})


def name_for(label: str, taken: list[str]) -> str:
    """A name made of the label: "Your phone number" becomes your_phone_number."""
    plain = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:36].strip("_")
    plain = plain if _NAME.fullmatch(plain) else f"question_{plain}".strip("_")[:36]
    return next(name for name in (plain, *(f"{plain}_{n}" for n in range(2, 99))) if name not in taken)


def line(held: JSON) -> str:
    """One line of text, without control characters."""
    return " ".join(_BAD.sub(" ", held).split()) if isinstance(held, str) else ""


def lines(held: JSON, most: int = LONGEST_WORDS) -> str:
    """Text of several lines, cut off after so many characters."""
    return _BAD.sub("", held.replace("\r\n", "\n").replace("\r", "\n")).strip()[:most] if isinstance(held, str) else ""


def _question(held: Any) -> Question:
    held = held if isinstance(held, dict) else {}
    choices = held.get("choices")
    return Question(
        name=line(held.get("name")),
        label=line(held.get("label")),
        kind=line(held.get("kind")) or "short_text",
        required=held.get("required") is True,
        choices=tuple(filter(None, map(line, choices))) if isinstance(choices, list) else (),
    )
