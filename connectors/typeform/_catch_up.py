"""Responses whose webhook got lost: https://www.typeform.com/developers/responses/reference/retrieve-responses/"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event
from connectors.typeform._client import Typeform, segment
from connectors.typeform._delivery import RESPONSE, event

FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(hours=2)  # the newest responses may be missing from the list for half an hour
PAGE = 100
PAGES = 20


def responses(client: Typeform, cursor: JSON) -> tuple[list[Event], JSON]:
    """Responses since the cursor: {form: time until which all were read}. They have the webhook's shape and key, so one
    that came both ways counts once. A form that fails does not hold up the others; its error is raised where nothing else
    is new."""
    now = datetime.now(UTC)
    places = dict(cursor) if isinstance(cursor, dict) else {}
    events: list[Event] = []
    problem: Exception | None = None
    ids = client.form_ids()
    for form in ids:
        try:
            found, places[form] = _of_form(client, form, _moment(places.get(form), now - FIRST_LOOK), now)
            events += found
        except Exception as trouble:  # whatever it is: it is raised below, or met again at the next look
            problem = problem or trouble
    if problem and not events:
        raise problem
    return events, {form: since for form, since in places.items() if form in ids}


def _of_form(client: Typeform, form: str, since: datetime, now: datetime) -> tuple[list[Event], str]:
    """New responses of a form, and from when on to look next."""
    items, ends = _items(client, form, since)
    after = now - OVERLAP if ends else _moment(items[-1].get("submitted_at"), since)
    if not items:
        return [], _iso(max(since, after))
    definition = client.get(f"/forms/{segment(form)}")
    return [_event(form, definition, item) for item in items], _iso(max(since, after))


def _items(client: Typeform, form: str, since: datetime) -> tuple[list[dict[str, JSON]], bool]:
    """Completed responses, oldest first, and whether these are all."""
    path, items = f"/forms/{segment(form)}/responses", []
    query: dict[str, str | int] = {"since": _iso(since), "sort": "submitted_at,asc"}
    for _ in range(PAGES):
        page = client.get(path, page_size=PAGE, response_type="completed", **query).get("items") or []
        items += [item for item in page if isinstance(item, dict) and _token(item)]
        if len(page) < PAGE or not items:
            return items, True
        query = {"after": _token(items[-1])}  # not together with `sort` or `since`: it goes on in the same order
    return items, False


def _event(form: str, definition: dict[str, JSON], item: dict[str, JSON]) -> Event:
    read = ("landed_at", "submitted_at", "hidden", "calculated", "answers")
    asked = {name: definition.get(name) for name in ("id", "title", "fields")}
    response = {name: item[name] for name in read if item.get(name) is not None}
    document = {
        "event_type": RESPONSE,
        RESPONSE: {**response, "form_id": form, "token": _token(item), "definition": asked},
    }
    return event(document, json.dumps(document, sort_keys=True).encode())


def _token(item: dict[str, JSON]) -> str:
    return str(item.get("token") or item.get("response_id") or "")


def _moment(value: JSON, otherwise: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else otherwise
    except ValueError:
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
