"""Notes and activities beside deals, persons and organizations.

Neither has a field of our own, so our key stands as a short line at the end of their text: comments in HTML may be removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from connectors.contract import JSON, Action, Refused, Role, Safety, Undo
from connectors.pipedrive import _records
from connectors.pipedrive._client import Pipedrive, number

Record = dict[str, JSON]
_ABOUT = {"deal": "deal_id", "person": "person_id", "organization": "org_id"}
_PER_PAGE, _PAGES = 100, 5  # of version 1
_DATE, _TIME = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{2}:\d{2}(:\d{2})?")


def _html(text: str, key: str) -> str:
    """Plain text as Pipedrive shows it, whatever characters are in it, and our line."""
    parts = [
        f"<p>{escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in re.split(r"\n{2,}", text.strip())
    ]
    return "".join(parts if text.strip() else []) + f"<p><small>via Patchbay {key}</small></p>"


def _about(arguments: Mapping[str, JSON]) -> Record:
    return {theirs: arguments[ours] for ours, theirs in _ABOUT.items() if arguments.get(ours)}


def prepare(client: Pipedrive, arguments: Record) -> Record:
    """Raises `Refused` where it belongs to nothing."""
    ids = {name: number(arguments[name], name) for name in (*_ABOUT, "owner") if arguments.get(name)}
    if not _about(ids):
        raise Refused("Say what this belongs to: a deal, a person or an organization.")
    return {**arguments, **ids}


# --- notes ------------------------------------------------------------------------------------------------------------


def add_note(
    client: Pipedrive, key: str, *, text: str, deal: JSON = "", person: JSON = "", organization: JSON = ""
) -> Record:
    """A note of plain text."""
    sent = {"content": _html(text, key), **_about({"deal": deal, "person": person, "organization": organization})}
    return _note(client, client.send("POST", _records.path("note"), sent))


def _note(client: Pipedrive, note: Mapping[str, JSON]) -> Record:
    """Its `state` is the text as Pipedrive keeps it, which may not be quite what was sent."""
    seen = next((f"{client.base}/{ours}/{note[theirs]}" for ours, theirs in _ABOUT.items() if note.get(theirs)), "")
    return {"id": str(note["id"]), "url": seen, "state": _records.state({"content": note["content"]})}


def find_note(client: Pipedrive, key: str, arguments: Record) -> list[Record]:
    notes = _newest_notes(client, _about(arguments))
    return [_note(client, note) for note in notes if key in str(note.get("content"))]


def _newest_notes(client: Pipedrive, about: Record) -> Iterator[Record]:
    """Version 1 counts: `start`, `limit`, and whether there is more."""
    start: JSON = 0
    for _ in range(_PAGES):
        answer = client.get(_records.path("note"), **about, sort="add_time DESC", start=start, limit=_PER_PAGE)
        yield from answer["data"] or []
        paging = (answer.get("additional_data") or {}).get("pagination") or {}
        if not paging.get("more_items_in_collection"):
            return
        start = paging["next_start"]


def _note_touched(client: Pipedrive, arguments: Record, made: Record, sent_at: int) -> str | None:
    note = client.record(_records.path("note", made["id"]))
    if note is None or _records.state({"content": note["content"]}) == made["state"]:
        return None
    return "Somebody has changed the note in Pipedrive since, so it is left there."


# --- activities -------------------------------------------------------------------------------------------------------


def add_activity(
    client: Pipedrive,
    key: str,
    *,
    subject: str,
    kind: str = "task",
    due_date: str = "",
    due_time: str = "",
    text: str = "",
    deal: JSON = "",
    person: JSON = "",
    organization: JSON = "",
    owner: JSON = "",
) -> Record:
    """Something to do. `due_date` YYYY-MM-DD, `due_time` HH:MM in UTC. A person takes part: an activity's own person_id cannot
    be written."""
    given = {"due_date": due_date, "due_time": due_time, "deal_id": deal, "org_id": organization, "owner_id": owner}
    sent: Record = {name: value for name, value in given.items() if value}
    sent |= {"subject": subject, "type": kind or "task", "note": _html(text, key)}
    if person:
        sent["participants"] = [{"person_id": person, "primary": True}]
    return _records.result(client, "activity", client.send("POST", _records.path("activity"), sent))


def prepare_activity(client: Pipedrive, arguments: Record) -> Record:
    for name, form, wanted in (("due_date", _DATE, "2026-11-30"), ("due_time", _TIME, "14:30")):
        if arguments.get(name) and not form.fullmatch(str(arguments[name])):
            raise Refused(f"“{str(arguments[name])[:40]}” is no {name.replace('_', ' ')}. Write it like {wanted}.")
    return prepare(client, arguments)


def find_activity(client: Pipedrive, key: str, arguments: Record) -> list[Record]:
    newest = client.pages(_records.path("activity"), 3, sort_by="add_time", sort_direction="desc")
    found = [one for page in newest for one in page if key in str(one.get("note"))]
    return [_records.result(client, "activity", one) for one in found]


_WHERE = dict.fromkeys(_ABOUT, Role.WHERE)
ADD_NOTE = Action(
    run=add_note,
    label="Add a note",
    says="adds a note",
    safety=Safety.FINDABLE,
    roles={"text": Role.CONTENT, **_WHERE},
    find=find_note,
    settle=5.0,
    prepare=prepare,
    undo=Undo(changed=_note_touched, call=lambda arguments, made, before: _records.delete_call("note", made)),
)
ADD_ACTIVITY = Action(
    run=add_activity,
    label="Add an activity",
    says="adds the activity “{subject}”",
    safety=Safety.FINDABLE,
    roles={"subject": Role.CONTENT, "kind": Role.PLAIN, "due_date": Role.CONTENT, "due_time": Role.CONTENT,
           "text": Role.CONTENT, "owner": Role.WHERE, **_WHERE},
    find=find_activity,
    settle=5.0,
    prepare=prepare_activity,
    undo=Undo(
        changed=lambda client, arguments, made, sent_at: _records.touched(client, "activity", made),
        call=lambda arguments, made, before: _records.delete_call("activity", made),
    ),
)  # fmt: skip
