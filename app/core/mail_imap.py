"""A mailbox (IMAP4rev1, RFC 3501): one session for each thing that is asked. The path is the folder as the server writes its name.

| method | query | answer |
|---|---|---|
| `VERIFY /` | | {"folders": [{"name", "label", "uses"}], "uidplus"} |
| `SEARCH /folder` | `after` (a uid), `since` (1-Nov-2026), `message_id`, `text` | {"uidvalidity", "uidnext", "uids"} |
| `SIZES /folder` | `uids`, `uidvalidity` | [{"uid", "size", "received"}] |
| `FETCH /folder` | `uids`, `uidvalidity`, `part` (whole, head, first) | [{"uid", "raw": base64}] |
| `APPEND /folder` | `flags` (Draft,Seen) and the message as the body | {"uidvalidity", "uid"}, or {} |
| `SEEN /folder`, `EXPUNGE /folder` | `uid`, `uidvalidity` | {} |

Reading leaves mails unread. Status 200 is OK, 401 a login that was refused, 409 another uidvalidity than asked for, 501 what the
server cannot do, 503 not now, 400 every other no; `code` is the server's own word for it (RFC 5530).
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import json
import re
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from app.core import mailbox_names
from app.core.wire import Answer

if TYPE_CHECKING:
    from app.core.mail import Session

_GOODBYE = 2.0
_PARTS = {"whole": "BODY.PEEK[]", "head": "BODY.PEEK[HEADER]", "first": "BODY.PEEK[]<0.262144>"}
_CODE = re.compile(r"\[([A-Z-]+)")
_NOT_NOW = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG")
_FOLDER = re.compile(rb'\((?P<flags>[^)]*)\) (?:NIL|"(?:\\.|[^"])*") (?P<name>.+)', re.DOTALL)
_FACTS = re.compile(rb'UID (?P<uid>\d+)|RFC822\.SIZE (?P<size>\d+)|INTERNALDATE "(?P<at>[^"]*)"')


class _No(Exception):
    """The server says no."""

    def __init__(self, status: int, said: str, stage: str) -> None:
        super().__init__(said)
        self.answer = Answer(status, {"stage": stage, "code": _code(said)}, said[:2000].encode())


def _code(said: str) -> str:
    found = _CODE.search(said)
    return found[1] if found else ""


def talk(session: Session, method: str) -> Answer:
    """Raises OSError and imaplib's errors where the connection failed."""
    box = _Box(session)
    try:
        _sign_in(box, session)
        found = _METHODS[method](box, session)
        with contextlib.suppress(imaplib.IMAP4.error, OSError):  # it is done, whatever becomes of this
            session.sock.settimeout(_GOODBYE)
            box.logout()
    except _No as no:
        return no.answer  # nothing more is said in a session after a no: some servers hang then
    finally:
        with contextlib.suppress(OSError):
            box.shutdown()
    return Answer(200, {"stage": "done"}, json.dumps(found).encode())


class _Box(imaplib.IMAP4):
    """Over a socket of ours, with a limit on what it says."""

    def __init__(self, session: Session) -> None:
        self._session, self._heard = session, 0
        super().__init__(session.host)

    def _create_socket(self, timeout: Any = None) -> Any:
        return self._session.sock

    def read(self, size: int) -> bytes:
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self._heard += size
        if self._heard > self._session.cap:
            raise OSError(f"the server says more than {self._session.cap // 1024} KiB")


def _good(typ: str, data: Any, stage: str) -> Any:
    """A NO is returned by imaplib, not raised."""
    if typ == "OK":
        return data
    said = b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")
    raise _No(503 if _code(said) in _NOT_NOW else 400, said, stage)


def _asked(box: _Box, stage: str, *command: Any) -> Any:
    """A command by its name. A BAD is raised by imaplib, unlike a connection that ended."""
    try:
        typ, data = getattr(box, command[0])(*command[1:])
    except imaplib.IMAP4.readonly as problem:  # imaplib counts it among the connections that ended
        raise _No(400, str(problem), stage) from problem
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as problem:
        raise _No(400, str(problem), stage) from problem
    return _good(typ, data, stage)


def _sign_in(box: _Box, session: Session) -> None:
    if session.starts_tls:
        if "STARTTLS" not in box.capabilities:
            raise _No(501, "this server offers no TLS here", "tls")
        box.starttls(ssl.create_default_context())
        session.hold(box.sock)
    if "token" in session.login and "AUTH=XOAUTH2" not in box.capabilities:
        raise _No(501, "this server takes no sign-in", "login")
    user, password = session.login["user"], session.login.get("password", "")
    try:
        if "token" in session.login:
            answers = [b"", session.proof().encode()]
            # A token that is refused is answered with the reason; only after an empty line comes the server's no.
            box.authenticate("XOAUTH2", lambda _: answers.pop() if answers else None)
        elif "AUTH=PLAIN" in box.capabilities:
            box.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        else:
            box.login(user, password)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeEncodeError) as problem:
        said = str(problem)
        raise _No(503 if _code(said) in _NOT_NOW else 401, said, "login") from problem


# --- what is asked ----------------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    """imaplib quotes nothing. Raises ValueError for what would end the line."""
    if not text.isascii() or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise ValueError("a name or value that IMAP cannot take")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _place(session: Session) -> tuple[str, dict[str, str]]:
    """The folder, quoted, and the query."""
    parts = urlsplit(session.path)
    return _quoted(unquote(parts.path[1:])), {name: values[0] for name, values in parse_qs(parts.query).items()}


