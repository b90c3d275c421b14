"""Posts that became public or changed, found by asking: WordPress core sends no webhooks.

New ones are asked for by their date and not by the time of the last change: a scheduled post that becomes public keeps the
time of its last change (wp_publish_post sets the status and nothing else).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.contract import JSON, Event, Label, Unavailable, Unreadable
from connectors.wordpress._client import Site, code_of

PUBLISHED, UPDATED = "post.published", "post.updated"
FIRST_LOOK = timedelta(hours=24)
# Times may be read in the site's own zone, and scheduled posts come late where nobody visits (WP-Cron runs on visits).
OVERLAP = timedelta(hours=48)
ENOUGH = 200  # events of one round
PAGES = 100
PER_PAGE = 100
_READ = "id,type,slug,link,date_gmt,modified_gmt,status,author,title,content,excerpt,categories,tags"
_SAME = timedelta(minutes=1)  # a change this soon after its date is its publication

FIELDS = {
    "id": Label.VENDOR,
    "url": Label.VENDOR,
    "published": Label.VENDOR,
    "modified": Label.VENDOR,
    "author_id": Label.VENDOR,
    "category_ids": Label.VENDOR,
    "category_ids[]": Label.VENDOR,
    "tag_ids": Label.VENDOR,
    "tag_ids[]": Label.VENDOR,
    "slug": Label.OUTSIDE,
    "title": Label.OUTSIDE,
    "excerpt": Label.OUTSIDE,
    "text": Label.OUTSIDE,
    "html": Label.OUTSIDE,
}


def published(client: Site, cursor: JSON) -> tuple[list[Event], JSON]:
    """Posts by the date from which they are public."""
    return _round(client, cursor, PUBLISHED, "date")


def updated(client: Site, cursor: JSON) -> tuple[list[Event], JSON]:
    """Changes of posts that are public: one event for each time of a last change that we see."""
    return _round(client, cursor, UPDATED, "modified")


@dataclass
class _Place:
    """The cursor: nothing from before `begun` is told, everything up to `since` was looked at, `seen` (key → when) is what
    of the overlap was told."""

    begun: datetime
    since: datetime
    seen: dict[str, str]

    @classmethod
    def read(cls, cursor: JSON) -> _Place:
        now = datetime.now(UTC)
        if not isinstance(cursor, dict):
            return cls(now - FIRST_LOOK, now - FIRST_LOOK, {})
        begun = _moment(cursor.get("begun")) or now - FIRST_LOOK
        return cls(begun, min(_moment(cursor.get("since")) or begun, now), dict(cursor.get("seen") or {}))

    def saved(self) -> JSON:
        oldest = _iso(self.since - OVERLAP)
        seen = {key: when for key, when in self.seen.items() if when >= oldest}
        return {"begun": _iso(self.begun), "since": _iso(self.since), "seen": seen}


def _round(client: Site, cursor: JSON, kind: str, by: str) -> tuple[list[Event], JSON]:
    """Oldest first. Fails only if nothing was read before the failure: what was read is kept, and the failure heard next."""
    place, events = _Place.read(cursor), []
    try:
        for post in _listed(client, place.since - OVERLAP, by):
            events += _fresh(place, post, kind, by)
            if len(events) >= ENOUGH:
                break
    except Exception:  # the door's own among them
        if not events:
            raise
    return events, place.saved()


def _fresh(place: _Place, post: JSON, kind: str, by: str) -> list[Event]:
    """The event of a post, unless it was told before. Moves the place on."""
    when, date = _moment(post.get(f"{by}_gmt")), _moment(post.get("date_gmt"))
    if when is None or date is None:
        return []
    key = str(post["id"]) if kind == PUBLISHED else f"{post['id']}@{_iso(when)}"
    known = key in place.seen or when < place.begun or (kind == UPDATED and when <= date + _SAME)
    place.since = max(place.since, min(when, datetime.now(UTC)))
    if known:
        return []
    place.seen[key] = _iso(when)
    body = json.dumps({"event": kind, "post": post}, sort_keys=True).encode()
    event = Event(
        kind,
        f"{kind}:{key}",
        body,
        serial_key=f"post:{post['id']}",
        once_key=key,
        occurred_at=int(when.timestamp() * 1000),
        object=str(post["id"]),
        version=str(post["modified_gmt"]) if kind == UPDATED else "",  # what we publish is news, what we change is none
    )
    return [event]


def _listed(client: Site, since: datetime, by: str) -> Iterator[JSON]:
    after = "after" if by == "date" else "modified_after"
    fixed: dict[str, str | int] = {"status": "publish", "orderby": by, "order": "asc", "per_page": PER_PAGE}
    for page in range(1, PAGES + 1):
        found = _page(client, {**fixed, after: _iso(since), "page": page})
        yield from (post for post in found if isinstance(post, dict) and isinstance(post.get("id"), int))
        if len(found) < PER_PAGE:
            return
    raise Unavailable("The site's list of posts does not end; this is tried again later.")


def _page(client: Site, query: dict[str, str | int]) -> list[JSON]:
    try:
        found = client.read("/wp/v2/posts", _fields=_READ, **query)
    except Exception as error:
        if code_of(error) == "rest_post_invalid_page_number":  # past the end
            return []
        raise
    if not isinstance(found, list):
        raise Unavailable("The site answered with something that is no list of posts; this is tried again later.")
    return found


# --- what recipes see -------------------------------------------------------------------------------------------------


def shape(body: bytes) -> dict[str, JSON]:
    """A recipe's `event`: every name in `FIELDS`. Times are ISO 8601 in UTC; `text` is the content without its HTML."""
    post = _post(body)
    content = _rendered(post, "content")
    return {
        "id": str(post["id"]),
        "url": str(post.get("link") or ""),
        "published": _time(post.get("date_gmt")),
        "modified": _time(post.get("modified_gmt")),
        "author_id": str(post.get("author") or ""),
        "category_ids": [str(one) for one in post.get("categories") or []],
        "tag_ids": [str(one) for one in post.get("tags") or []],
        "slug": str(post.get("slug") or ""),
        "title": _text(_rendered(post, "title")),
        "excerpt": _text(_rendered(post, "excerpt")),
        "text": _text(content),
        "html": content,
    }


def _post(body: bytes) -> JSON:
    try:
        post = json.loads(body)["post"]
    except (ValueError, KeyError, TypeError) as problem:
        raise Unreadable("This is no post as Patchbay reads it from WordPress.") from problem
    if not isinstance(post, dict) or "id" not in post:
        raise Unreadable("This post has no number.")
    return post


def _rendered(post: JSON, name: str) -> str:
    part = post.get(name)
    return str(part.get("rendered") or "") if isinstance(part, dict) else ""


_ENDS = re.compile(r"</(?:p|h[1-6]|li|blockquote|pre|div|tr|figure)>|<br\s*/?>", re.IGNORECASE)
_DROPPED = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


def _text(markup: str) -> str:
    """Without tags, a line for each paragraph."""
    plain = html.unescape(re.sub("<[^>]*>", "", _ENDS.sub("\n", _DROPPED.sub("", markup))))
    return "\n".join(line for line in (" ".join(one.split()) for one in plain.split("\n")) if line)


def _moment(value: JSON) -> datetime | None:
    """`…_gmt` is UTC without saying so; times with a zone are taken at their word."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None or not 1970 <= moment.year < 2200:  # "0000-00-00…" is a draft without a date
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _time(value: JSON) -> str:
    moment = _moment(value)
    return _iso(moment) if moment else ""


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
