"""Contacts, companies and deals: filled in where they are there already, else made. Nothing is left double.

A contact is known by its e-mail address, which HubSpot keeps unique; companies and deals by a reference of ours in a unique
property, companies also by their domain, which is looked for in the search.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import JSON, Action, Call, Refused, Role, Safety, Undo
from connectors.hubspot import _properties, _records
from connectors.hubspot._client import NOT_SENT, HubSpot, Record, number, objects
from connectors.hubspot._lookups import pipeline_of
from connectors.hubspot._properties import KEY

_NONE: Mapping[str, JSON] = {}
_THEIRS = {
    "contact": {"email": "email", "first_name": "firstname", "last_name": "lastname", "phone": "phone",
                "company": "company", "owner": "hubspot_owner_id"},
    "company": {"name": "name", "domain": "domain", "phone": "phone", "owner": "hubspot_owner_id"},
    "deal": {"name": "dealname", "stage": "dealstage", "pipeline": "pipeline", "amount": "amount",
             "close_date": "closedate", "owner": "hubspot_owner_id"},
}  # fmt: skip
_FROM_DEAL = {"contact": 3, "company": 5}  # types of association: deal to contact, deal to its primary company


def wanted(kind: str, arguments: Mapping[str, JSON]) -> dict[str, str]:
    """The properties of prepared arguments; what is empty is left alone."""
    given = {theirs: arguments.get(ours) for ours, theirs in _THEIRS[kind].items()}
    filled = {name: _properties.text(value) for name, value in given.items() if value not in ("", None)}
    return {**filled, **(arguments.get("properties") or {})}


def complete(client: HubSpot, kind: str, arguments: Record) -> Record:
    """Amounts as text, numbers checked, properties by their internal names. Raises `Refused`."""
    done = dict(arguments)
    if arguments.get("owner"):
        done["owner"] = number(arguments["owner"], "user")
    if arguments.get("amount") not in ("", None):
        done["amount"] = _properties.amount(arguments["amount"])
    if arguments.get("properties"):
        done["properties"] = _properties.by_name(client, kind, arguments["properties"])
    if kind == "deal" and arguments.get("stage"):
        done["pipeline"] = pipeline_of(client, str(arguments["stage"]))
    return done


# --- contacts ---------------------------------------------------------------------------------------------------------


def save_contact(
    client: HubSpot,
    key: str,
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    phone: str = "",
    company: str = "",
    owner: str = "",
    properties: Mapping[str, JSON] = _NONE,
) -> Record:
    """By e-mail address, so that a second time changes nothing. `new` says whether the contact was made."""
    given = {"email": email, "first_name": first_name, "last_name": last_name, "phone": phone, "company": company}
    values = wanted("contact", {**given, "owner": owner, "properties": properties})
    inputs = [{"id": email, "idProperty": "email", "properties": values}]
    answer = client.send("POST", f"{objects('contact')}/batch/upsert", {"inputs": inputs})
    saved = _only(answer)
    return {**_records.result(saved), "new": bool(saved.get("new"))}


def _only(answer: Record) -> Record:
    """The one result. A 207 without any says in `errors` why nothing was done."""
    results = answer.get("results") or []
    if results:
        return dict(results[0])
    errors = [str(error.get("message") or "") for error in answer.get("errors") or []]
    if errors:
        raise Refused(f"HubSpot did not accept the contact: “{errors[0][:200]}”. Change it and run this again.")
    raise ValueError("an answer without a result")


def prepare_contact(client: HubSpot, arguments: Record) -> Record:
    email = str(arguments.get("email") or "").strip().lower()
    if "@" not in email:
        raise Refused("A contact is known by its e-mail address, and there is none. Leave this step out without one.")
    done = {**complete(client, "contact", arguments), "email": email}
    if stage := (done.get("properties") or {}).get("lifecyclestage"):
        _not_backwards(client, email, str(stage))
    return done


def _not_backwards(client: HubSpot, email: str, stage: str) -> None:
    """HubSpot ignores a lifecycle stage that is earlier than the present one, without a word."""
    record = _records.read(client, "contact", email, {"lifecyclestage": ""}, by="email")
    present = record["properties"].get("lifecyclestage") if record else None
    known = next(one for one in _properties.definitions(client, "contact") if one["name"] == "lifecyclestage")
    order = {str(one["value"]): one.get("displayOrder", 0) for one in known.get("options") or []}
    if present and order.get(str(present), 0) > order.get(stage, 0):
        raise Refused(
            f"{email} is further on in HubSpot (lifecycle stage {present}), and HubSpot does not go back to {stage}. Clear "
            "the lifecycle stage of this contact in HubSpot first, or leave it out."
        )


def _contact(client: HubSpot, arguments: Record) -> Record | None:
    return _records.read(client, "contact", arguments["email"], wanted("contact", arguments), by="email")


def find_contact_as_wanted(client: HubSpot, key: str, arguments: Record) -> list[Record]:
    record = _contact(client, arguments)
    there = record is not None and _records.stands(record, wanted("contact", arguments))
    return [{**_records.result(record), "new": False}] if record is not None and there else []


# --- companies --------------------------------------------------------------------------------------------------------


def save_company(
    client: HubSpot,
    key: str,
    *,
    name: str,
    domain: str = "",
    reference: str = "",
    phone: str = "",
    owner: str = "",
    properties: Mapping[str, JSON] = _NONE,
    record: str = "",
) -> Record:
    """`reference` is a name of ours for it, such as a customer's number; `record` is the one that is there already."""
    given = {"name": name, "domain": domain, "phone": phone, "owner": owner, "properties": properties}
    return _save(client, "company", wanted("company", given), record, reference or key, [])


