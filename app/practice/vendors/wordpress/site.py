"""The practice site's own state: who may do what, numbers, times, and the objects by kind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal, root

JSON = Any
SLUG = "wordpress"
CAPABILITIES = {
    "": (),
    "subscriber": ("read",),
    "contributor": ("read", "edit_posts"),
    "author": ("read", "edit_posts", "publish_posts", "upload_files"),
    "editor": (
        "read",
        "edit_posts",
        "publish_posts",
        "upload_files",
        "edit_pages",
        "publish_pages",
        "edit_others_posts",
    ),
}


@dataclass(frozen=True)
class Answer:
    body: JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """One request's view of it; `person` is the role of whoever asks, "" for a visitor."""

    ground: Ground
    person: str = ""

    def note(self, name: str, default: JSON = None) -> JSON:
        return self.ground.ledger.note(f"wordpress_{name}", default)

    def may(self, capability: str) -> bool:
        return capability in CAPABILITIES[self.person]

    def root(self) -> str:
        return f"{root(SLUG)}/?rest_route=/" if self.note("permalinks") == "plain" else f"{root(SLUG)}/wp-json/"

    def number(self) -> int:
        """The next id; all kinds share them."""
        last = int(self.note("last", 10)) + 1
        self.ground.ledger.set_note("wordpress_last", last)
        return last

    def get(self, kind: str, number: str) -> JSON:
        return self.ground.ledger.get(SLUG, f"{kind}-{number}", kind)

    def all(self, kind: str) -> list[JSON]:
        return self.ground.ledger.objects(SLUG, kind)

    def keep(self, kind: str, thing: dict[str, JSON]) -> None:
        self.ground.ledger.put(SLUG, kind, {**thing, "id": f"{kind}-{thing['number']}"})

    def shown(self) -> list[JSON]:
        """Everything people look at, newest first."""
        return [thing for kind in ("posts", "pages", "media") for thing in reversed(self.all(kind))]


def refuse(status: int, code: str, message: str, **data: JSON) -> NoReturn:
    raise Refusal(status, {"code": code, "message": message, "data": {"status": status, **data}})


def now() -> str:
    """UTC without saying so, as WordPress does."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def slugged(text: str) -> str:
    return re.sub("[^a-z0-9%_-]+", "-", text.lower()).strip("-")


def page_of(found: list[JSON], query: dict[str, str]) -> tuple[list[JSON], dict[str, str]]:
    """One page of a list, with the totals WordPress puts into headers.

    https://developer.wordpress.org/rest-api/using-the-rest-api/pagination/
    """
    size, page = _whole(query, "per_page", 10), _whole(query, "page", 1)
    if not 1 <= size <= 100:
        words = "per_page must be between 1 (inclusive) and 100 (inclusive)"
        refuse(400, "rest_invalid_param", "Invalid parameter(s): per_page", params={"per_page": words})
    pages = -(-len(found) // size)
    if page > 1 and page > pages:
        words = "The page number requested is larger than the number of pages available."
        refuse(400, "rest_post_invalid_page_number", words)
    totals = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    return found[(page - 1) * size : page * size], totals


def _whole(query: dict[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, str(otherwise))
    if not text.isdigit():
        refuse(
            400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: f"{name} is not of type integer."}
        )
    return int(text)


def only(thing: JSON, query: dict[str, str]) -> JSON:
    """`_fields` cuts answers."""
    wanted = query.get("_fields", "")
    return {name: value for name, value in thing.items() if name in wanted.split(",")} if wanted else thing
