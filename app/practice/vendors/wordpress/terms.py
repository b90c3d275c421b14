"""Categories and tags of the practice site. https://developer.wordpress.org/rest-api/reference/categories/"""

from __future__ import annotations

from flask import request

from app.practice.vendors.wordpress.site import JSON, Answer, Site, only, page_of, refuse

FIRST = {
    "categories": {1: "Uncategorized", 3: "News", 4: "R&amp;D", 5: "Jobs"},
    "tags": {6: "Grants", 7: "Open day"},
}


def handle(site: Site, route: list[str]) -> Answer:
    if len(route) > 1 or request.method != "GET":
        refuse(404, "rest_no_route", "This stand-in only lists terms.")
    query = request.args.to_dict()
    words = query.get("search", "").lower()
    found = [term for term in site.all(route[0]) if words in term["name"].lower()]
    shown, totals = page_of(sorted(found, key=lambda term: str(term["name"])), query)
    return Answer([only(_term(term), query) for term in shown], headers=totals)


def _term(term: JSON) -> JSON:
    return {"id": term["number"], "count": 0, "name": term["name"], "slug": term["slug"]}


def seed(site: Site) -> None:
    for kind, terms in FIRST.items():
        for number, name in terms.items():
            site.keep(
                kind, {"number": number, "name": name, "slug": name.lower().replace("&amp;", "").replace(" ", "-")}
            )
