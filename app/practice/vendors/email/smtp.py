"""The practice server that takes mails: a session of SMTP submission. RFC 5321, RFC 4954 (AUTH PLAIN, LOGIN and XOAUTH2)

Settings: `email_no_sign_in` (no XOAUTH2), `email_smtp` {"mail" | "rcpt" | "data": [code, words, address it is for]},
`email_size` (bytes), `email_bad_goodbye`.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

from app.practice.door import Ground, same
from app.practice.vendors.email import shelf
from app.practice.vendors.email.wire import HungUp, Ordered, Wire


def serve(ground: Ground, wire: Wire) -> None:
    session = _Session(ground, wire)
    try:
        wire.say("220 practice.example ESMTP")
        while session.command(wire.line()):
            pass
    except HungUp:
        return


class _Session:
    def __init__(self, ground: Ground, wire: Wire) -> None:
        self._ground, self._wire = ground, wire
        self._inside = False
        self._sender, self._recipients = "", list[str]()

    def command(self, line: bytes) -> bool:
        """One line; False after the goodbye."""
        verb, _, rest = line.decode("utf-8", "replace").partition(" ")
        verb = verb.upper()
        if verb == "QUIT":
            self._wire.say("421 practice.example too busy" if self._note("bad_goodbye") else "221 Bye")
            return False
        if verb in ("EHLO", "HELO"):
            ways = "" if self._note("no_sign_in") else " XOAUTH2"
            self._wire.say(
                f"250-practice.example\r\n250-SIZE {self._note('size', 20_000_000)}\r\n250 AUTH PLAIN LOGIN{ways}"
            )
        elif verb == "AUTH":
            self._sign_in(rest)
        elif verb in ("RSET", "NOOP"):
            self._sender, self._recipients = "", []
            self._wire.say("250 OK")
        elif not self._inside:
            self._wire.say("530 5.7.0 Authentication required")
        else:
            self._mail(verb, rest)
        return True

    def _note(self, name: str, default: object = None) -> object:
        return shelf.note(self._ground, name, default)

    def _sign_in(self, rest: str) -> None:
        """AUTH PLAIN and XOAUTH2 with their first answer; LOGIN in steps."""
        way, _, first = rest.partition(" ")
        try:
            if way.upper() == "XOAUTH2":
                self._by_token(b64decode(first, validate=True))
                return
            if way.upper() == "PLAIN":
                _, user, password = b64decode(first, validate=True).decode().split("\0")
            else:
                user = b64decode(first or self._ask("VXNlcm5hbWU6")).decode()
                password = b64decode(self._ask("UGFzc3dvcmQ6")).decode()
        except (binascii.Error, ValueError):
            self._wire.say("501 5.5.2 Cannot decode")
            return
        refused = self._note("login")
        self._inside = not refused and user == shelf.ADDRESS and same(password, self._ground.token)
        self._inside = self._inside and "email" not in self._ground.ledger.note("revoked", [])
        self._wire.say("235 2.7.0 Accepted" if self._inside else str(refused or "535 5.7.8 Bad credentials"))

    def _by_token(self, said: bytes) -> None:
        """A no comes in two steps: why, and after an empty line the no itself."""
        refused = self._note("login")
        self._inside = not refused and shelf.by_token(self._ground, said)
        if not self._inside and self._ask(shelf.WHY_NOT) != b"":
            self._wire.say("501 5.5.2 Cannot decode")
            return
        self._wire.say(
            "235 2.7.0 Accepted" if self._inside else str(refused or "535 5.7.3 Authentication unsuccessful")
        )

    def _ask(self, challenge: str) -> bytes:
        self._wire.say(f"334 {challenge}")
        return self._wire.line()

    def _mail(self, verb: str, rest: str) -> None:
        address = (re.findall(r"<([^>]*)>", rest) or [""])[0]
        if refused := self._refused(verb.lower(), address):
            self._wire.say(refused)
        elif verb == "MAIL":
            self._sender, self._recipients = address, []
            own = address == shelf.ADDRESS
            self._wire.say("250 2.1.0 OK" if own else f"553 5.7.1 {address}: not your address")
        elif verb == "RCPT":
            self._recipients.append(address)
            self._wire.say("250 2.1.5 OK")
        elif verb == "DATA" and self._recipients:
            self._take()
        else:
            self._wire.say("503 5.5.1 Bad sequence")

    def _refused(self, stage: str, address: str) -> str:
        told = shelf.note(self._ground, "smtp", {}).get(stage)
        if not told or (len(told) > 2 and told[2] != address):
            return ""
        return f"{told[0]} {told[1]}"

    def _take(self) -> None:
        self._wire.say("354 Go ahead")
        lines = []
        while (line := self._wire.line()) != b".":
            lines.append(line.removeprefix(b".") if line.startswith(b".") else line)
        raw = b"\r\n".join(lines) + b"\r\n"

        def accept(no: int) -> str:
            made = shelf.hand_over(self._ground, self._sender, self._recipients, raw)
            self._ground.ledger.effect(no, "mail.send", made)
            return made

        answer = self._wire.step("SEND", "/", raw, accept)
        if isinstance(answer, Ordered):
            self._wire.say(f"{answer.status} {answer.words}")
        else:
            self._wire.say(f"250 2.0.0 OK {answer}")
