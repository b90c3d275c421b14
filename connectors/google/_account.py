"""Whose account it is, asked before a connection is saved: then what a person typed about it must be readable, too."""

from __future__ import annotations

from connectors.contract import Account
from connectors.google import _client
from connectors.google._client import Google
from connectors.google._mail_watch import search_of
from connectors.google._sheets_watch import watched


def check(client: Google) -> Account:
    """Who signed in. Raises `Refused` for a search or a list of sheets that would fail at every look."""
    search_of(client.options.get("mail_search", ""))
    watched(client.options.get("sheets", ""))
    return _client.check(client)
