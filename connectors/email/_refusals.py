"""What a mail server's no means for the owner. RFC 5321, 4.2; RFC 5530; RFC 3463."""

from __future__ import annotations

from typing import Any

from connectors.contract import ConnectorError, Refused, Unauthorized, Unavailable

_SIGN_IN = (
    "The mail server no longer takes this password. Providers with sign-in in two steps (Gmail, iCloud, Yahoo, Fastmail) want "
    "an app password: make a new one there and enter it here. A changed account password ends it."
)
_MICROSOFT = (
    "Microsoft 365 does not let programs sign in with a password here any more. Connect this mailbox by signing in at Microsoft "
    "instead."
)
_AGAIN = "The mail server no longer takes this sign-in. Sign in at Microsoft again."
_NO_SMTP = (
    "Microsoft 365 does not let programs send from this mailbox. Let whoever runs it switch on Authenticated SMTP: "
    "admin.microsoft.com, Users, the person, Mail, Manage email apps."
)
_NO_SIGN_IN = "This server takes no sign-in at Microsoft. Connect this mailbox with an app password."
_NO_TLS = (
    "This server offers no encrypted connection at this port, and Patchbay never sends a password without one. Enter the "
    "port for TLS: 993 for IMAP, 465 for SMTP."
)
_DAY = 4 * 3600.0  # seconds to wait where a provider's daily limit is reached


def words(answer: Any) -> str:
    text = " ".join(answer.body.decode("utf-8", "replace").split())
    return "".join(c for c in text if c.isprintable())[:200]


def smtp(answer: Any, signed_in: bool) -> ConnectorError:
    """A no while a mail was handed over: nothing was sent. `signed_in`: with a token and no password."""
    status, stage, said = int(answer.status), answer.headers.get("stage", ""), words(answer)
    if stage == "tls":
        return Refused(_NO_TLS)
    if stage == "login":
        return _login_by_token(status, said) if signed_in else _login(status, said)
    if "5.4.5" in said or (status == 421 and "4.7.0" in said):
        return Unavailable(f"The provider's limit for today is reached (“{said}”). It goes on later by itself.", _DAY)
    if status < 500 or stage == "connect":
        return Unavailable(f"The mail server does not take this now (“{said}”).")
    return Refused(f"{_WHY.get(stage, _WHY['data'])} Its words: “{said}”. Nothing was sent.")


_WHY = {
    "from": "The mail server does not let this mailbox send under this address. Enter the mailbox's own address.",
    "rcpt": "The mail server does not take mail for one of the recipients. Correct the address in the recipe.",
    "size": "This mail is larger than the server takes. Shorten it.",
    "data": "The mail server refused this mail, perhaps as spam. Change its words, or ask the provider, before it is tried again.",
}


def _login(status: int, said: str) -> ConnectorError:
    if 400 <= status < 500:
        return Unavailable(f"The mail server does not let anybody in now (“{said}”).")
    if _is_microsoft(said):
        return Unauthorized(_MICROSOFT)
    if status == 504:
        return Refused("This server takes no password at this port. Enter the one for sending mail, mostly 465 or 587.")
    return Unauthorized(_SIGN_IN)


def _login_by_token(status: int, said: str) -> ConnectorError:
    if status == 504:
        return Refused(_NO_SIGN_IN)
    if 400 <= status < 500:
        return Unavailable(f"The mail server does not let anybody in now (“{said}”).")
    # https://aka.ms/smtp_auth_disabled : a new token does not help here
    return (
        Refused(_NO_SMTP) if "5.7.139" in said or "smtpclientauthentication" in said.lower() else Unauthorized(_AGAIN)
    )


def _is_microsoft(said: str) -> bool:
    low = said.lower()
    return "5.7.30" in low or "basic authentication" in low or "5.7.139" in low


def imap(answer: Any, host: str, signed_in: bool) -> ConnectorError:
    """A no of the mailbox. `signed_in`: to a token and no password."""
    status, said, code = int(answer.status), words(answer), answer.headers.get("code", "")
    if answer.headers.get("stage") == "tls":
        return Refused(_NO_TLS)
    if status == 501 and answer.headers.get("stage") == "login":
        return Refused(_NO_SIGN_IN)
    if status == 401 and signed_in:
        return Unauthorized(_AGAIN)
    if status == 401:
        microsoft = host.endswith(("office365.com", "outlook.com")) or _is_microsoft(said)
        return Unauthorized(_MICROSOFT if microsoft else _SIGN_IN)
    if status == 503:
        return Unavailable(f"The mailbox is not available now (“{said}”).")
    if status == 409:
        return Refused("The mail server has made this folder anew. Start this event over.")
    if status == 501:
        return Refused("This mail server cannot remove a single mail. Delete the draft in your mail program.")
    return Refused(f"{_BY_CODE.get(code, 'The mail server did not accept this.')} Its words: “{said}”.")


_BY_CODE = {
    "OVERQUOTA": "The mailbox is full. Delete something there, then run this again.",
    "TRYCREATE": "The folder is no longer there. Choose another one on the Connections page.",
    "NONEXISTENT": "The folder is no longer there. Choose another one on the Connections page.",
    "NOPERM": "This mailbox may not be changed with this password.",
}


def explain(status: int, body: bytes) -> str | None:
    """Refusals are told with their stage where they come; this is for a code that stands alone."""
    if status in (401, 535, 534):
        return _SIGN_IN
    return None
