"""The practice Google's own state, and how it says no: one account with what its services keep.

Settings a test may change: `google_off` (names of interfaces that are not switched on in the project), `google_rate` (requests a
second, 10), `google_testing` (the app's consent screen is in testing: sign-ins end after a week), and those of
`app.practice.oauth`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from app.practice.door import Ground, Refusal
from app.practice.oauth import Habits

JSON = Any
SLUG = "google"
AUTH = "https://www.googleapis.com/auth/"
ACCOUNTS = {"108204268033311374519": "ana@practice.example", "115722834054889887046": "ben@practice.example"}
ME = "ana@practice.example"
HABITS = Habits(
    slug=SLUG,
    title="Google",
    accounts=ACCOUNTS,
    scopes=(
        "openid",
        *(
            AUTH + name
            for name in (
                "userinfo.email",
                "calendar.events",
                "calendar.calendarlist.readonly",
                "gmail.readonly",
                "gmail.compose",
                "gmail.send",
                "gmail.modify",
                "spreadsheets",
                "documents",
                "drive.file",
                "drive.metadata.readonly",
            )
        ),
    ),
    client="body",
    rotates=False,
)


@dataclass(frozen=True)
class Suite:
    """What all services stand on. Things are kept by kind and id, ids as they are."""

    ground: Ground

    def note(self, name: str, default: JSON = None) -> JSON:
        return self.ground.ledger.note(f"{SLUG}_{name}", default)

    def set_note(self, name: str, value: JSON) -> None:
        self.ground.ledger.set_note(f"{SLUG}_{name}", value)

    def next(self) -> int:
        """The next number, of all things together; call it inside a transaction."""
        number = int(self.note("last", 0)) + 1
        self.set_note("last", number)
        return number

    def get(self, kind: str, id: str) -> JSON:
        return next((one["is"] for one in self._rows(kind) if one["is"]["id"] == id), None)

    def all(self, kind: str, parent: str | None = None) -> list[JSON]:
        """In the order in which they were made."""
        return [one["is"] for one in self._rows(kind, parent)]

    def keep(self, kind: str, thing: dict[str, JSON], parent: str = "") -> JSON:
        """`thing["id"]` names it, once for each parent."""
        key = f"{kind}:{parent}:{thing['id']}".lower()
        self.ground.ledger.put(SLUG, kind, {"id": key, "is": thing}, parent=parent)
        return thing

    def drop(self, kind: str, id: str, parent: str = "") -> None:
        self.ground.ledger.change("delete from objects where slug=? and id=?", SLUG, f"{kind}:{parent}:{id}".lower())

    def kinds(self) -> list[str]:
        rows = self.ground.ledger.rows("select distinct kind from objects where slug=? order by kind", SLUG)
        return [str(row["kind"]) for row in rows]

    def _rows(self, kind: str, parent: str | None = None) -> list[dict[str, JSON]]:
        return self.ground.ledger.objects(SLUG, kind, parent)


def refuse(status: int, reason: str, message: str, kind: str = "", headers: dict[str, str] | None = None) -> NoReturn:
    """In the shape of https://developers.google.com/workspace/calendar/api/guides/errors ; `kind` is the word of newer services."""
    entry = {"domain": "global", "reason": reason, "message": message}
    error: dict[str, JSON] = {"code": status, "message": message, "errors": [entry]}
    raise Refusal(status, {"error": {**error, **({"status": kind} if kind else {})}}, headers)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
