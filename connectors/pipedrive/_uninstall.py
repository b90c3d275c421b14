"""Pipedrive tells the return address that somebody has removed our app. https://pipedrive.readme.io/docs/app-uninstallation"""

from __future__ import annotations

from connectors.contract import Unreadable, read_strictly


def uninstalled(body: bytes) -> str:
    """The number of the company, out of {client_id, company_id, user_id, timestamp}. Raises `Unreadable`."""
    company = read_strictly(body, "Pipedrive").get("company_id")
    if isinstance(company, bool) or not isinstance(company, int | str) or not str(company).isdigit():
        raise Unreadable("This message of Pipedrive does not say which company removed the app.")
    return str(company)
