"""Persons and organizations: the one that is there already is filled in, else a new one is made.

Pipedrive takes any number of persons with one e-mail address, so that address is looked for first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import JSON, Action, Call, Role, Safety, Undo
from connectors.pipedrive import _fields, _records
from connectors.pipedrive._client import Pipedrive

Record = dict[str, JSON]
_NONE: Mapping[str, JSON] = {}


def save_person(
    client: Pipedrive,
    key: str,
    *,
    name: str,
    email: str = "",
    phone: str = "",
    organization: JSON = "",
    owner: JSON = "",
    fields: Mapping[str, JSON] = _NONE,
    person: JSON = "",
    phones: Sequence[JSON] = (),
    key_field: str = "",
) -> Record:
    """From prepared arguments: `person` is who has this e-mail address already, `phones` their numbers so far.

    Pipedrive refuses job_title, notes, im, birthday and postal_address unless Contact Sync is on, so none of these is sent.
    """
    sent = _person(name, email, phone, organization, owner, fields, person, phones)
    return _save(client, "person", person, _records.keyed(sent, key_field, key))


def _person(
    name: str, email: str, phone: str, organization: JSON, owner: JSON,
    fields: Mapping[str, JSON], person: JSON, phones: Sequence[JSON],
) -> Record:  # fmt: skip
    sent = _records.body({"name": name, "organization": organization, "owner": owner, "fields": fields})
    if email and not person:  # who is there has this address among others, which an overwrite would remove
        sent["emails"] = [{"value": email, "primary": True, "label": "work"}]
    if phone and all(one.get("value") != phone for one in phones):
        sent["phones"] = [*phones, {"value": phone, "primary": not phones, "label": "work"}]
    return sent


def save_organization(
    client: Pipedrive,
    key: str,
    *,
    name: str,
    owner: JSON = "",
    fields: Mapping[str, JSON] = _NONE,
    organization: JSON = "",
    key_field: str = "",
) -> Record:
    """From prepared arguments: `organization` is the one that has this name already."""
    sent = _records.body({"name": name, "owner": owner, "fields": fields})
    return _save(client, "organization", organization, _records.keyed(sent, key_field, key))


def _save(client: Pipedrive, kind: str, id: JSON, sent: Record) -> Record:
    method = "PATCH" if id else "POST"
    return _records.result(client, kind, client.send(method, _records.path(kind, id), sent))


# --- who is there already ---------------------------------------------------------------------------------------------


def prepare_person(client: Pipedrive, arguments: Record) -> Record:
    done = _records.complete(client, "person", {**arguments, "person": ""})
    email = str(arguments.get("email") or "").strip()
    found = search(client, "person", email, "email") if email else None
    known = client.record(_records.path("person", found)) if found else None
    there = {"person": known["id"], "phones": known.get("phones") or []} if known else {"person": "", "phones": []}
    return {**done, **there, "email": email, "key_field": _fields.key_field(client, "person")}


def prepare_organization(client: Pipedrive, arguments: Record) -> Record:
    done = _records.complete(client, "organization", {**arguments, "organization": ""})
    found = search(client, "organization", str(arguments["name"]).strip(), "name")
    known = client.record(_records.path("organization", found)) if found else None
    key_field = _fields.key_field(client, "organization")
    return {**done, "organization": known["id"] if known else "", "key_field": key_field}


def search(client: Pipedrive, kind: str, term: str, field: str) -> JSON:
    """The id of the oldest record that has exactly this, or None."""
    answer = client.data(f"{_records.path(kind)}/search", term=term, fields=field, exact_match="true")
    ids = [one["item"]["id"] for one in answer["items"]]
    return min(ids) if ids else None


def find_person(client: Pipedrive, *, email: str) -> Record:
    """Whoever has this e-mail address: {found, id, name, url}."""
    found = search(client, "person", email.strip(), "email")
    known = client.record(_records.path("person", found)) if found else None
    if known is None:
        return {"found": False, "id": "", "name": "", "url": ""}
    return {"found": True, "id": str(known["id"]), "name": known["name"], "url": f"{client.base}/person/{known['id']}"}


# --- taken back -------------------------------------------------------------------------------------------------------


def _sent(kind: str, arguments: Mapping[str, JSON]) -> Record:
    """What was written into a record that was there already, our key left out."""
    given = {name: arguments.get(name) or "" for name in ("name", "organization", "owner", "person", "email", "phone")}
    fields = arguments.get("fields") or {}
    if kind == "organization":
        return _records.body({"name": given["name"], "owner": given["owner"], "fields": fields})
    phones = arguments.get("phones") or ()
    return _person(**given, fields=fields, phones=phones)


def _snapshot(kind: str, client: Pipedrive, arguments: Record) -> JSON:
    if not arguments.get(kind):
        return None
    return _records.before(client.record(_records.path(kind, arguments[kind])) or {}, _sent(kind, arguments))


def _changed(kind: str, client: Pipedrive, arguments: Record, made: Record) -> str | None:
    if not arguments.get(kind):
        return _records.touched(client, kind, made)
    return _records.overwritten(client, kind, arguments[kind], _sent(kind, arguments))


def _call(kind: str, arguments: Record, made: Record, before: JSON) -> Call:
    if not arguments.get(kind):
        return _records.delete_call(kind, made)
    return _records.restore_call(kind, arguments[kind], before)


def _undo(kind: str) -> Undo:
    return Undo(
        changed=lambda client, arguments, made, sent_at: _changed(kind, client, arguments, made),
        call=lambda arguments, made, before: _call(kind, arguments, made, before),
    )


_ROLES = {"name": Role.CONTENT, "owner": Role.WHERE, "fields": Role.CONTENT, "key_field": Role.PLAIN}
SAVE_PERSON = Action(
    run=save_person,
    label="Create a person, or fill in the one with this e-mail address",
    says="creates or fills in the person “{name}”",
    safety=Safety.FINDABLE,
    roles={**_ROLES, "email": Role.CONTENT, "phone": Role.CONTENT, "organization": Role.WHERE, "person": Role.PLAIN,
           "phones": Role.PLAIN},
    find=lambda client, key, arguments: _records.find(client, "person", key, arguments),
    settle=5.0,
    prepare=prepare_person,
    before=lambda client, arguments: _fields.missing_key_field(client, "person"),
    snapshot=lambda client, arguments: _snapshot("person", client, arguments),
    undo=_undo("person"),
)  # fmt: skip
SAVE_ORGANIZATION = Action(
    run=save_organization,
    label="Create an organization, or fill in the one with this name",
    says="creates or fills in the organization “{name}”",
    safety=Safety.FINDABLE,
    roles={**_ROLES, "organization": Role.PLAIN},
    find=lambda client, key, arguments: _records.find(client, "organization", key, arguments),
    settle=5.0,
    prepare=prepare_organization,
    before=lambda client, arguments: _fields.missing_key_field(client, "organization"),
    snapshot=lambda client, arguments: _snapshot("organization", client, arguments),
    undo=_undo("organization"),
)
