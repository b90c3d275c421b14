"""Categories and tags: WordPress wants their ids, people say their names.

https://developer.wordpress.org/rest-api/reference/categories/
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from connectors.contract import JSON, Choice, Refused
from connectors.wordpress._client import Site

_WORDS = {"categories": ("category", "Posts, Categories"), "tags": ("tag", "Posts, Tags")}


def resolved(client: Site, taxonomy: str, given: str | Sequence[str]) -> list[str]:
    """Ids as text, in the order given. `given`: a list, or text with commas, of ids and names."""
    parts = given.split(",") if isinstance(given, str) else given
    wanted = [str(one).strip() for one in parts if str(one).strip()]
    return [one if one.isascii() and one.isdigit() else _named(client, taxonomy, one) for one in wanted]


def _named(client: Site, taxonomy: str, name: str) -> str:
    for term in _matching(client, taxonomy, name):
        if name.casefold() in (_name(term).casefold(), str(term.get("slug")).casefold()):
            return str(term["id"])
    what, where = _WORDS[taxonomy]
    raise Refused(f"This site has no {what} called “{name[:80]}”. Add it in WordPress under {where}, or leave it out.")


def _matching(client: Site, taxonomy: str, query: str) -> Iterator[JSON]:
    search = {"search": html.escape(query, quote=False)} if query else {}  # "R&D" is stored as "R&amp;D"
    fields = "id,name,slug"
    yield from client.read(f"/wp/v2/{taxonomy}", per_page=100, orderby="name", _fields=fields, **search)


def _name(term: JSON) -> str:
    return html.unescape(str(term.get("name") or ""))


def categories(client: Site, query: str) -> list[Choice]:
    return [Choice(str(term["id"]), _name(term)) for term in _matching(client, "categories", query.strip())]


def tags(client: Site, query: str) -> list[Choice]:
    return [Choice(str(term["id"]), _name(term)) for term in _matching(client, "tags", query.strip())]
