"""Deals: made with our key in them, changed, moved, and put back."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import JSON, Action, Call, Refused, Role, Safety, Undo
from connectors.pipedrive import _fields, _records
from connectors.pipedrive._client import NOT_SENT, Pipedrive

Record = dict[str, JSON]
_NONE: Mapping[str, JSON] = {}


def create_deal(
    client: Pipedrive,
    key: str,
    *,
    title: str,
    value: JSON = None,
    currency: str = "",
    person: JSON = "",
    organization: JSON = "",
    stage: JSON = "",
    owner: JSON = "",
    close_date: str = "",
    fields: Mapping[str, JSON] = _NONE,
    key_field: str = "",
) -> Record:
    """A deal, from prepared arguments. `fields` are fields of the account's own by their names; `close_date` YYYY-MM-DD."""
    given = {"title": title, "value": value, "currency": currency, "person": person, "organization": organization}
    given |= {"stage": stage, "owner": owner, "close_date": close_date, "fields": fields}
    sent = _records.keyed(_records.body(given), key_field, key)
    return _records.result(client, "deal", client.send("POST", _records.path("deal"), sent))


def prepare_new(client: Pipedrive, arguments: Record) -> Record:
    done = _records.complete(client, "deal", arguments)
    return {**done, "key_field": _fields.key_field(client, "deal")}


def update_deal(
    client: Pipedrive,
    key: str,
    *,
    deal: JSON,
    title: str = "",
    value: JSON = None,
    currency: str = "",
    stage: JSON = "",
    status: str = "",
    lost_reason: str = "",
    owner: JSON = "",
    close_date: str = "",
    fields: Mapping[str, JSON] = _NONE,
) -> Record:
    """Changes what is given and leaves the rest. `status` is open, won or lost; `stage` moves the deal."""
    given = {"title": title, "value": value, "currency": currency, "stage": stage, "status": status, "owner": owner}
    given |= {"lost_reason": lost_reason, "close_date": close_date, "fields": fields}
    return _records.result(client, "deal", client.send("PATCH", _records.path("deal", deal), _records.body(given)))


def prepare_change(client: Pipedrive, arguments: Record) -> Record:
    """Raises `Refused` for a deal that is gone or archived, and for a change of nothing."""
    done = _records.complete(client, "deal", arguments)
    if not _changes(done):
        raise Refused("There is nothing to change in the deal. Fill in at least one field of this step.")
    if done["deal"] != NOT_SENT:
        _must_be_there(client, done["deal"])
    return done


def _must_be_there(client: Pipedrive, deal: JSON) -> None:
    record = client.record(_records.path("deal", deal))
    if record is None:
        raise Refused(f"The deal {deal} was deleted in Pipedrive. Restore it there or choose another one.")
    if record.get("is_archived"):
        raise Refused("This deal is archived. Take it out of the archive in Pipedrive, then run this again.")


def _changes(arguments: Mapping[str, JSON]) -> Record:
    return _records.body({name: value for name, value in arguments.items() if name != "deal"})


def find_change(client: Pipedrive, key: str, arguments: Record) -> list[Record]:
    record = client.record(_records.path("deal", arguments["deal"]))
    done = record is not None and _records.same(record, _changes(arguments))
    return [_records.result(client, "deal", record)] if record is not None and done else []


def as_it_was(client: Pipedrive, arguments: Record) -> JSON:
    return _records.before(client.record(_records.path("deal", arguments["deal"])) or {}, _changes(arguments))


def _overwritten(client: Pipedrive, arguments: Record, made: Record, sent_at: int) -> str | None:
    return _records.overwritten(client, "deal", arguments["deal"], _changes(arguments))


def _put_back(arguments: Record, made: Record, before: JSON) -> Call:
    return _records.restore_call("deal", arguments["deal"], before)


_ROLES = {
    "title": Role.CONTENT,
    "value": Role.MONEY,
    "currency": Role.PLAIN,
    "stage": Role.WHERE,
    "owner": Role.WHERE,
    "close_date": Role.CONTENT,
    "fields": Role.CONTENT,
}
CREATE = Action(
    run=create_deal,
    label="Create a deal",
    says="creates the deal “{title}”",
    safety=Safety.FINDABLE,
    roles={**_ROLES, "person": Role.WHERE, "organization": Role.WHERE, "key_field": Role.PLAIN},
    find=lambda client, key, arguments: _records.find(client, "deal", key, arguments),
    settle=0.0,  # the list reads the deals themselves, and the first look comes after the call's own deadline
    prepare=prepare_new,
    before=lambda client, arguments: _fields.missing_key_field(client, "deal"),
    undo=Undo(
        changed=lambda client, arguments, made, sent_at: _records.touched(client, "deal", made),
        call=lambda arguments, made, before: _records.delete_call("deal", made),
    ),
)
UPDATE = Action(
    run=update_deal,
    label="Change or move a deal",
    says="changes the deal {deal}",
    safety=Safety.SET,
    roles={**_ROLES, "deal": Role.WHERE, "status": Role.PLAIN, "lost_reason": Role.CONTENT},
    find=find_change,
    settle=5.0,
    prepare=prepare_change,
    snapshot=as_it_was,
    undo=Undo(changed=_overwritten, call=_put_back),
)
