"""Pages that were created or changed since the last look, in every database and page that is shared with us.

https://developers.notion.com/reference/filter-data-source-entries , https://developers.notion.com/reference/post-search .
What makes it less than simple: times of edits are whole minutes, so a page that is seen in its minute may change in it once
more; lists lag; and what is shared with us later has a past. So each place (a data source, or all other pages together) has
a point from which on we look, lists are read some minutes further back, and what was seen is remembered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event, Label
from connectors.notion._client import Notion, segment, status_of
from connectors.notion._text import plain
from connectors.notion._values import lines, prints, title_of, values, whole

CREATED, CHANGED = "page.created", "page.changed"
KINDS = (CREATED, CHANGED)
FIELDS = {
    "id": Label.VENDOR,
    "url": Label.VENDOR,
    "data_source": Label.VENDOR,
    "created_at": Label.VENDOR,
    "edited_at": Label.VENDOR,
    "created_by_id": Label.VENDOR,
    "edited_by_id": Label.VENDOR,
    "database": Label.OUTSIDE,
    "title": Label.OUTSIDE,
    "created_by": Label.OUTSIDE,
    "edited_by": Label.OUTSIDE,
    "properties.*": Label.OUTSIDE,
}
LOOSE = "pages"  # the place of the pages that lie in no database that we see
REMEMBERED = 300  # pages of a place beside those that its next look lists again
CONTENTS = 30  # pages in one look whose content is read because their minute is not over
_LAG = timedelta(minutes=10)
_SEARCH_LAG = timedelta(minutes=60)  # search has an index of its own: it is slower, and nobody says how much
_MINUTE = timedelta(seconds=90)  # with what Notion's clock and ours may be apart


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name of `FIELDS`. `properties`: column → plain value, `data_source`: its id as actions take
    it ("" for a page in none), times: ISO 8601 in UTC, to the minute; the people are "" where we may not see them."""
    told = json.loads(body)
    names = {name.partition(".")[0] for name in FIELDS}
    return {name: told.get(name) if told.get(name) is not None else "" for name in names}


def changes(client: Notion, cursor: JSON) -> tuple[list[Event], JSON]:
    """What happened since the cursor: {"places": {id: place}, "first": the place that failed last time}.

    The first look at a place remembers what is there. A place that fails keeps its point, comes first in the next round, and
    does not hold up the others; its error is raised where nothing else could be read.
    """
    known = dict((cursor or {}).get("places") or {})
    sources = _sources(client)
    order = sorted({*sources, *known, LOOSE}, key=lambda place: (place != (cursor or {}).get("first"), place))
    events, failed, trouble, read = list[Event](), "", None, 0
    look = _Look(client, datetime.now(UTC), frozenset({*sources, *known}))
    for which in order:
        try:
            found, known[which] = look.at(which, sources.get(which, ""), known.get(which))
        except Exception as problem:  # whatever it is: it is raised below, or met again in the next round
            if which != LOOSE and status_of(problem) in (400, 404):  # deleted, or no longer shared with us
                known.pop(which, None)
            else:
                failed, trouble = failed or which, trouble or problem
            continue
        events, read = events + found, read + 1
    if trouble and not read:
        raise trouble
    return events, {"places": known, "first": failed}


def _sources(client: Notion) -> dict[str, str]:
    """The data sources that are shared with us: id → name."""
    asked = {"filter": {"property": "object", "value": "data_source"}}
    listed = (one for answer in client.found("search", asked) for one in answer["results"])
    return {one["id"]: plain(one.get("title") or ()) for one in listed if not _trashed(one)}


def _trashed(one: JSON) -> bool:
    return bool(one.get("in_trash") or one.get("archived"))


# --- one place --------------------------------------------------------------------------------------------------------


@dataclass
class _Place:
    """`begun`: when it was first looked at; `since`: up to when it was read; `seen`: page → [minute of the edit, who,
    {column: print}, print of the content if that minute was not over]; `cut`: where the list began that ended too early."""

    begun: str
    since: str
    seen: dict[str, list[JSON]] = field(default_factory=dict)
    cut: str = ""

    def start(self, lag: timedelta) -> str:
        """From when on its list is read: some minutes back, but one that ended too early is gone on with."""
        return _minute(self.since) if self.cut else _minute(_iso(_moment(self.since) - lag))

    def saved(self, lag: timedelta) -> JSON:
        start, newest = self.start(lag), set(list(self.seen)[-REMEMBERED:])
        seen = {page: state for page, state in self.seen.items() if page in newest or state[0] >= start}
        return {"begun": self.begun, "since": self.since, "seen": seen, "cut": self.cut}


