"""One saved search, asked at Simpler.Grants.gov where there is a key, else at Grants.gov."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from connectors.contract import JSON, Account, Http, Refused
from connectors.grants import _federal, _simpler
from connectors.grants._search import Hit, Search

MOST = 2000
"""Opportunities that one search may find; a few thousand are open at any time."""
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PLACE = re.compile(rf"(?:https?://\S*?(?:search-results-detail|opportunity)/)?(\d{{1,9}}|{_UUID})/?", re.IGNORECASE)


class Grants:
    """`search` is the one that a person saved with the connection."""

    def __init__(self, http: Http, search: Search, key: str) -> None:
        self.federal, self.simpler, self.session = http.url("api"), http.url("simpler"), http.session
        self.search, self.key = search, key

    def page(self, what: Search, number: int, size: int = _federal.ROWS) -> tuple[list[Hit], int]:
        """Page `number` (0 is the first) and how many hits there are in all."""
        if self.key:
            return _simpler.search(self.session, self.simpler, self.key, what, number + 1, size)
        return _federal.search(self.session, self.federal, what, number * size, size)

    def everything(self, what: Search) -> Iterator[Hit]:
        """Each hit once, newest first, read page by page. Raises `Refused` for a search that finds too much."""
        told: set[str] = set()
        for number in range(MOST // _federal.ROWS):
            hits, total = self.page(what, number)
            if total > MOST:
                raise Refused(f"This search finds {total} opportunities. Narrow it to fewer than {MOST}.")
            yield from (hit for hit in hits if hit.id not in told)
            told |= {hit.id for hit in hits}
            if not hits or (number + 1) * _federal.ROWS >= total:
                return

    def details(self, hit: Hit) -> JSON:
        """{"source", "raw"}: as it is stored with an event. Raises `Refused` where it is gone."""
        if hit.whole is not None:
            return {"source": "simpler", "raw": hit.whole}
        return self.one(hit.id)

    def one(self, place: str) -> JSON:
        """The same for an id, or the address of its page."""
        which = identified(place)
        if self.key:
            return {"source": "simpler", "raw": _simpler.details(self.session, self.simpler, self.key, which)}
        if not which.isdigit():
            raise Refused(
                "Grants.gov knows opportunities by their number only. Give the number, or enter a Simpler key."
            )
        return {"source": "federal", "raw": _federal.details(self.session, self.federal, which)}


def identified(place: str) -> str:
    """The id in "354102", a UUID, or the address of an opportunity's page. Raises `Refused`."""
    found = _PLACE.fullmatch(place.strip())
    if found is None:
        raise Refused("This is no opportunity. Give its number, or the address of its page on grants.gov.")
    return found[1].lower()


def view(details: JSON) -> dict[str, JSON]:
    """What recipes see of an opportunity, whichever interface told it; with the page on which to verify it."""
    seen = (_simpler if details["source"] == "simpler" else _federal).view(details["raw"])
    which = seen["id"]
    ours, theirs = "www.grants.gov/search-results-detail", "simpler.grants.gov/opportunity"
    page = f"{ours if which.isdigit() else theirs}/{which}"
    return {**seen, "url": f"https://{page}"}


def open_search(credentials: Mapping[str, str], http: Http) -> Grants:
    """Raises `Refused` for a search that Grants.gov has no codes for."""
    return Grants(http, Search.read(credentials), credentials.get("key", ""))


def check(client: Grants) -> Account:
    """Runs the search. Its account is always the same, so that a search may be changed later."""
    client.page(client.search, 0, 1)
    return Account("grants.gov", client.search.says)
