"""Notes and tasks beside contacts, companies and deals. Both carry our key in a unique property, so a second one cannot come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

from connectors.contract import JSON, Action, Refused, Role, Safety, Undo
from connectors.hubspot import _properties, _records
from connectors.hubspot._client import HubSpot, Record, number, objects
from connectors.hubspot._properties import KEY
from connectors.hubspot._saves import link

# Types of association: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/association-schema/guide
_TYPES = {
    "note": {"contact": 202, "company": 190, "deal": 214},
    "task": {"contact": 204, "company": 192, "deal": 216},
}
_LONGEST = 65_536  # characters of a note or task
_MORNING = "T08:00:00Z"
_PRIORITIES = ("NONE", "LOW", "MEDIUM", "HIGH")


def _html(text: str) -> str:
    """Plain text as HubSpot shows it, whatever characters are in it."""
    parts = re.split(r"\n{2,}", text.strip())
    return "".join(f"<p>{escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in parts)


def _links(kind: str, arguments: Mapping[str, JSON]) -> list[Record]:
    return [link(arguments[to], type_id) for to, type_id in _TYPES[kind].items() if arguments.get(to)]


def add_note(
    client: HubSpot,
    key: str,
    *,
    text: str,
    contact: str = "",
    company: str = "",
    deal: str = "",
    owner: str = "",
    when: str = "",
) -> Record:
    """A note of plain text, from prepared arguments: `when` is the time it stands under."""
    values = {
        "hs_note_body": _html(text),
        "hs_timestamp": when,
        KEY: key,
        **({"hubspot_owner_id": owner} if owner else {}),
    }
    links = _links("note", {"contact": contact, "company": company, "deal": deal})
    return _made("note", client.send("POST", objects("note"), {"properties": values, "associations": links}))


def add_task(
    client: HubSpot,
    key: str,
    *,
    subject: str,
    text: str = "",
    due: str = "",
    priority: str = "NONE",
    contact: str = "",
    company: str = "",
    deal: str = "",
    owner: str = "",
) -> Record:
    """Something to do; `due` is a day or a time (ISO 8601)."""
    values = {"hs_task_subject": subject, "hs_task_body": _html(text), "hs_timestamp": due, KEY: key}
    values |= {"hs_task_status": "NOT_STARTED", "hs_task_type": "TODO", "hs_task_priority": priority}
    values |= {"hubspot_owner_id": owner} if owner else {}
    links = _links("task", {"contact": contact, "company": company, "deal": deal})
    return _made("task", client.send("POST", objects("task"), {"properties": values, "associations": links}))


def _made(kind: str, record: Record) -> Record:
    """With the text as HubSpot keeps it, by which a person's edit is noticed."""
    names = {"note": ("hs_note_body",), "task": ("hs_task_subject", "hs_task_body", "hs_task_status")}[kind]
    kept = {name: record["properties"].get(name) or "" for name in names}
    return {**_records.result(record), "kept": kept}


# --- prepared ---------------------------------------------------------------------------------------------------------


def prepare_note(client: HubSpot, arguments: Record) -> Record:
    """The time is read here, so that the request is the same whenever it is sent again."""
    return {**_prepared(arguments), "when": arguments.get("when") or _iso(datetime.now(UTC))}


def prepare_task(client: HubSpot, arguments: Record) -> Record:
    priority = str(arguments.get("priority") or "NONE").upper()
    if priority not in _PRIORITIES:
        raise Refused(f"A task's priority is low, medium, high or none; “{priority[:40]}” is none of these.")
    return {**_prepared(arguments), "priority": priority, "due": _due(str(arguments.get("due") or ""))}


def _prepared(arguments: Record) -> Record:
    ids = {
        name: number(arguments[name], name) for name in ("contact", "company", "deal", "owner") if arguments.get(name)
    }
    if not {"contact", "company", "deal"} & set(ids):
        raise Refused("Say what this belongs to: a contact, a company or a deal.")
    if len(_html(str(arguments.get("text") or ""))) > _LONGEST:
        raise Refused(f"HubSpot takes at most {_LONGEST} characters here. Shorten the text and run this again.")
    return {**arguments, **ids}


def _due(given: str) -> str:
    try:
        moment = datetime.fromisoformat(given + _MORNING if len(given) == 10 else given) if given else datetime.now(UTC)
    except ValueError:
        raise Refused(f"“{given[:40]}” is no day. Write it like 2026-11-30.") from None
    return _iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- looked up and taken back -----------------------------------------------------------------------------------------


def _find(kind: str, client: HubSpot, key: str) -> list[Record]:
    names = ["hs_note_body"] if kind == "note" else ["hs_task_subject", "hs_task_body", "hs_task_status"]
    record = _records.read(client, kind, key, dict.fromkeys(names), by=KEY)
    return [_made(kind, record)] if record else []


def _undo(kind: str) -> Undo:
    return Undo(
        changed=lambda client, arguments, made, sent_at: _records.changed(
            client, kind, made["id"], made["kept"], made=True
        ),
        call=lambda arguments, made, before: _records.back(kind, made["id"], None),
    )


_WHERE = dict.fromkeys(("contact", "company", "deal", "owner"), Role.WHERE)
ADD_NOTE = Action(
    run=add_note,
    label="Add a note",
    says="adds a note",
    safety=Safety.FINDABLE,
    roles={**_WHERE, "text": Role.CONTENT, "when": Role.PLAIN},
    find=lambda client, key, arguments: _find("note", client, key),
    settle=0.0,  # read by our key from the records, not from the search
    prepare=prepare_note,
    before=lambda client, arguments: _properties.missing_key(client, "note"),
    undo=_undo("note"),
)
ADD_TASK = Action(
    run=add_task,
    label="Create a task",
    says="creates the task “{subject}”",
    safety=Safety.FINDABLE,
    roles={**_WHERE, "subject": Role.CONTENT, "text": Role.CONTENT, "due": Role.CONTENT, "priority": Role.PLAIN},
    find=lambda client, key, arguments: _find("task", client, key),
    settle=0.0,
    prepare=prepare_task,
    before=lambda client, arguments: _properties.missing_key(client, "task"),
    undo=_undo("task"),
)