@dataclass
class _Look:
    client: Notion
    now: datetime
    sources: frozenset[str]  # whose rows search lists, too
    contents: int = 0

    def at(self, which: str, name: str, known: JSON) -> tuple[list[Event], JSON]:
        """(what happened in this place, the place as it is kept)."""
        lag = _SEARCH_LAG if which == LOOSE else _LAG
        place = _Place(**{**known, "seen": dict(known["seen"])}) if known else _Place(_iso(self.now), _iso(self.now))
        start = place.start(lag)
        listed = self._loose(start) if which == LOOSE else self._rows(which, start)
        about = {"data_source": "" if which == LOOSE else which, "database": name}
        news_from = max(_minute(place.begun), place.cut or start)  # what was made before that is told as changed
        found = [event for page in listed.pages for event in self._of_page(place, page, news_from, about, bool(known))]
        place.since = listed.until(place.since, bool(found)) or _iso(self.now)
        place.cut = (place.cut or start) if listed.cut else ""
        return found, place.saved(lag)

    def _rows(self, source: str, start: str) -> _Listed:
        """Oldest edit first, so that a list that ends at ten thousand rows is gone on with where it ended."""
        asked: dict[str, JSON] = {
            "filter": {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": start}},
            "sorts": [{"timestamp": "last_edited_time", "direction": "ascending"}],
        }
        answers = list(self.client.found(f"data_sources/{segment(source)}/query", asked))
        cut = (answers[-1].get("request_status") or {}).get("type") == "incomplete"
        return _Listed([page for answer in answers for page in _timed(answer)], len(answers), cut)

    def _loose(self, start: str) -> _Listed:
        """Search has no filter for times: it is read from the newest edit on until it comes to older ones."""
        order = {"timestamp": "last_edited_time", "direction": "descending"}
        asked: dict[str, JSON] = {"filter": {"property": "object", "value": "page"}, "sort": order}
        pages: list[JSON] = []
        for answer in self.client.found("search", asked):
            pages += [page for page in _timed(answer) if page["last_edited_time"] >= start]
            if any(page["last_edited_time"] < start for page in _timed(answer)):
                break
        mine = [page for page in pages if (page.get("parent") or {}).get("data_source_id") not in self.sources]
        return _Listed(sorted(mine, key=lambda page: str(page["last_edited_time"])), 1, False)

    # --- one page ---

    def _of_page(self, place: _Place, page: JSON, news_from: str, about: JSON, heard: bool) -> list[Event]:
        """At most one event; none in the first look at a place, and of what happened before it."""
        before = place.seen.get(page["id"])
        if _trashed(page):
            return []
        state = [page["last_edited_time"], _by(page, "last_edited_by"), prints(page), ""]
        same = before is not None and before[:3] == state[:3]
        again = same and before is not None and before[3]
        if again or (self._is_open(page) and state[1] != self.client.me):
            if self.contents < CONTENTS:
                state[3] = self._content(page)
            elif heard:  # read in the next round, when its minute is over
                return []
        place.seen.pop(page["id"], None)
        place.seen[page["id"]] = state if self._is_open(page) else [*state[:3], ""]
        if not heard or state[0] < _minute(place.begun):
            return []
        what = self._news(page, before, state, news_from)
        return [self._event(*what, page, state, about)] if what else []

    def _news(
        self, page: JSON, before: list[JSON] | None, state: list[JSON], news_from: str
    ) -> tuple[str, str, str] | None:
        """(kind, what its key ends in, version), or None where nobody but us did anything."""
        ours = state[1] == self.client.me
        if before is None:
            if page["created_time"] >= news_from and _by(page, "created_by") != self.client.me:
                return CREATED, "", ""
            return None if ours else (CHANGED, "", "")
        if before[:3] == state[:3]:
            written = before[3] and state[3] and before[3] != state[3]
            return (CHANGED, f":{state[3]}", "") if written and not ours else None
        if not ours:
            return CHANGED, "", ""
        # Somebody may have changed it before we did: what is not as we wrote it is news (`Event.version`).
        columns = {column: digest for column, digest in state[2].items() if before[2].get(column, digest) != digest}
        return (CHANGED, "", lines(columns)) if columns else None

    def _is_open(self, page: JSON) -> bool:
        """Whether the minute of its last edit may not be over."""
        return _moment(page["last_edited_time"]) + _MINUTE > self.now

    def _content(self, page: JSON) -> str:
        """A print of what stands on the page, or "-" if that cannot be read."""
        self.contents += 1
        try:
            told = self.client.get(f"pages/{segment(page['id'])}/markdown")
        except Exception as error:
            if status_of(error) not in (400, 403, 404):
                raise
            return "-"
        return hashlib.sha256(str(told.get("markdown") or "").encode()).hexdigest()[:8]

    def _event(self, kind: str, end: str, version: str, page: JSON, state: list[JSON], about: JSON) -> Event:
        told = {
            **about,
            "id": page["id"],
            "url": page.get("url") or "",
            "title": title_of(page),
            "properties": values(whole(self.client, page)),
            "created_at": page["created_time"],
            "edited_at": page["last_edited_time"],
        }
        for word in ("created", "edited"):
            who = _by(page, "created_by" if word == "created" else "last_edited_by")
            told |= {f"{word}_by_id": who, f"{word}_by": self.client.name(who)}
        key = f"{kind}:{page['id']}"
        if kind == CHANGED:
            key += f":{state[0]}:{_digest(state[1:3])}{end}"
        when = int(_moment(page["created_time" if kind == CREATED else "last_edited_time"]).timestamp() * 1000)
        own = str(page["id"]) if version else ""
        body = json.dumps(told, sort_keys=True).encode()
        return Event(kind, key, body, f"page:{page['id']}", occurred_at=when, object=own, version=version)


@dataclass
class _Listed:
    """What a list held, in the order of the edits. `answers`: in how many it came; `cut`: it holds more than Notion lists."""

    pages: list[JSON]
    answers: int
    cut: bool

    def until(self, since: str, news: bool) -> str:
        """From when on the next look reads, or "" for now. Where pages are edited while a long list is read, one may slip
        from an answer that is still to come into one that was there already: so such a list is read again."""
        if self.cut:
            return str(self.pages[-1]["last_edited_time"])
        return since if self.answers > 1 and news else ""


def _timed(answer: JSON) -> list[JSON]:
    """The pages of an answer; of what we may not read there is an id and nothing else."""
    return [page for page in answer["results"] if page.get("last_edited_time")]


def _by(page: JSON, who: str) -> str:
    return str((page.get(who) or {}).get("id") or "")


def _digest(state: Iterable[JSON]) -> str:
    return hashlib.sha256(json.dumps(list(state), sort_keys=True).encode()).hexdigest()[:12]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _minute(text: str) -> str:
    return f"{text[:16]}:00.000Z"
