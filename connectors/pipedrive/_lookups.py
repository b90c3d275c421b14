"""What people choose from: deals, persons and organizations by name or address, stages, users, kinds of activities."""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.contract import JSON, Choice, Lookup, Refused
from connectors.pipedrive._client import V1, V2, Pipedrive
from connectors.pipedrive._events import seen
from connectors.pipedrive._fields import by_name
from connectors.pipedrive._records import path

_SHOWN = 100
_SHORTEST = 2  # letters that the search takes


def read_deal(client: Pipedrive, *, deal: JSON) -> dict[str, JSON]:
    """A deal in plain words, with the account's own fields by their names. Raises `Refused` where it is gone."""
    record = client.record(path("deal", str(deal)))
    if record is None:
        raise Refused(f"The deal {deal} was deleted in Pipedrive. Restore it there or choose another one.")
    own = by_name(client, "deal", record.get("custom_fields") or {})
    return {**seen("deal", record), "fields": own, "url": f"{client.base}/deal/{record['id']}"}


def _records(kind: str) -> Callable[[Pipedrive, str], list[Choice]]:
    def run(client: Pipedrive, query: str) -> list[Choice]:
        """Those that match, or the ones that changed last."""
        term = query.strip()
        if len(term) >= _SHORTEST:
            found = client.data(f"{path(kind)}/search", term=term, limit=_SHOWN)
            return [_choice(one["item"]) for one in found["items"]]
        newest = client.data(path(kind), sort_by="update_time", sort_direction="desc", limit=_SHOWN)
        return [_choice(one) for one in newest or []]

    return run


def _choice(record: dict[str, JSON]) -> Choice:
    return Choice(str(record["id"]), f"{record.get('title') or record.get('name')} ({record['id']})")


def _pasted(kind: str) -> Callable[[Pipedrive, str], list[Choice]]:
    def resolve(client: Pipedrive, text: str) -> list[Choice]:
        """The record that a number or an address means."""
        found = re.search(rf"(?:^|/{kind}/)(\d+)/?(?:[?#].*)?$", text.strip())
        record = client.record(path(kind, found[1])) if found else None
        if record is None:
            raise Refused(f"Pipedrive has no {kind} at this address. Open the {kind} there and copy its address again.")
        return [_choice(record)]

    return resolve


def stages(client: Pipedrive, query: str) -> list[Choice]:
    """Every stage with the name of its pipeline, for the same names occur in several."""
    names = {one["id"]: one["name"] for page in client.pages(f"{V2}/pipelines", 5) for one in page}
    found = [one for page in client.pages(f"{V2}/stages", 5) for one in page]
    named = [Choice(str(one["id"]), f"{names.get(one['pipeline_id'], 'Pipeline')}: {one['name']}") for one in found]
    return _matching(named, query)


def users(client: Pipedrive, query: str) -> list[Choice]:
    found = [one for one in client.data(f"{V1}/users") or [] if one.get("active_flag")]
    return _matching([Choice(str(one["id"]), str(one["name"])) for one in found], query)


def activity_types(client: Pipedrive, query: str) -> list[Choice]:
    found = [one for one in client.data(f"{V1}/activityTypes") or [] if one.get("active_flag")]
    return _matching([Choice(str(one["key_string"]), str(one["name"])) for one in found], query)


def _matching(choices: list[Choice], query: str) -> list[Choice]:
    return [choice for choice in choices if query.strip().lower() in choice.label.lower()]


LOOKUPS = {
    "deal": Lookup(_records("deal"), _pasted("deal"), "Deal"),
    "person": Lookup(_records("person"), _pasted("person"), "Person"),
    "organization": Lookup(_records("organization"), _pasted("organization"), "Organization"),
    "stage": Lookup(stages, label="Stage"),
    "user": Lookup(users, label="User"),
    "activity_type": Lookup(activity_types, label="Kind of activity"),
}
