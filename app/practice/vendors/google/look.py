"""What people see of the practice Google: its calendars, mails, sheets and documents, and what else it keeps."""

from __future__ import annotations

import json

from flask import Blueprint, render_template

from app.practice.vendors.google import look_files
from app.practice.vendors.google.calendar import CALENDARS
from app.practice.vendors.google.suite import JSON, Suite

_SHOWN = 100
_HIDDEN = (
    "event",
    "channel",
    "grant",
    "code",
    "mail",
    "draft",
    "book",
    "file",
    "doc",
)  # shown above, or with tokens in them
_ANSWERS = {
    "accepted": "comes",
    "declined": "does not come",
    "tentative": "may come",
    "needsAction": "has not answered",
}


def add_page(site: Blueprint, suite: Suite) -> None:
    @site.get("/")
    def index() -> str:
        calendars = {one["summary"]: _events(suite, own) for own, one in CALENDARS.items()}
        kept = {"mails": look_files.mails(suite), "sheets": look_files.sheets(suite), "files": look_files.files(suite)}
        return render_template("practice/google.html", calendars=calendars, others=_others(suite), **kept)


def _events(suite: Suite, calendar: str) -> list[JSON]:
    shown = [_shown(one) for one in suite.all("event", calendar) if one.get("start")]
    return sorted(shown, key=lambda one: one["when"])[:_SHOWN]


def _shown(event: JSON) -> JSON:
    start = event["start"]
    when = start.get("dateTime", start.get("date", ""))[:16].replace("T", ", ")
    guests = [{**one, "answer": _ANSWERS.get(one.get("responseStatus", "needsAction"), "")}
              for one in event.get("attendees") or []]  # fmt: skip
    return {**event, "when": when, "attendees": guests}


def _others(suite: Suite) -> dict[str, list[tuple[str, str]]]:
    """By kind, the newest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind in suite.kinds():
        if kind not in _HIDDEN:
            things = [(one["id"], json.dumps(one, ensure_ascii=False, indent=2)) for one in suite.all(kind)]
            found[kind] = things[::-1][:_SHOWN]
    return found
