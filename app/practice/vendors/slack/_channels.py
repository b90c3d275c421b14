"""Channels. https://docs.slack.dev/reference/methods/conversations.list"""

from __future__ import annotations

from app.practice.door import Ground
from app.practice.vendors.slack._shelf import SLUG, Given, Shelf, Thing, page

_AT_FIRST = (
    ("C0GENERAL", "general", True, False, False),
    ("C0ORDERS", "orders", True, False, False),
    ("C0RANDOM", "random", False, False, False),
    ("C0OLDSTUFF", "old-stuff", True, False, True),
    ("C0OFFICE", "office", True, True, False),
    ("C0SECRET", "owners", False, True, False),
)


def seed(ground: Ground) -> None:
    """Two public channels with the bot in it and one without, an archived one, and two private ones."""
    shelf = Shelf(ground)
    if shelf.channels():
        return
    with ground.ledger.write():
        for which, name, member, private, archived in _AT_FIRST:
            put(shelf, {"id": which, "name": name, "is_member": member, "is_private": private, "is_archived": archived})


def put(shelf: Shelf, given: Given) -> Thing:
    known = shelf.ledger.get(SLUG, given["id"], "channel")
    kept = {
        "is_member": True,
        "is_private": False,
        "is_archived": False,
        **(known["channel"] if known else {}),
        **given,
    }
    shelf.ledger.put(SLUG, "channel", {"id": given["id"].lower(), "channel": kept})
    return kept


def listed(shelf: Shelf, given: Given) -> Thing:
    return page([one for one in _wanted(shelf, given) if one["is_member"] or not one["is_private"]], given, "channels")


def own(shelf: Shelf, given: Given) -> Thing:
    return page([one for one in _wanted(shelf, given) if one["is_member"]], given, "channels")


def _wanted(shelf: Shelf, given: Given) -> list[Thing]:
    kinds = str(given.get("types") or "public_channel").split(",")
    archived = given.get("exclude_archived") != "true"
    found = [one for one in shelf.channels() if archived or not one["is_archived"]]
    return [one for one in found if ("private_channel" if one["is_private"] else "public_channel") in kinds]


def info(shelf: Shelf, given: Given) -> Thing:
    return {"channel": shelf.channel(str(given.get("channel")))}
