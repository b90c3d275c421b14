"""Notes on what stands in the books, as attachments without a file; `Tag` holds our mark, by which one is found again.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/attachable
"""

from __future__ import annotations

from typing import Any

from connectors.contract import JSON, Call, Refused
from connectors.quickbooks._client import Books, gone, number, quoted
from connectors.quickbooks._coding import there

Thing = dict[str, JSON]
_LONGEST = 2000
ENTITIES = {name.lower(): name for name in ("Purchase", "Bill", "Invoice", "Customer", "Vendor")}


def attach_note(client: Books, key: str, *, to: str, id: str, text: str) -> Thing:
    """`to`: purchase, bill, invoice, customer or vendor."""
    about = {"EntityRef": {"type": ENTITIES[to], "value": id}, "IncludeOnSend": False}
    return _result(client.write("Attachable", key, {"AttachableRef": [about], "Note": text, "Tag": key}))


def prepare_note(client: Books, arguments: Thing) -> Thing:
    to, text = str(arguments["to"]).strip().lower(), str(arguments["text"]).strip()
    if to not in ENTITIES:
        raise Refused(f"Notes are attached to a {', '.join(ENTITIES)}, not to “{to[:40]}”.")
    if not text:
        raise Refused("The note is empty. Write what it should say.")
    there(client, ENTITIES[to], arguments["id"])
    return {"to": to, "id": number(arguments["id"]), "text": text[:_LONGEST]}


def find_note(client: Books, key: str, arguments: Thing) -> list[Thing]:
    return [_result(one) for one in _on(client, arguments) if one.get("Tag") == key]


def _on(client: Books, arguments: Thing) -> list[Thing]:
    about = (
        f"AttachableRef.EntityRef.Type = {quoted(ENTITIES[arguments['to']])} "
        f"AND AttachableRef.EntityRef.value = {quoted(number(arguments['id']))}"
    )
    return list(client.query("Attachable", about))


def note_changed(client: Books, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    """None as well for one that is gone."""
    note = client.read("Attachable", made["id"])
    same = note is None or note.get("Note") == arguments["text"]
    return None if same else "Somebody changed the note in QuickBooks."


def note_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("delete_note", {"note": made["id"], "change": {"Id": made["id"], "SyncToken": made["sync_token"]}})


def delete_note(client: Books, key: str, *, note: str, change: Any) -> Thing:
    return client.delete("Attachable", key, change)


def find_deleted(client: Books, key: str, arguments: Thing) -> list[Thing]:
    own = number(arguments["note"])
    return [] if client.read("Attachable", own) else [gone("Attachable", own)]


def note_unmoved(client: Books, arguments: Thing) -> bool:
    note = client.read("Attachable", arguments["note"])
    return note is not None and note["SyncToken"] == arguments["change"]["SyncToken"]


def _result(note: Thing) -> Thing:
    token = str(note["SyncToken"])
    return {"id": str(note["Id"]), "url": "", "version": f"Attachable {token}", "sync_token": token}