def save_deal(
    client: HubSpot,
    key: str,
    *,
    name: str,
    stage: str = "",
    amount: JSON = None,
    close_date: str = "",
    contact: str = "",
    company: str = "",
    owner: str = "",
    reference: str = "",
    properties: Mapping[str, JSON] = _NONE,
    pipeline: str = "",
    record: str = "",
) -> Record:
    """A new deal is linked to its contact and company; one that is there by its `reference` keeps its links."""
    given = {"name": name, "stage": stage, "pipeline": pipeline, "amount": amount, "close_date": close_date}
    values = wanted("deal", {**given, "owner": owner, "properties": properties})
    links = [link(to, _FROM_DEAL[kind]) for kind, to in (("contact", contact), ("company", company)) if to]
    return _save(client, "deal", values, record, reference or key, links)


def _save(client: HubSpot, kind: str, values: dict[str, str], record: str, ours: str, links: list[Record]) -> Record:
    if record:
        return _records.result(client.send("PATCH", objects(kind, record), {"properties": values}))
    body: Record = {"properties": {**values, KEY: ours}, "associations": links}
    return _records.result(client.send("POST", objects(kind), body))


def link(id: JSON, type_id: int) -> Record:
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"to": {"id": str(id)}, "types": [kind]}


def prepare_company(client: HubSpot, arguments: Record) -> Record:
    done = {**complete(client, "company", arguments), "domain": _domain(str(arguments.get("domain") or ""))}
    return {**done, "record": _known(client, "company", done) or _by_domain(client, done["domain"])}


def prepare_deal(client: HubSpot, arguments: Record) -> Record:
    links = {kind: number(arguments[kind], kind) for kind in _FROM_DEAL if arguments.get(kind)}
    done = {**complete(client, "deal", arguments), **links}
    return {**done, "record": _known(client, "deal", done)}


def _known(client: HubSpot, kind: str, arguments: Record) -> str:
    """The id of the record that has this reference, or ""."""
    reference = str(arguments.get("reference") or "").strip()
    if not reference or _properties.missing_key(client, kind):
        return ""
    record = _records.with_key(client, kind, reference)
    return str(record["id"]) if record else ""


def _by_domain(client: HubSpot, domain: str) -> str:
    """Domains are not kept unique: the company that was there first."""
    if not domain:
        return ""
    same = {"propertyName": "domain", "operator": "EQ", "value": domain}
    sort = {"propertyName": "createdate", "direction": "ASCENDING"}
    body = {"filterGroups": [{"filters": [same]}], "sorts": [sort], "properties": ["domain"], "limit": 1}
    found = client.search("company", body)["results"]
    return str(found[0]["id"]) if found else ""


def _domain(text: str) -> str:
    bare = text.strip().lower().partition("://")[2] or text.strip().lower()
    return bare.split("/")[0].removeprefix("www.")


# --- deals that are there ---------------------------------------------------------------------------------------------


def update_deal(
    client: HubSpot,
    key: str,
    *,
    deal: str,
    stage: str = "",
    amount: JSON = None,
    close_date: str = "",
    owner: str = "",
    properties: Mapping[str, JSON] = _NONE,
    pipeline: str = "",
) -> Record:
    """Changes what is given and leaves the rest; `stage` moves the deal."""
    given = {"stage": stage, "pipeline": pipeline, "amount": amount, "close_date": close_date, "owner": owner}
    values = wanted("deal", {**given, "properties": properties})
    return _records.result(client.send("PATCH", objects("deal", deal), {"properties": values}))


def prepare_update(client: HubSpot, arguments: Record) -> Record:
    done = {**complete(client, "deal", arguments), "deal": number(arguments["deal"], "deal")}
    if not wanted("deal", done):
        raise Refused("There is nothing to change in the deal. Fill in at least one field of this step.")
    if done["deal"] != NOT_SENT and _records.read(client, "deal", done["deal"], {}) is None:
        raise Refused(f"The deal {done['deal']} was deleted in HubSpot. Restore it there or choose another one.")
    return done


