"""What a visitor typed, by the kinds of the questions: a plain value, or a sentence that says what to change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from connectors.contract import JSON
from connectors.form.definition import Form, Question, line, lines

SHORT, LONG = 300, 5000  # characters of a short and of a long text
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]+@[^\s@<>\"(),:;\\\[\]]+\.[^\s@<>\"(),:;\\\[\]]+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+(?:[.,]\d{1,2})?")
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,6})?")


class Unfit(Exception):
    """The answer is none of its kind; the text tells the visitor what to do."""


def read(form: Form, given: Mapping[str, str]) -> tuple[dict[str, JSON], dict[str, str]]:
    """(answers, problems), both by name. A question that nobody answered is None."""
    answers: dict[str, JSON] = {}
    problems: dict[str, str] = {}
    for question in form.questions:
        try:
            answers[question.name] = _answer(question, given.get(question.name, ""))
        except Unfit as problem:
            problems[question.name] = str(problem)
    return answers, problems


def _answer(question: Question, given: str) -> JSON:
    text = given.strip()
    if not text:
        if question.required:
            raise Unfit(_missing(question.kind))
        return None
    return _READ[question.kind](question, text)


def _missing(kind: str) -> str:
    if kind in ("choice", "yes_no"):
        return "Please choose one."
    return "Please give a date." if kind == "date" else "Please fill this in."


def _short(question: Question, text: str) -> str:
    return _within(line(text), SHORT)


def _long(question: Question, text: str) -> str:
    return _within(lines(text, LONG + 1), LONG)


def _within(text: str, most: int) -> str:
    if len(text) > most:
        raise Unfit(f"Please use at most {most:,} characters.")
    if not text:
        raise Unfit("Please write it with letters or digits.")
    return text


def _email(question: Question, text: str) -> str:
    if len(text) > 254 or not text.isprintable() or not _EMAIL.fullmatch(text):
        raise Unfit("Please write an e-mail address, like anna@example.com.")
    return text


def _number(question: Question, text: str) -> int | float:
    """With point or comma; where three digits follow, it may have meant thousands, and nobody guesses."""
    plain = text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("\u2212", "-")
    if _THOUSANDS.fullmatch(plain):
        raise Unfit("Please write the number without a mark for thousands, like 1234 or 1234.50.")
    if not plain.isascii() or not _NUMBER.fullmatch(plain):
        raise Unfit("Please write a number with digits only, like 12 or 12.5.")
    value = float(plain.replace(",", "."))
    return int(value) if value.is_integer() else value


def _date(question: Question, text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or len(text) != 10 or not 1900 <= day.year < 2200:
        raise Unfit("Please write a date as year, month and day, like 2026-11-30.")
    return text


def _choice(question: Question, text: str) -> str:
    if text not in question.choices:
        raise Unfit("Please choose one of those that are offered.")
    return text


def _yes_no(question: Question, text: str) -> bool:
    if text not in ("yes", "no"):
        raise Unfit("Please choose yes or no.")
    return text == "yes"


_READ: dict[str, Callable[[Question, str], JSON]] = {
    "short_text": _short,
    "long_text": _long,
    "email": _email,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "yes_no": _yes_no,
}
