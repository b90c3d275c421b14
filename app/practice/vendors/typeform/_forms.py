"""The practice forms: their questions, the responses to them, and where these are delivered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal
from app.practice.post import post

SLUG = "typeform"
INTAKE, RATING = "intake01", "rating02"
Facts = dict[str, Any]
_GONE = (404, 410)  # it switches a webhook off at once


def refuse(status: int, code: str, words: str) -> NoReturn:
    raise Refusal(status, {"code": code, "description": words})


def _field(ref: str, title: str, kind: str, **properties: Any) -> Facts:
    return {"id": f"f{hashlib.sha256(ref.encode()).hexdigest()[:8]}", "title": title, "ref": ref, "type": kind} | (
        {"properties": properties} if properties else {}
    )


def seed(ground: Ground) -> None:
    if ground.ledger.get(SLUG, INTAKE) is not None:
        return
    where = _field("street", "Street?", "short_text"), _field("city", "City?", "short_text")
    intake = [
        _field("email", "Your e-mail?", "email"),
        _field("need", "What do you need?", "long_text"),
        _field("budget", "Budget?", "multiple_choice"),
        _field("rooms", "Which rooms?", "multiple_choice"),
        _field("chairs", "How many chairs?", "number"),
        _field("rush", "Is it urgent?", "yes_no"),
        _field("due", "By when?", "date"),
        _field("plan", "A plan of the room?", "file_upload"),
        _field("address", "Where?", "group", fields=list(where)),
        _field("thanks", "Thank you.", "statement"),
    ]
    ground.ledger.put(SLUG, "form", {"id": INTAKE, "title": "Intake", "fields": intake})
    rating = [_field("stars", "How was it?", "rating")]
    ground.ledger.put(SLUG, "form", {"id": RATING, "title": "How was it?", "fields": rating})


def form_of(ground: Ground, form: str) -> Facts:
    found = ground.ledger.get(SLUG, form, "form")
    if found is None:
        refuse(404, "FORM_NOT_FOUND", f"Form with id {form} not found")
    return found


# --- responses --------------------------------------------------------------------------------------------------------


def fill(ground: Ground, form: Facts, answers: Facts, at: str, hidden: Facts | None) -> Facts:
    token, now = secrets.token_hex(16), at or _now()
    known = {field["ref"]: field for field in _flat(form["fields"])}
    given = [_answer(known[ref], value) for ref, value in answers.items()]
    response = {"id": token, "token": token, "response_id": token, "form": form["id"], "landed_at": now}
    response |= {"submitted_at": now, "answers": given, "calculated": {"score": 9}, "hidden": hidden or {}}
    ground.ledger.put(SLUG, "response", response, parent=form["id"])
    return response


def _answer(field: Facts, value: Any) -> Facts:
    about = {name: field[name] for name in ("id", "type", "ref")}
    if isinstance(value, dict) and "type" in value:
        return {**value, "field": about}
    kinds = {"email": "email", "number": "number", "rating": "number", "yes_no": "boolean", "date": "date"}
    kind = kinds.get(field["type"], "text")
    if field["type"] == "file_upload":
        kind = "file_url"
    if field["type"] == "multiple_choice":
        kind = "choices" if isinstance(value, list) else "choice"
        refs = [f"ref-{one}" for one in value] if isinstance(value, list) else f"ref-{value}"
        value = {"labels": value, "refs": refs} if isinstance(value, list) else {"label": value, "ref": refs}
    return {"type": kind, kind: value, "field": about}


def _flat(fields: list[Facts]) -> list[Facts]:
    return [inner for one in fields for inner in one.get("properties", {}).get("fields", [one])]


def listed(ground: Ground, form: Facts, given: Facts) -> Facts:
    """Newest first unless `sort` or `after` say otherwise."""
    if given.get("sort") and (given.get("before") or given.get("after")):
        refuse(400, "VALIDATION_ERROR", "sort cannot be combined with before or after")
    until = datetime.now(UTC) - timedelta(seconds=float(ground.ledger.note("typeform_lag", 0)))
    found = [
        one for one in ground.ledger.objects(SLUG, "response", form["id"]) if _moment(one["submitted_at"]) <= until
    ]
    found.sort(key=lambda one: str(one["submitted_at"]))
    if given.get("since"):
        found = [one for one in found if _moment(one["submitted_at"]) >= _moment(given["since"])]
    if given.get("after"):
        tokens = [one["token"] for one in found]
        found = found[tokens.index(given["after"]) + 1 :]
    elif given.get("sort") != "submitted_at,asc":
        found.reverse()
    size = min(int(given.get("page_size", 25)), 1000)
    names = ("token", "response_id", "landed_at", "submitted_at", "answers", "calculated", "hidden")
    items = [{name: one[name] for name in names} for one in found[:size]]
    return {"total_items": len(found), "page_count": max(1, -(-len(found) // size)), "items": items}


# --- webhooks ---------------------------------------------------------------------------------------------------------


def hooks_of(ground: Ground, form: str) -> list[Facts]:
    return ground.ledger.objects(SLUG, "webhook", form)


def shown(hook: Facts) -> Facts:
    return {name: hook[name] for name in ("id", "tag", "url", "enabled", "verify_ssl") if name in hook}


def change_hook(ground: Ground, body: Facts) -> None:
    found = ground.ledger.get(SLUG, body["id"], "webhook")
    if found is None:
        raise ValueError(f"there is no webhook {body['id']}")
    ground.ledger.put(SLUG, "webhook", {**found, **body}, parent=found["form"])


def deliver(ground: Ground, response: Facts) -> list[Facts]:
    """To every webhook of the form that is on; how it went. Without a secret nothing is signed."""
    form = form_of(ground, response["form"])
    about = {name: response[name] for name in ("token", "landed_at", "submitted_at", "hidden", "calculated", "answers")}
    told = {"form_id": form["id"], **about, "definition": form}
    raw = json.dumps({"event_id": secrets.token_hex(13), "event_type": "form_response", "form_response": told}).encode()
    went = []
    for hook in hooks_of(ground, form["id"]):
        if hook["enabled"]:
            report = post(hook["url"], raw, {"Content-Type": "application/json", **signed(hook["secret"], raw)}, 5)
            went.append({**report, "event": raw.decode()})
            if report["status"] in _GONE:
                change_hook(ground, {"id": hook["id"], "enabled": False})
    return went


def signed(secret: str, raw: bytes) -> dict[str, str]:
    mac = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
    return {"Typeform-Signature": f"sha256={mac}"} if secret else {}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
