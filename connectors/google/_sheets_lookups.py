"""Finding the sheet that a person means: by name, or by the address from the browser.

With `drive.file` Google lists only spreadsheets that were made by Patchbay; those that are watched are listed, too. Every other one
is chosen by its address. https://developers.google.com/workspace/drive/api/guides/api-specific-auth
"""

from __future__ import annotations

from connectors.contract import Choice, ConnectorError
from connectors.google._client import Google
from connectors.google._scopes import FILES
from connectors.google._sheets_place import Place, book, read_place, tabs
from connectors.google._sheets_watch import watched

BOOKS = 20
"""Whose sheets are read at most for one list: each costs a call."""
_KIND = "application/vnd.google-apps.spreadsheet"


def search(client: Google, query: str) -> list[Choice]:
    """Sheets whose name, or whose spreadsheet's name, holds what was typed."""
    wanted = query.strip().casefold()
    found: list[Choice] = []
    for one in _books(client):
        try:
            found += _choices(client, one)
        except ConnectorError:  # one that is gone does not hide the others
            continue
    return [one for one in found if wanted in one.label.casefold()]


def _books(client: Google) -> list[str]:
    own = [one.place.book for one in watched(client.options.get("sheets", ""))]
    if client.may(FILES):
        q = f"mimeType='{_KIND}' and trashed=false"
        ask = client.drive.files().list(q=q, pageSize=BOOKS, orderBy="modifiedTime desc", fields="files(id)")
        own += [str(one["id"]) for one in ask.execute(num_retries=0).get("files") or []]
    return list(dict.fromkeys(own))[:BOOKS]


def _choices(client: Google, id: str) -> list[Choice]:
    found = book(client, id)
    title = str(found["properties"]["title"])
    return [Choice(str(Place(id, int(one["sheetId"]))), f"{title} › {one['title']}") for one in tabs(found)]


def resolve(client: Google, text: str) -> list[Choice]:
    """The sheet behind a pasted address; all of the spreadsheet if the address names none."""
    place = read_place(text)
    found = _choices(client, place.book)
    return [one for one in found if place.gid is None or one.id == str(place)] or found
