"""What recipes may ask for, and what fills pickers."""

from __future__ import annotations

from dataclasses import asdict

from connectors.contract import JSON, Choice
from connectors.grants import _codes, _federal
from connectors.grants._client import Grants, identified, view
from connectors.grants._search import Search

FEW = 25


def search(
    client: Grants, *, words: str = "", applicant: str = "", category: str = "", agency: str = "", listing: str = ""
) -> JSON:
    """The 25 newest opportunities that are open or forecasted: {"found": how many there are, "opportunities": [{id, number,
    title, agency, status, opened, closes}]}. What is left empty does not narrow the search."""
    given = {"words": words, "applicant": applicant, "category": category, "agency": agency, "listing": listing}
    hits, total = client.page(Search.read(given), 0, FEW)
    shown = ("id", "number", "title", "agency", "status", "opened", "closes")
    return {"found": total, "opportunities": [{name: asdict(hit)[name] for name in shown} for hit in hits]}


def read_opportunity(client: Grants, *, opportunity: str) -> JSON:
    """Everything about one, by its number or the address of its page."""
    return view(client.one(opportunity))


def opportunities(client: Grants, query: str) -> list[Choice]:
    hits, _ = client.page(Search(words=query.strip()[:100]) if query.strip() else client.search, 0, 100)
    return [Choice(hit.id, f"{hit.title} ({hit.number})") for hit in hits]


def resolve(client: Grants, text: str) -> list[Choice]:
    seen = view(client.one(identified(text)))
    return [Choice(seen["id"], f"{seen['title']} ({seen['number']})")]


def agencies(client: Grants, query: str) -> list[Choice]:
    found = _federal.agencies(client.session, client.federal)
    return [Choice(code, f"{name} ({code})") for code, name in found if query.lower() in f"{name} {code}".lower()]


def applicants(client: Grants, query: str) -> list[Choice]:
    return _listed(_codes.APPLICANTS, query)


def categories(client: Grants, query: str) -> list[Choice]:
    return _listed(_codes.CATEGORIES, query)


def _listed(table: _codes.Table, query: str) -> list[Choice]:
    return [Choice(code, name) for code, (name, _) in table.items() if query.lower() in f"{code} {name}".lower()]