def _numbers(text: str) -> str:
    if not re.fullmatch(r"\d+(,\d+)*", text):
        raise ValueError("uids are numbers")
    return text


def _enter(box: _Box, session: Session, *, write: bool = False) -> dict[str, str]:
    """Goes into the folder; returns the query. Uids mean nothing under another uidvalidity than they were read under."""
    folder, query = _place(session)
    _asked(box, "select", "select", folder, not write)
    if query.get("uidvalidity", _told(box, "UIDVALIDITY")) != _told(box, "UIDVALIDITY"):
        raise _No(409, "the folder was made anew", "select")
    return query


def _told(box: _Box, name: str) -> str:
    found = box.response(name)[1]
    value = found[-1].decode() if found and isinstance(found[-1], bytes) else ""
    box.untagged_responses[name] = [value.encode()]  # reading it has taken it away
    return value


def _verify(box: _Box, session: Session) -> Any:
    folders = [_folder(line) for line in _asked(box, "list", "list", '""', '"*"')]
    _asked(box, "list", "capability")
    return {"folders": [one for one in folders if one], "uidplus": b"UIDPLUS" in _capabilities(box)}


def _capabilities(box: _Box) -> bytes:
    """After the login: what was announced before it need not be all."""
    return b" ".join(_asked(box, "list", "capability")).upper()


def _folder(line: Any) -> dict[str, Any] | None:
    raw = line[0] + b" " + line[1] if isinstance(line, tuple) else line  # a name may come as a literal
    found = _FOLDER.fullmatch(raw) if isinstance(raw, bytes) else None
    if found is None:
        return None
    name = found["name"].decode("ascii", "replace").strip()
    if isinstance(line, tuple):
        name = line[1].decode("ascii", "replace")
    elif name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return {
        "name": name,
        "label": mailbox_names.decoded(name),
        "uses": found["flags"].decode("ascii", "replace").split(),
    }


def _search(box: _Box, session: Session) -> Any:
    query = _enter(box, session)
    if "message_id" in query:
        criteria = ["HEADER", "Message-ID", _quoted(query["message_id"])]
    elif "text" in query:
        criteria = ["TEXT", _quoted(query["text"])]
    elif "since" in query:
        criteria = ["SINCE", query["since"]]
    else:
        criteria = ["UID", f"{int(query['after']) + 1}:*"]
    found = _asked(box, "search", "uid", "SEARCH", *criteria)
    uids = [int(uid) for part in found if part for uid in part.split()]
    after = int(query.get("after", 0))  # the last mail answers to "n:*" even where it is older
    numbers = {name.lower(): int(_told(box, name) or 0) for name in ("UIDVALIDITY", "UIDNEXT")}
    return {**numbers, "uids": sorted(uid for uid in uids if uid > after)}


def _sizes(box: _Box, session: Session) -> Any:
    query = _enter(box, session)
    found = _asked(box, "fetch", "uid", "FETCH", _numbers(query["uids"]), "(UID RFC822.SIZE INTERNALDATE)")
    facts = [_facts(line) for line in found if isinstance(line, bytes)]
    return [{"uid": int(one["uid"]), "size": int(one["size"]), "received": one["at"]} for one in facts if len(one) == 3]


def _facts(line: bytes) -> dict[str, str]:
    return {str(one.lastgroup): one[str(one.lastgroup)].decode() for one in _FACTS.finditer(line)}


def _fetch(box: _Box, session: Session) -> Any:
    query = _enter(box, session)
    found = _asked(box, "fetch", "uid", "FETCH", _numbers(query["uids"]), f"(UID {_PARTS[query['part']]})")
    mails = []
    for line, rest in zip(found, [*found[1:], b""], strict=True):
        if isinstance(line, tuple):  # the uid may stand before the text or after it
            facts = _facts(line[0]) | _facts(rest if isinstance(rest, bytes) else b"")
            mails.append((facts.get("uid", ""), line[1]))
    return [{"uid": int(uid), "raw": base64.b64encode(raw).decode()} for uid, raw in mails if uid]


def _append(box: _Box, session: Session) -> Any:
    folder, query = _place(session)
    flags = " ".join(f"\\{one}" for one in query["flags"].split(",") if one in ("Draft", "Seen"))
    session.sent = True
    _asked(box, "append", "append", folder, f"({flags})", None, session.body)
    told = box.response("APPENDUID")[1]
    numbers = told[-1].split() if told and isinstance(told[-1], bytes) else []
    return {"uidvalidity": int(numbers[0]), "uid": int(numbers[1])} if len(numbers) == 2 else {}


def _seen(box: _Box, session: Session) -> Any:
    query = _enter(box, session, write=True)
    session.sent = True
    _asked(box, "store", "uid", "STORE", _numbers(query["uid"]), "+FLAGS.SILENT", "(\\Seen)")
    return {}


def _expunge(box: _Box, session: Session) -> Any:
    """This mail only: a plain EXPUNGE would remove what others have marked, too."""
    if b"UIDPLUS" not in _capabilities(box):
        raise _No(501, "this server cannot remove a single mail", "expunge")
    query = _enter(box, session, write=True)
    session.sent = True
    _asked(box, "store", "uid", "STORE", _numbers(query["uid"]), "+FLAGS.SILENT", "(\\Deleted)")
    _asked(box, "expunge", "uid", "EXPUNGE", query["uid"])
    return {}


_METHODS = {
    "VERIFY": _verify,
    "SEARCH": _search,
    "SIZES": _sizes,
    "FETCH": _fetch,
    "APPEND": _append,
    "SEEN": _seen,
    "EXPUNGE": _expunge,
}
