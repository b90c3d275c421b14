"""The catch-up path for deliveries that got lost: Webflow gives up after three retries, ten minutes apart.

https://developers.webflow.com/data/reference/forms/form-submissions/list-submissions . Neither list can be asked for what is
new, so answers are read from their newer end, and items whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event, Unavailable
from connectors.webflow._client import PAGES, PER_PAGE, Webflow, status_of
from connectors.webflow._events import CHANGED, CREATED, PUBLISHED, SUBMITTED, body_of, item_events, moment, submission

FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(minutes=10)
ITEM_KINDS = (CREATED, CHANGED, PUBLISHED)

Source = Callable[[JSON, "_Place"], Iterator[tuple[datetime, Event]]]


def submissions(client: Webflow, cursor: JSON) -> tuple[list[Event], JSON]:
    """Answers to all forms of the site since the cursor."""
    forms = list(client.pages(f"/sites/{client.site}/forms", "forms"))
    return _round(forms, cursor, lambda form, place: _answered(client, form, place))


def items(client: Webflow, cursor: JSON) -> tuple[list[Event], JSON]:
    """Items of all collections that were made, changed or published since the cursor."""
    collections = client.get(f"/sites/{client.site}/collections").get("collections") or []
    return _round(list(collections), cursor, lambda collection, place: _moved(client, collection, place))


@dataclass
class _Place:
    """Of one form or collection: what is older than `since` was told; `seen` (dedupe key → when) is what was told of the
    overlap before it."""

    since: datetime
    seen: dict[str, str]

    @classmethod
    def read(cls, known: JSON) -> _Place:
        begun = datetime.now(UTC) - FIRST_LOOK
        if not isinstance(known, dict):
            return cls(begun + OVERLAP, {})
        return cls(moment(known.get("since")) or begun, dict(known.get("seen") or {}))

    @property
    def oldest(self) -> datetime:
        return self.since - OVERLAP

    def moved(self, until: datetime, told: dict[str, str]) -> JSON:
        oldest = _iso(until - OVERLAP)
        return {
            "since": _iso(until),
            "seen": {key: when for key, when in {**self.seen, **told}.items() if when >= oldest},
        }


def _round(sources: list[JSON], cursor: JSON, look: Source) -> tuple[list[Event], JSON]:
    """One source after the other, each read whole or not at all. What was read before one fails is kept; that one comes first
    in the next round, and is heard then."""
    places = dict((cursor.get("places") or {}) if isinstance(cursor, dict) else {})
    first = cursor.get("first") if isinstance(cursor, dict) else ""
    known, events, failed = {str(one["id"]) for one in sources}, list[Event](), ""
    done: dict[str, JSON] = {}
    for source in sorted(sources, key=lambda one: one["id"] != first):
        own, begun = str(source["id"]), datetime.now(UTC)
        place = _Place.read(places.get(own))
        try:
            found = [(when, event) for when, event in look(source, place) if event.dedupe_key not in place.seen]
        except Exception as error:  # the door's own among them
            if status_of(error) == 404:  # deleted between the two questions
                continue
            if not done:
                raise
            failed = own
            break
        events += [event for _, event in sorted(found, key=lambda one: one[0])]
        done[own] = place.moved(begun, {event.dedupe_key: _iso(when) for when, event in found})
    kept = {own: place for own, place in places.items() if own in known}
    return events, {"places": {**kept, **done}, "first": failed}


# --- answers to forms -------------------------------------------------------------------------------------------------


def _answered(client: Webflow, form: JSON, place: _Place) -> Iterator[tuple[datetime, Event]]:
    for answer in _newest(client, f"/forms/{form['id']}/submissions", place.oldest):
        when = moment(answer.get("dateSubmitted"))
        if when is not None and when >= place.oldest:
            payload = {"formId": form["id"], "siteId": form.get("siteId") or client.site, **_as_delivered(form, answer)}
            yield when, submission(payload, body_of(SUBMITTED, payload))


def _as_delivered(form: JSON, answer: JSON) -> dict[str, JSON]:
    named = answer.get("displayName") or form.get("displayName") or ""
    return {
        "id": answer["id"],
        "name": named,
        "submittedAt": answer["dateSubmitted"],
        "data": answer.get("formResponse") or {},
    }


def _newest(client: Webflow, path: str, oldest: datetime) -> Iterator[JSON]:
    """Pages from the newer end, until one holds something old. Which end that is Webflow does not say."""
    page = _page(client, path, 0)
    found, total = page.get("formSubmissions") or [], int((page.get("pagination") or {}).get("total") or 0)
    yield from found
    times = [when for one in found if (when := moment(one.get("dateSubmitted")))]
    last = max(-(-total // PER_PAGE) - 1, 0)
    falls = not times or times[0] >= times[-1]
    if falls and times and times[-1] < oldest:
        return
    numbers = range(1, last + 1) if falls else range(last, 0, -1)
    if len(numbers) > PAGES:
        raise Unavailable("A form has more new answers than can be read at once; this is tried again later.")
    for number in numbers:
        answers = _page(client, path, number).get("formSubmissions") or []
        yield from answers
        if any((when := moment(one.get("dateSubmitted"))) and when < oldest for one in answers):
            return


def _page(client: Webflow, path: str, number: int) -> dict[str, JSON]:
    return client.get(path, limit=PER_PAGE, offset=number * PER_PAGE)


# --- items ------------------------------------------------------------------------------------------------------------


def _moved(client: Webflow, collection: JSON, place: _Place) -> Iterator[tuple[datetime, Event]]:
    for item in client.pages(f"/collections/{collection['id']}/items", "items"):
        payload = {**item, "collectionId": collection["id"], "siteId": client.site}
        for kind, when in _happened(item):
            if when >= place.oldest:
                yield from ((when, event) for event in item_events(kind, payload, body_of(kind, payload)))


def _happened(item: JSON) -> Iterator[tuple[str, datetime]]:
    """What an item tells about itself. One that was just made was changed by that, too, but that is the same news."""
    created, updated = moment(item.get("createdOn")), moment(item.get("lastUpdated"))
    published = moment(item.get("lastPublished"))
    if created:
        yield CREATED, created
    if updated and (created is None or updated > created + timedelta(seconds=2)):
        yield CHANGED, updated
    if published:
        yield PUBLISHED, published


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
