"""What people choose from: stages, owners, and contacts, companies and deals by name or address; and what recipes may read."""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.contract import Choice, Lookup, Refused
from connectors.hubspot._client import NOT_SENT, VERSION, HubSpot, Record, names, objects
from connectors.hubspot._events import PROPERTIES, seen

_SHOWN = 100
_OBJECTS = {"contact": "0-1", "company": "0-2", "deal": "0-3"}  # in the addresses that people see


def pipelines(client: HubSpot) -> list[Record]:
    return list(client.get(f"/crm/pipelines/{VERSION}/deals")["results"])


def pipeline_of(client: HubSpot, stage: str) -> str:
    """The pipeline that a stage is part of: a deal has both. Raises `Refused` for a label, or a stage that is gone."""
    found = pipelines(client)
    for pipeline in found:
        if any(str(one["id"]) == stage for one in pipeline["stages"]):
            return str(pipeline["id"])
    raise Refused(
        f"HubSpot has no stage “{stage[:60]}” (any more). Choose the stage from the list in the recipe's settings."
    )


def stages(client: HubSpot, query: str) -> list[Choice]:
    """Every stage with the name of its pipeline: the id differs from the label."""
    found = [(pipeline, stage) for pipeline in pipelines(client) for stage in pipeline["stages"]]
    named = [Choice(str(stage["id"]), f"{pipeline['label']}: {stage['label']}") for pipeline, stage in found]
    return _matching(named, query)


def owners(client: HubSpot, query: str) -> list[Choice]:
    found = [one for one in client.listed(f"/crm/owners/{VERSION}") if not one.get("archived")]
    return _matching([Choice(str(one["id"]), _called(one)) for one in found], query)


def _called(owner: Record) -> str:
    name = f"{owner.get('firstName') or ''} {owner.get('lastName') or ''}".strip()
    return name or str(owner.get("email") or owner["id"])


def _matching(choices: list[Choice], query: str) -> list[Choice]:
    return [choice for choice in choices if query.strip().lower() in choice.label.lower()]


# --- records ----------------------------------------------------------------------------------------------------------


def _records(kind: str) -> Callable[[HubSpot, str], list[Choice]]:
    def run(client: HubSpot, query: str) -> list[Choice]:
        """Those that match, or the ones that were made last."""
        newest = [{"propertyName": "createdate", "direction": "DESCENDING"}]
        body = {"properties": PROPERTIES[kind], "limit": _SHOWN, "sorts": newest}
        found = client.search(kind, {**body, **({"query": query.strip()[:3000]} if query.strip() else {})})
        return [_choice(kind, one) for one in found["results"]]

    return run


def _choice(kind: str, record: Record) -> Choice:
    told = seen(kind, record)
    person = f"{told.get('first_name', '')} {told.get('last_name', '')}".strip()
    return Choice(told["id"], f"{told.get('name') or person or told.get('email') or kind.capitalize()} ({told['id']})")


def _pasted(kind: str) -> Callable[[HubSpot, str], list[Choice]]:
    def resolve(client: HubSpot, text: str) -> list[Choice]:
        """The record that a number or an address means: …/record/0-1/512, on older pages …/contact/512."""
        found = re.search(rf"(?:^|/(?:{_OBJECTS[kind]}|{kind})/)(\d+)/?(?:[?#].*)?$", text.strip())
        record = client.found(objects(kind, found[1]), properties=names(PROPERTIES[kind])) if found else None
        if record is None:
            raise Refused(f"HubSpot has no {kind} at this address. Open the {kind} there and copy its address again.")
        return [_choice(kind, record)]

    return resolve


def _none(kind: str) -> Record:
    return {"found": False, **seen(kind, {"id": ""})}


def find_contact(client: HubSpot, *, email: str) -> Record:
    """Whoever has this e-mail address: {found, id, first_name, …}."""
    query = {"properties": names(PROPERTIES["contact"]), "idProperty": "email"}
    record = client.found(objects("contact", email.strip().lower()), **query)
    return {"found": True, **seen("contact", record)} if record else _none("contact")


def read_deal(client: HubSpot, *, deal: str) -> Record:
    """A deal in plain words: {found, id, name, amount, …}."""
    if str(deal) == NOT_SENT:
        return _none("deal")
    record = client.found(objects("deal", deal), properties=names(PROPERTIES["deal"]))
    return {"found": True, **seen("deal", record)} if record else _none("deal")


LOOKUPS = {
    "stage": Lookup(stages, label="Stage of a deal"),
    "owner": Lookup(owners, label="Owner"),
    "contact": Lookup(_records("contact"), _pasted("contact"), "Contact"),
    "company": Lookup(_records("company"), _pasted("company"), "Company"),
    "deal": Lookup(_records("deal"), _pasted("deal"), "Deal"),
}