# --- looked up and taken back -----------------------------------------------------------------------------------------


def _find(kind: str, at: str, client: HubSpot, key: str, arguments: Record) -> list[Record]:
    """What was there is as we would make it, or what we made is there. `at`: the argument with the id of the former."""
    if arguments.get(at):
        values = wanted(kind, arguments)
        record = _records.read(client, kind, arguments[at], values)
        return [_records.result(record)] if record is not None and _records.stands(record, values) else []
    record = _records.with_key(client, kind, arguments.get("reference") or key)
    return [_records.result(record)] if record else []


def _snapshot(kind: str, at: str, client: HubSpot, arguments: Record) -> JSON:
    values = wanted(kind, arguments)
    return _records.before(_records.read(client, kind, arguments[at], values), values) if arguments.get(at) else None


def _changed(kind: str, at: str, client: HubSpot, arguments: Record, made: Record) -> str | None:
    return _records.changed(client, kind, made["id"], wanted(kind, arguments), made=not arguments.get(at))


def _put_back(kind: str, made: Record, before: JSON) -> Call:
    return _records.back(kind, made["id"], before)


SAVE_CONTACT = Action(
    run=save_contact,
    label="Create a contact, or fill in the one with this e-mail address",
    says="creates or fills in the contact {email}",
    safety=Safety.SET,
    roles={**dict.fromkeys(("email", "first_name", "last_name", "phone", "company", "properties"), Role.CONTENT),
           "owner": Role.WHERE},
    find=find_contact_as_wanted,
    settle=5.0,
    prepare=prepare_contact,
    snapshot=lambda client, arguments: _records.before(_contact(client, arguments), wanted("contact", arguments)),
    undo=Undo(
        changed=lambda client, arguments, made, sent_at: _records.changed(
            client, "contact", made["id"], wanted("contact", arguments), made=bool(made.get("new"))
        ),
        call=lambda arguments, made, before: _put_back("contact", made, before),
    ),
)  # fmt: skip
SAVE_COMPANY = Action(
    run=save_company,
    label="Create a company, or fill in the one with this reference or domain",
    says="creates or fills in the company “{name}”",
    safety=Safety.SET,
    roles={"name": Role.CONTENT, "phone": Role.CONTENT, "properties": Role.CONTENT, "domain": Role.CONTENT,
           "owner": Role.WHERE, "reference": Role.WHERE, "record": Role.PLAIN},
    find=lambda client, key, arguments: _find("company", "record", client, key, arguments),
    settle=5.0,
    prepare=prepare_company,
    before=lambda client, arguments: _properties.missing_key(client, "company"),
    snapshot=lambda client, arguments: _snapshot("company", "record", client, arguments),
    undo=Undo(
        changed=lambda client, arguments, made, sent_at: _changed("company", "record", client, arguments, made),
        call=lambda arguments, made, before: _put_back("company", made, before),
    ),
)  # fmt: skip
_DEAL = {"stage": Role.WHERE, "amount": Role.MONEY, "close_date": Role.CONTENT, "owner": Role.WHERE,
         "properties": Role.CONTENT, "pipeline": Role.PLAIN}  # fmt: skip
SAVE_DEAL = Action(
    run=save_deal,
    label="Create a deal, or fill in the one with this reference",
    says="creates or fills in the deal “{name}”",
    safety=Safety.SET,
    roles={**_DEAL, "name": Role.CONTENT, "contact": Role.WHERE, "company": Role.WHERE, "reference": Role.WHERE,
           "record": Role.PLAIN},
    find=lambda client, key, arguments: _find("deal", "record", client, key, arguments),
    settle=5.0,
    prepare=prepare_deal,
    before=lambda client, arguments: _properties.missing_key(client, "deal"),
    snapshot=lambda client, arguments: _snapshot("deal", "record", client, arguments),
    undo=Undo(
        changed=lambda client, arguments, made, sent_at: _changed("deal", "record", client, arguments, made),
        call=lambda arguments, made, before: _put_back("deal", made, before),
    ),
)  # fmt: skip
UPDATE_DEAL = Action(
    run=update_deal,
    label="Change or move a deal",
    says="changes the deal {deal}",
    safety=Safety.SET,
    roles={**_DEAL, "deal": Role.WHERE},
    find=lambda client, key, arguments: _find("deal", "deal", client, key, arguments),
    settle=5.0,
    prepare=prepare_update,
    snapshot=lambda client, arguments: _snapshot("deal", "deal", client, arguments),
    undo=Undo(
        changed=lambda client, arguments, made, sent_at: _changed("deal", "deal", client, arguments, made),
        call=lambda arguments, made, before: _put_back("deal", made, before),
    ),
)
