"""Finding the table that a person means: by name, by id, or by the address from the browser."""

from __future__ import annotations

from connectors.airtable._client import Airtable, Place, read_place
from connectors.contract import Choice

BASES = 30
"""Whose tables are read at most for one list: each costs a call."""


def search(client: Airtable, query: str) -> list[Choice]:
    """Tables whose name, or whose base's name, holds what was typed."""
    wanted = query.strip().lower()
    bases = [base for page in client.pages("meta/bases") for base in page["bases"]]
    bases.sort(key=lambda base: wanted not in base["name"].lower())  # those that are meant by name come first
    found = []
    for base in bases[:BASES]:
        for table in client.tables(base["id"]):
            label = f"{base['name']} › {table['name']}"
            if wanted in label.lower():
                found.append(Choice(str(Place(base["id"], table["id"])), label))
    return found


def resolve(client: Airtable, text: str) -> list[Choice]:
    """The table behind a pasted address."""
    place = read_place(text)
    return [Choice(str(place), str(client.table(place)["name"]))]
