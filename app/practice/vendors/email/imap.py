"""The practice mailbox for programs: a session of IMAP4rev1 with UIDPLUS and SPECIAL-USE. RFC 3501, RFC 4315, RFC 6154

Settings: `email_no_sign_in` (no XOAUTH2), `email_special_use` (False: folders do not say what they are for), `email_uidplus`
(False), `email_imap_login` (words of a refusal). A fault of the kind `status` is answered with NO and its body.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from app.practice.door import Ground, same
from app.practice.vendors.email import shelf
from app.practice.vendors.email.wire import HungUp, Ordered, Wire

JSON = Any
_TOKEN = re.compile(rb'"((?:\\.|[^"\\])*)"|([()])|([^\s()]+(?:\[[^\]]*\](?:<[\d.]+>)?)?)')


def serve(ground: Ground, wire: Wire) -> None:
    session = _Session(ground, wire)
    try:
        wire.say("* OK practice.example IMAP4rev1 ready")
        while session.command(wire.line()):
            pass
    except HungUp:
        return


def _tokens(line: bytes) -> list[str]:
    found = []
    for quoted, paren, atom in _TOKEN.findall(line):
        text = paren or atom or re.sub(rb"\\(.)", rb"\1", quoted)
        found.append(text.decode("latin-1"))
    return found


class _No(Exception):
    """NO, with these words."""


class _Session:
    def __init__(self, ground: Ground, wire: Wire) -> None:
        self._ground, self._wire = ground, wire
        self._inside, self._folder, self._writes = False, "", False

    def command(self, line: bytes) -> bool:
        """One command with its literal; False after the goodbye."""
        literal = b""
        if found := re.search(rb"\{(\d+)\}$", line):
            self._wire.say("+ Ready")
            literal = self._wire.exactly(int(found[1]))
            self._wire.line()
            line = line[: found.start()]
        tag, name, *rest = [*_tokens(line), "", ""] if len(_tokens(line)) < 2 else _tokens(line)
        name = name.upper()
        if name == "LOGOUT":
            self._wire.say("* BYE")
            self._wire.say(f"{tag} OK done")
            return False
        try:
            said = self._run(name, rest, literal)
        except _No as no:
            said = f"NO {no}"
        self._wire.say(f"{tag} {said}")
        return True

    def _run(self, name: str, rest: list[str], literal: bytes) -> str:
        if name == "UID":
            name, rest = rest[0].upper(), rest[1:]
        if name in ("CAPABILITY", "NOOP"):
            plus = " UIDPLUS" if shelf.note(self._ground, "uidplus", True) else ""
            if name == "CAPABILITY":
                ways = "" if shelf.note(self._ground, "no_sign_in") else " AUTH=XOAUTH2"
                self._wire.say(f"* CAPABILITY IMAP4rev1 AUTH=PLAIN{ways} SPECIAL-USE{plus}")
            return "OK done"
        if name in ("LOGIN", "AUTHENTICATE"):
            return self._sign_in(name, rest)
        known = {
            "LIST": self._list,
            "SELECT": self._select,
            "EXAMINE": self._examine,
            "SEARCH": self._search,
            "FETCH": self._fetch,
            "STORE": self._store,
            "EXPUNGE": self._expunge,
        }
        if not self._inside or not (name in known or name == "APPEND"):
            return "BAD unknown, or not signed in"
        return self._append(rest, literal) if name == "APPEND" else known[name](rest)

    def _sign_in(self, name: str, rest: list[str]) -> str:
        if rest[0].upper() == "XOAUTH2":
            return self._by_token()
        try:
            if name == "AUTHENTICATE":
                self._wire.say("+ ")
                _, user, password = b64decode(self._wire.line(), validate=True).decode().split("\0")
            else:
                user, password = rest[:2]
        except (binascii.Error, ValueError):
            return "BAD cannot decode"
        refused = shelf.note(self._ground, "imap_login")
        revoked = "email" in self._ground.ledger.note("revoked", [])
        self._inside = user == shelf.ADDRESS and same(password, self._ground.token) and not refused and not revoked
        return "OK signed in" if self._inside else f"NO {refused or '[AUTHENTICATIONFAILED] Invalid credentials'}"

    def _by_token(self) -> str:
        """A no comes in two steps: why, and after an empty line the no itself."""
        self._wire.say("+ ")
        try:
            said = b64decode(self._wire.line(), validate=True)
        except binascii.Error:
            return "BAD cannot decode"
        refused = shelf.note(self._ground, "imap_login")
        self._inside = not refused and shelf.by_token(self._ground, said)
        if self._inside:
            return "OK signed in"
        self._wire.say(f"+ {shelf.WHY_NOT}")
        return f"NO {refused or 'AUTHENTICATE failed.'}" if self._wire.line() == b"" else "BAD cannot decode"

    def _step(self, method: str, folder: str, body: bytes = b"", effect: str = "", do: Any = None) -> Any:
        """One thing that is asked, written down; raises _No where a test has ordered it."""

        def run(no: int) -> Any:
            answer = do() if do else None
            if effect:
                self._ground.ledger.effect(no, effect, str(answer or folder))
            return answer

        answer = self._wire.step(method, f"/{folder}", body, run)
        if isinstance(answer, Ordered):
            raise _No(answer.words)
        return answer

    def _list(self, rest: list[str]) -> str:
        self._step("LIST", "")
        said = shelf.note(self._ground, "special_use", True)
        for name, use in shelf.FOLDERS.items():
            flags = " ".join(["\\HasNoChildren", *([use] if use and said else [])])
            self._wire.say(f'* LIST ({flags}) "/" {name if name == "INBOX" else chr(34) + name + chr(34)}')
        return "OK done"

    def _select(self, rest: list[str]) -> str:
        return self._go(rest[0], writes=True)

    def _examine(self, rest: list[str]) -> str:
        return self._go(rest[0], writes=False)

    def _go(self, folder: str, *, writes: bool) -> str:
        if folder not in shelf.FOLDERS:
            raise _No("[NONEXISTENT] Mailbox doesn't exist")
        self._folder, self._writes = folder, writes
        self._wire.say(f"* {len(shelf.mails(self._ground, folder))} EXISTS")
        self._wire.say("* FLAGS (\\Seen \\Draft \\Deleted)")
        self._wire.say(f"* OK [UIDVALIDITY {shelf.uidvalidity(self._ground, folder)}]")
        self._wire.say(f"* OK [UIDNEXT {shelf.uidnext(self._ground, folder)}]")
        return f"OK [{'READ-WRITE' if writes else 'READ-ONLY'}] done"

    # --- in a folder ---

    def _search(self, rest: list[str]) -> str:
        self._step("SEARCH", self._folder, " ".join(rest).encode())
        if not self._folder:
            return "BAD no folder"
        found = " ".join(str(one["uid"]) for one in self._matching(rest))
        self._wire.say(f"* SEARCH {found}".rstrip())
        return "OK done"

    def _matching(self, rest: list[str]) -> list[JSON]:
        there = shelf.mails(self._ground, self._folder)
        if rest[0].upper() == "HEADER":
            wanted = rest[2].lower()
            return [one for one in there if wanted in shelf.header(one["raw"].encode("latin-1"), rest[1]).lower()]
        if rest[0].upper() == "TEXT":
            return [one for one in there if rest[1].lower() in one["raw"].lower()]
        if rest[0].upper() == "SINCE":
            return shelf.since(self._ground, self._folder, rest[1])
        return list(self._chosen(rest[1]))

    def _chosen(self, text: str) -> Iterator[JSON]:
        """The mails of a set of uids. The last mail is part of "n:*" whatever n is."""
        there = shelf.mails(self._ground, self._folder)
        last = there[-1]["uid"] if there else 0
        wanted: set[int] = set()
        for part in text.split(","):
            low, _, high = part.partition(":")
            ends = sorted(last if end == "*" else int(end) for end in (low, high or low))
            wanted |= {one["uid"] for one in there if ends[0] <= one["uid"] <= ends[1]}
        return (one for one in there if one["uid"] in wanted)

    def _fetch(self, rest: list[str]) -> str:
        self._step("FETCH", self._folder, " ".join(rest).encode())
        for number, one in enumerate(self._chosen(rest[0]), 1):
            self._wire.say(self._item(number, one, " ".join(rest[1:])))
        return "OK done"

    def _item(self, number: int, one: JSON, wanted: str) -> bytes:
        raw: bytes = one["raw"].encode("latin-1")
        if "RFC822.SIZE" in wanted:
            when = shelf.internal_date(one["received"])
            return f'* {number} FETCH (UID {one["uid"]} RFC822.SIZE {len(raw)} INTERNALDATE "{when}")'.encode()
        if "HEADER" in wanted:
            raw, name = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "BODY[HEADER]"
        elif "<0." in wanted:
            raw, name = raw[:262144], "BODY[]<0>"
        else:
            name = "BODY[]"
        # The uid after the text, as some servers have it.
        return f"* {number} FETCH ({name} {{{len(raw)}}}\r\n".encode() + raw + f" UID {one['uid']})".encode()

    # --- changes ---

    def _append(self, rest: list[str], literal: bytes) -> str:
        folder, flags = rest[0], [one for one in rest[1:] if one.startswith("\\")]
        if folder not in shelf.FOLDERS:
            raise _No("[TRYCREATE] Mailbox doesn't exist")
        made: list[JSON] = []

        def add() -> str:
            made.append(shelf.add(self._ground, folder, literal, flags))
            return str(made[0]["id"])

        self._step("APPEND", folder, literal, "mail.append", add)
        if not shelf.note(self._ground, "uidplus", True):
            return "OK done"
        return f"OK [APPENDUID {shelf.uidvalidity(self._ground, folder)} {made[0]['uid']}] done"

    def _store(self, rest: list[str]) -> str:
        if not self._writes:
            raise _No("[READ-ONLY] this folder was opened to read")
        flags = [one for one in rest[2:] if one.startswith("\\")]
        for one in list(self._chosen(rest[0])):
            shelf.put(self._ground, {**one, "flags": sorted({*one["flags"], *flags})})
        if "\\Seen" in flags:
            self._step("SEEN", self._folder, effect="mail.seen")
        return "OK done"

    def _expunge(self, rest: list[str]) -> str:
        """UID EXPUNGE: those of the set that are marked."""

        def remove() -> None:
            for one in list(self._chosen(rest[0])):
                if "\\Deleted" in one["flags"]:
                    shelf.put(self._ground, {**one, "in_trash": True})

        self._step("EXPUNGE", self._folder, effect="mail.expunge", do=remove)
        return "OK done"
