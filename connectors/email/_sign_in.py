"""Signing in at Microsoft for a mailbox: IMAP there takes no password at all, and sending mostly none.

https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from connectors.contract import JSON, Life, OAuth2, Refused

HOST = "https://login.microsoftonline.com"
SERVERS = {"imap": "imaps://outlook.office365.com:993", "smtp": "smtp://smtp.office365.com:587"}


def read(answer: dict[str, JSON]) -> dict[str, JSON]:
    """A token answer with the mailbox's address, out of its id_token: it comes from Microsoft itself over TLS, so that its
    signature need not be looked at (OpenID Connect Core, 3.1.3.7). Of what was granted, Microsoft names only the scopes of
    mail; the others show in what the answer has. Raises `Refused` where no address is told at the sign-in."""
    if "id_token" not in answer:
        return answer  # a renewal, or an answer that is an error
    claims = _claims(str(answer["id_token"]))
    address = next((claims[name] for name in ("email", "preferred_username") if "@" in str(claims.get(name) or "")), "")
    if not address:
        raise Refused(
            "Microsoft did not say which mailbox this is. Sign in with a work or school account that has a mailbox."
        )
    more = ["openid", "email", *(["offline_access"] if answer.get("refresh_token") else [])]
    return {**answer, "address": address, "scope": " ".join([str(answer.get("scope") or ""), *more]).strip()}


def _claims(token: str) -> Mapping[str, JSON]:
    part = [*token.split("."), "", ""][1]
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


MICROSOFT = OAuth2(
    at="Microsoft",
    authorize="{login}/common/oauth2/v2.0/authorize",
    token="{login}/common/oauth2/v2.0/token",  # noqa: S106 (an address)
    scopes={
        "openid": "see which mailbox it is",
        "email": "see its address",
        "offline_access": "stay connected",
        "https://outlook.office.com/IMAP.AccessAsUser.All": "read mail and put drafts there",
        "https://outlook.office.com/SMTP.Send": "send mail after approval",
    },
    guide=(
        "This is for mailboxes of Microsoft 365 and outlook.com. At Gmail enter an app password instead, or connect Google.",
        "At entra.microsoft.com open App registrations, click New registration, and call it Patchbay.",
        "Under Supported account types choose accounts in any organizational directory and personal Microsoft accounts.",
        "Under Redirect URI choose Web, enter the return address, and click Register. Copy Application (client) ID.",
        "Under Certificates & secrets click New client secret, and copy its Value. Microsoft lets it end after two years at most.",
        "Under API permissions click Add a permission, APIs my organization uses, Office 365 Exchange Online, and add "
        "IMAP.AccessAsUser.All and SMTP.Send; a company's administrator may have to agree.",
        "For sending, Authenticated SMTP must be on for the mailbox: admin.microsoft.com, Users, the person, Mail, Manage email apps.",
    ),
    client="body",
    read=read,
    kept=("address",),
    idle=Life(90),
)
