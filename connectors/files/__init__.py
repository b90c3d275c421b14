"""Places of the hub itself into which people, scanners and other programs drop files. Each place is a connection."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Account, ApiKey, Connector, Field, Http, Refused, Trigger
from connectors.files.dropped import DROPPED, FIELDS, shape


def open_place(credentials: Mapping[str, str], http: Http) -> str:
    """Its title: nobody else has to be asked. Raises `Refused`."""
    title = " ".join(credentials.get("title", "").split())
    if not title or len(title) > 100:
        raise Refused("Give the place a title of at most 100 characters, such as Receipts.")
    return title


def check(title: str) -> Account:
    return Account("", title)


def explain(status: int, body: bytes) -> str | None:
    return None


connector = Connector(
    slug="files",
    title="Files",
    says="Files that you drop on a page or that a scanner puts into a folder start recipes.",
    hosts={},
    auth=ApiKey(
        fields=(Field("title", "Title", "What is dropped there, such as Receipts.", secret=False),),
        guide=(
            "Open Connections, press New beside Files, and say what will be dropped there.",
            "The page of the place takes files: pull them onto it, or choose them.",
            "A scanner or another program may put files into the folder that the page shows, on the machine of the hub. Each "
            "is taken when it has stopped growing, and then lies in the folder done.",
            "Recipes that begin with `files.dropped` read event.name, event.type and event.text, and the rows of a table as "
            "event.rows with the names of its columns.",
        ),
    ),
    open=open_place,
    check=check,
    explain=explain,
    triggers=(Trigger(DROPPED, "A file was dropped", shape, FIELDS),),
    limits="Files of at most 25 MB, 50 MB at once. Recipes read the first 200,000 characters of a text and the first 1,000 "
    "rows of a table. Patchbay keeps these limits itself.",
    place="files",
    lacks={
        "webhooks": "Files come by a page or a folder of the hub itself, which stores them before it says so.",
        "poll dropped": "What was not stored still lies where it was: with the person, or in the folder.",
        "actions": "Nothing is written into a place but what people and programs drop there.",
        "pickers": "Each place is a connection of its own, which is chosen on the recipe's page.",
        "practice": "The practice place is a real page of this hub, so nothing has to stand in for it.",
    },
    practice={"title": "Files to practise with"},
)
