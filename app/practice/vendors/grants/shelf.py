"""The practice opportunities, and how both interfaces search in them.

One object each: `id` (the whole number), `uuid`, `number`, `title`, `agency`, `agency_name`, `status`, `opened` and `closes`
(ISO dates or ""), `note`, `floor`, `ceiling`, `funding`, `awards` (numbers or None), `applicants`, `categories`,
`instruments` (codes), `listings`, `description`, `version`, `updated`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.practice.door import Ground

JSON = Any
SLUG = "grants"
OPEN = ("forecasted", "posted")


def note(ground: Ground, name: str, default: JSON = None) -> JSON:
    return ground.ledger.note(f"grants_{name}", default)


def get(ground: Ground, id: str) -> JSON:
    """By either of its ids."""
    found = ground.ledger.get(SLUG, id, "opportunity")
    return found or next((one for one in everything(ground) if one["uuid"] == id), None)


def everything(ground: Ground) -> list[JSON]:
    return ground.ledger.objects(SLUG, "opportunity")


def find(
    ground: Ground,
    words: str,
    *,
    statuses: Sequence[str],
    applicants: Sequence[str],
    categories: Sequence[str],
    agencies: Sequence[str],
    listings: Sequence[str],
) -> list[JSON]:
    """Newest first. An empty part does not narrow the search; an agency stands for its offices, too."""

    def fits(one: JSON) -> bool:
        text = f"{one['title']} {one['description']}".lower()
        return (
            all(word in text for word in words.lower().split())
            and one["status"] in statuses
            and (not applicants or bool(set(applicants) & set(one["applicants"])))
            and (not categories or bool(set(categories) & set(one["categories"])))
            and (not agencies or any(f"{one['agency']}-".startswith(f"{code}-") for code in agencies))
            and (not listings or bool(set(listings) & set(one["listings"])))
        )

    found = [one for one in everything(ground) if fits(one)]
    return sorted(found, key=lambda one: (one["opened"], one["id"]), reverse=True)


def keep(ground: Ground, given: dict[str, JSON]) -> JSON:
    """Makes an opportunity, or changes one whose `id` is given: another version, changed now."""
    with ground.ledger.write():
        last = int(note(ground, "last", 354100))
        number = str(given.get("id") or last + 1)
        was = ground.ledger.get(SLUG, number, "opportunity") or _blank(number)
        ground.ledger.set_note("grants_last", max(last, int(number)))
        stamp = datetime.now(UTC).isoformat(timespec="microseconds")
        one = {**was, **given, "id": number, "version": was["version"] + 1, "updated": stamp}
        ground.ledger.put(SLUG, "opportunity", one)
    return one


def forget(ground: Ground, id: str) -> JSON:
    return ground.ledger.change("delete from objects where slug=? and id=?", SLUG, id)


def _blank(id: str) -> JSON:
    today = datetime.now(UTC).date().isoformat()
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"practice:grants:{id}")),
        "number": f"PRACTICE-26-{id[-3:]}",
        "title": "An opportunity",
        "agency": "HHS-ACF",
        "agency_name": "Administration for Children and Families",
        "status": "posted",
        "opened": today,
        "closes": "",
        "note": "",
        "floor": None,
        "ceiling": None,
        "funding": None,
        "awards": None,
        "applicants": ["99"],
        "categories": ["O"],
        "instruments": ["G"],
        "listings": [],
        "version": 0,
        "description": "",
    }


def seed(ground: Ground) -> None:
    """Three opportunities, one of them forecasted; made once."""
    if note(ground, "last"):
        return
    today = datetime.fromtimestamp(time.time(), UTC).date()
    for given in _FIRST:
        days = given["days"]
        moments = {"opened": _in(today, days[0]), "closes": _in(today, days[1])}
        keep(ground, {**{name: value for name, value in given.items() if name != "days"}, **moments})


def _in(today: date, days: int | None) -> str:
    return "" if days is None else (today + timedelta(days=days)).isoformat()


_FIRST: tuple[dict[str, JSON], ...] = (
    {
        "title": "Mentoring for Opportunity Youth – Community Programs",
        "days": (-2, 40),
        "categories": ["LJL"],
        "agency": "USDOJ-OJP-OJJDP",
        "agency_name": "Office of Juvenile Justice Delinquency Prevention",
        "applicants": ["12", "13", "25"],
        "floor": 50000,
        "ceiling": 500000,
        "funding": 4000000,
        "awards": 8,
        "listings": ["16.726"],
        "note": "Applications are due by 8:59 PM Eastern Time.",
        "number": "O-OJJDP-2026-11",
        "description": "<p>Grants for <b>mentoring</b> of young people.</p><p>Two phases.</p>",
    },
    {
        "title": "Rural Small Business Development",
        "days": (-5, None),
        "categories": ["BC", "RD"],
        "agency": "USDA-RBCS",
        "agency_name": "Rural Business-Cooperative Service",
        "applicants": ["23", "99"],
        "listings": ["10.351"],
        "number": "RDBCP-2026-02",
        "instruments": ["G", "CA"],
        "description": "<p>Help for small firms in rural areas &amp; small towns.</p>",
    },
    {
        "title": "Arts in Education (forecast)",
        "days": (-1, 90),
        "status": "forecasted",
        "categories": ["AR", "ED"],
        "agency": "ED",
        "agency_name": "Department of Education",
        "applicants": ["05", "12"],
        "listings": ["84.351"],
        "number": "ED-GRANTS-26-07",
        "description": "<p>Planned for next year.</p>",
    },
)
