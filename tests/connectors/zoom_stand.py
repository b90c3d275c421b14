"""A Zoom account on loopback whose recaps, tokens and answers a test sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from connectors.zoom import connector
from connectors.zoom._client import Zoom
from tests.connectors.loopback import Answer, Asked, Vendor, vendor

CREDENTIALS = {"account_id": "acc1", "client_id": "id", "client_secret": "sécret"}
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
POLL, RECORDINGS = connector.polls


@dataclass
class Stand:
    """A Zoom with recaps in it. `ends` tokens that no longer work; `broken` uuid → what it answers instead."""

    recaps: dict[str, datetime] = field(default_factory=dict)
    broken: dict[str, Answer] = field(default_factory=dict)
    page: int = 300
    tokens: int = 0
    life: Any = 3600
    ends: set[str] = field(default_factory=set)
    me: Answer = (200, {"id": "u1", "account_id": "acc-of-zoom", "email": "ana@shop.example"})
    login: Answer | None = None
    vendor: Vendor = field(init=False)

    def answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        if path == "/oauth/token":
            self.tokens += 1
            return self.login or (200, {"access_token": f"token{self.tokens}", "expires_in": self.life})
        if asked.headers["authorization"].removeprefix("Bearer ") in self.ends:
            return 401, {"code": 124, "message": "Access token is expired."}
        if path == "/v2/users/me":
            return self.me
        if path == "/v2/meetings/meeting_summaries":
            return self.listed({k: v[0] for k, v in parse_qs(urlsplit(asked.path).query).items()})
        found = re.fullmatch("/v2/meetings/([^/]+)/meeting_summary", path)
        assert found, asked.path
        return self.recap(unquote(found[1]))

    def listed(self, query: dict[str, str]) -> Answer:
        begin, end = (datetime.fromisoformat(query[name]) for name in ("from", "to"))
        within = sorted((made, uuid) for uuid, made in self.recaps.items() if begin <= made <= end)
        within.reverse()  # newest first, as Zoom lists
        skip = int(query.get("next_page_token") or 0)
        shown = [
            {"meeting_uuid": uuid, "summary_created_time": made.strftime("%Y-%m-%dT%H:%M:%SZ")}
            for made, uuid in within[skip : skip + self.page]
        ]
        more = str(skip + self.page) if skip + self.page < len(within) else ""
        return 200, {"summaries": shown, "next_page_token": more}

    def recap(self, uuid: str) -> Answer:
        uuid = unquote(uuid) if "%" in uuid else uuid
        if uuid in self.broken:
            return self.broken[uuid]
        made = self.recaps[uuid].strftime("%Y-%m-%dT%H:%M:%SZ")
        return 200, {
            "meeting_uuid": uuid,
            "meeting_topic": f"Call {uuid}",
            "summary_created_time": made,
            "password": "x",
        }

    def open(self) -> Zoom:
        opened = connector.open(CREDENTIALS, self.vendor.door())
        assert isinstance(opened, Zoom)
        return opened

    def readings(self) -> list[str]:
        return [path for path in self.vendor.paths() if path.endswith("/meeting_summary")]


@contextmanager
def standing(**given: Any) -> Iterator[Stand]:
    stand = Stand(**given)
    with vendor(stand.answer) as served:
        stand.vendor = served
        yield stand
