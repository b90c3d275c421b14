"""Finding the post a person means: by its words, its number, or a pasted address."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

from connectors.contract import JSON, Choice, Refused
from connectors.wordpress._client import Site, status_of
from connectors.wordpress._posts import ROUTES, raw

_OPEN = "publish,future,draft,pending,private"
_FIELDS = "id,type,status,title"
_HOW = "Open the post in WordPress, copy the address of that page, and paste it here."


def posts(client: Site, query: str) -> list[Choice]:
    """Posts and pages that are not in the trash, last changed first; at most twenty of each."""
    wanted = {"search": query.strip()} if query.strip() else {}
    common: dict[str, str | int] = {"status": _OPEN, "context": "edit", "_fields": _FIELDS, "orderby": "modified"}
    found = [post for kind in ROUTES for post in _allowed(client, kind, {**common, **wanted, "per_page": 20})]
    return [_choice(post) for post in found]


def _allowed(client: Site, kind: str, query: dict[str, str | int]) -> list[JSON]:
    """Authors and Contributors see no pages that are not public: those are left out."""
    try:
        return list(client.read(ROUTES[kind], **query))
    except Exception as error:
        if kind == "page" and status_of(error) in (400, 401, 403):
            return []
        raise


def _choice(post: JSON) -> Choice:
    page = post.get("type") == "page"
    title = html.unescape(raw(post, "title")) or "Untitled"
    return Choice(
        f"page:{post['id']}" if page else str(post["id"]), f"{title} ({'page, ' if page else ''}{post['status']})"
    )


def resolve(client: Site, text: str) -> list[Choice]:
    """The post behind an id as recipes have it, a number, an editor's address, a preview's, or a public one."""
    if text.strip().startswith("page:"):
        text = text.strip().removeprefix("page:")
    query = parse_qs(urlsplit(text.strip()).query)
    number = next((query[name][0] for name in ("post", "p", "page_id", "preview_id") if name in query), text.strip())
    found = _by_number(client, number) if number.isascii() and number.isdigit() else _by_slug(client, text)
    if not found:
        raise Refused(f"There is no post or page of this site behind “{text[:80]}”. {_HOW}")
    return found


def _by_number(client: Site, number: str) -> list[Choice]:
    found = []
    for route in ROUTES.values():
        try:
            found.append(_choice(client.read(f"{route}/{number}", context="edit", _fields=_FIELDS)))
        except Exception as error:
            if status_of(error) not in (403, 404):
                raise
    return found


def _by_slug(client: Site, text: str) -> list[Choice]:
    last = urlsplit(text.strip()).path.rstrip("/").rpartition("/")[2]
    if not re.fullmatch("[a-z0-9%_-]+", last):
        return []
    query: dict[str, str | int] = {"slug": last, "status": _OPEN, "context": "edit", "_fields": _FIELDS}
    return [_choice(post) for kind in ROUTES for post in _allowed(client, kind, query)]
