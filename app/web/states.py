"""How things stand, in words and colour. Green is only what is done; what is done in part or waits is amber."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RUN_WORDS = {
    "queued": ("busy", "In line"),
    "running": ("busy", "Working"),
    "done": ("good", "Done"),
    "failed": ("bad", "Stopped"),
    "later": ("warn", "Goes on later"),
    "waiting": ("warn", "Waits for a person"),
    "cancelled": ("off", "Cancelled"),
    "undoing": ("busy", "Being taken back"),
    "undone": ("off", "Taken back"),
}
STEP_WORDS = {
    "pending": ("off", "Not yet"),
    "intent": ("busy", "Being sent"),
    "drawn": ("off", "Drawn, not sent"),
    "asked": ("warn", "Waits for approval"),
    "done": ("good", "Done"),
    "failed": ("bad", "Stopped"),
    "declined": ("bad", "Declined, not sent"),
    "unknown": ("warn", "Sent, no answer yet"),
    "skipped": ("off", "Not needed"),
    "compensated": ("off", "Taken back"),
}
CALL_WORDS = {
    "open": "It may have arrived",
    "busy": "The vendor is still at an earlier try with the same key",
    "there": "Something is there already, perhaps this",
    "stored": "The stored error of an earlier try",
    "not taken": "Not taken, nothing was changed",
    "refused": "A no, nothing was changed",
    "done": "Done",
}
REVIEW_TITLES = {
    "approve": "A change waits for your word",
    "answer": "The model’s answer does not fit",
    "unknown": "Did this arrive?",
    "undo": "Not taken back: somebody changed it",
    "dead": "Something came in that cannot be read",
    "reconnect": "A connection has to be renewed",
    "ending": "A connection ends soon",
    "check": "A check at the end does not hold",
    "stuck": "A run cannot go on by itself",
    "poison": "This run stops its worker every time",
}
REFUSALS = {
    "signature": "Delivery with a wrong signature",
    "address": "Delivery to an unknown address",
    "size": "Delivery that was too large",
    "type": "Delivery of the wrong type",
    "rate": "Too many deliveries at once",
    "body": "Delivery that broke off",
    "sign-in": "Failed sign-in",
    "form": "Form sent by a robot, or from elsewhere",
}
ROLES = {
    "owner": "an owner",
    "builder": "an owner or builder",
    "approver": "anybody who may decide",
    "": "anybody who may decide",
}
LEVELS = {
    "rehearse": ("Only show me", "Works everything out and shows what it would write. Nothing is changed anywhere."),
    "review": ("Ask me first", "Each change waits in the Inbox until somebody approves it."),
    "auto": ("Do it", "Writes by itself. You see every run and can take it back."),
}


def run_tone(state: str) -> str:
    return RUN_WORDS.get(state, ("off", state))[0]


def run_words(state: str) -> str:
    return RUN_WORDS.get(state, ("off", state))[1]


def step_tone(state: str) -> str:
    return STEP_WORDS.get(state, ("off", state))[0]


def call_words(outcome: str) -> str:
    """What one try to change something left behind (`core.answers.Left`)."""
    return CALL_WORDS.get(outcome, outcome)


def step_words(state: str) -> str:
    return STEP_WORDS.get(state, ("off", state))[1]


def connection_badge(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["state"] == "reconnect":
        return "bad", "Connect again"
    if row["circuit_until"]:
        return "warn", "Does not answer"
    if (tone := row.get("ends", {}).get("tone")) in ("warn", "bad"):
        return tone, "Ends soon"
    if row["trouble"] or row["half"]:
        return "warn", "Half connected"
    return "good", "Works"


def recipe_state(row: Mapping[str, Any]) -> str:
    """One line for lists: whether it runs, and how freely."""
    if row["error"]:
        return "Cannot be read"
    if not row["is_set"]:
        return "Not switched on yet"
    return f"On: {LEVELS[row['level']][0].lower()}" if row["is_on"] else "Switched off"


def review_title(kind: str) -> str:
    return REVIEW_TITLES.get(kind, "Something waits for you")


def refusal_words(kind: str) -> str:
    return REFUSALS.get(kind, kind)


def role_words(role: str) -> str:
    return ROLES.get(role, role)


def decision_words(decision: str) -> str:
    return decision.replace("_", " ").replace("-", " ")


def recipe_badge(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["error"]:
        return "bad", "Cannot be read"
    if not row["is_on"]:
        return "off", "Off"
    return ("warn", "Only showing") if row["level"] == "rehearse" else ("good", "On")
