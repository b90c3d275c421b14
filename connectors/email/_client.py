"""One mailbox: its servers, its folders, and who it is. RFC 3501 (IMAP), RFC 6409 (sending), RFC 6154 (what folders are for)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from connectors.contract import JSON, Account, Http, Refused
from connectors.email import _refusals, _sign_in

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@" + _HOST.pattern)
_IMAP = {993: "imaps", 143: "imap"}
_SMTP = {465: "smtps", 587: "smtp", 25: "smtp", 2525: "smtp"}
# These file a copy of what is sent by themselves; a second one would be a duplicate.
_KEEP_COPIES = ("gmail.com", "googlemail.com", "office365.com", "outlook.com")


class Mailbox:
    """`address` is the mailbox's own, under which it sends; `name` stands beside it."""

    def __init__(self, http: Http, credentials: Mapping[str, str]) -> None:
        self.http, self.address = http, one_address(credentials["address"])
        self.name = credentials.get("name", "")
        token = credentials.get("access_token", "")
        self.signed_in = bool(token)
        proof = {"token": token} if token else {"password": credentials["password"]}
        self.login = {"user": credentials.get("user") or self.address, **proof}
        self._named = {"\\Drafts": credentials.get("drafts", ""), "\\Sent": credentials.get("sent", "")}
        self._folders: list[dict[str, JSON]] | None = None

    @property
    def keeps_copies(self) -> bool:
        host = urlsplit(self.http.url("imap")).hostname or ""
        return any(f".{host}".endswith(f".{domain}") for domain in _KEEP_COPIES)

    def ask(self, method: str, folder: str = "", body: bytes = b"", **query: JSON) -> JSON:
        """One session with the mailbox. `folder` as the server writes it. Raises ConnectorError for a no."""
        path = f"/{quote(folder, safe='')}" + (f"?{urlencode(query)}" if query else "")
        answer = self.http.mail("imap", method, path, self.login, body)
        if answer.status != 200:
            raise _refusals.imap(answer, urlsplit(self.http.url("imap")).hostname or "", self.signed_in)
        return json.loads(answer.body)

    def submit(self, method: str, body: bytes = b"", recipients: tuple[str, ...] = ()) -> None:
        """One session with the server that sends: to all of the recipients, or to none."""
        query = f"?{urlencode([('from', self.address), *(('to', one) for one in recipients)])}" if recipients else ""
        answer = self.http.mail("smtp", method, f"/{query}", self.login, body)
        if not 200 <= answer.status <= 299:
            raise _refusals.smtp(answer, self.signed_in)

    def folder(self, use: str) -> str:
        """The folder for "\\Drafts" or "\\Sent", by what the server says it is for; "" where there is none."""
        named = self._named[use].casefold()
        for one in self.folders():
            if named in (one["label"].casefold(), one["name"].casefold()) if named else use in one["uses"]:
                return str(one["name"])
        return ""

    def folders(self) -> list[dict[str, JSON]]:
        """Asked for once."""
        if self._folders is None:
            self._folders = self.ask("VERIFY")["folders"]
        return self._folders

    def drafts(self) -> str:
        """Raises `Refused` where nobody knows which folder that is."""
        found = self.folder("\\Drafts")
        if not found:
            there = ", ".join(str(one["label"]) for one in self.folders())[:300]
            raise Refused(
                "The mail server does not say which folder is for drafts. Enter its name on the Connections page, one of: "
                f"{there}."
            )
        return found

    def holding(self, folder: str, message_id: str) -> dict[str, JSON]:
        """{"uidvalidity", "uidnext", "uids"} of the mails with this Message-ID."""
        found: dict[str, JSON] = self.ask("SEARCH", folder, message_id=message_id)
        return found


def one_address(text: str) -> str:
    """A plain address. Raises `Refused` for a list, a name beside it, or letters that not every server takes."""
    found = text.strip()
    if not _ADDRESS.fullmatch(found):
        raise Refused(f"“{found[:80]}” is not one plain mail address, such as ann@example.com.")
    return found


def addresses(given: JSON) -> list[str]:
    """Each address once, from a list or a text with commas. A comma inside of a name would make another recipient, so names
    are refused."""
    parts = given.split(",") if isinstance(given, str) else list(given or [])
    return list(dict.fromkeys(one_address(str(part)) for part in parts if str(part).strip()))


def typed(credentials: Mapping[str, str]) -> dict[str, str]:
    """The two servers: Microsoft's where somebody has signed in there. Raises ValueError with what to enter."""
    if credentials.get("access_token"):
        return dict(_sign_in.SERVERS)
    return {
        "imap": _server(credentials.get("imap", ""), _IMAP, 993, "IMAP"),
        "smtp": _server(credentials.get("smtp", ""), _SMTP, 465, "SMTP"),
    }


def _server(text: str, schemes: Mapping[int, str], usual: int, what: str) -> str:
    host, _, port = text.strip().partition(":")
    if not _HOST.fullmatch(host):
        raise ValueError(f"“{text[:80]}” is no {what} server. Enter a name such as {what.lower()}.example.com")
    if port and not (port.isascii() and port.isdigit() and int(port) in schemes):
        raise ValueError(f"{what} servers are reached at port {' or '.join(map(str, schemes))}, not {port[:10]}")
    number = int(port or usual)
    return f"{schemes[number]}://{host.lower()}:{number}"


def open_mailbox(credentials: Mapping[str, str], http: Http) -> Mailbox:
    """Raises `Refused` for an address that is none."""
    return Mailbox(http, credentials)


def check(client: Mailbox) -> Account:
    """Signs in at both servers; sends nothing."""
    client.drafts()
    client.submit("VERIFY")
    return Account(client.address.lower(), client.address)


def result(message_id: str, **more: Any) -> dict[str, JSON]:
    return {"id": message_id, "url": "", **more}
