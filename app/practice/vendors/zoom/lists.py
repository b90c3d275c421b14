"""How Zoom's lists are asked for: page by page, within times. https://developers.zoom.us/docs/api/pagination/"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn

from app.practice.door import Refusal


def page(given: Mapping[str, str], name: str, found: list[Any]) -> dict[str, Any]:
    """One page of a list that is called `name`."""
    size, start = _size(given.get("page_size")), _start(given.get("next_page_token", ""))
    token = _token(start + size) if start + size < len(found) else ""
    frame = {"page_size": size, "next_page_token": token, "from": given.get("from", ""), "to": given.get("to", "")}
    return {**frame, name: found[start : start + size]}


def span(given: Mapping[str, str]) -> tuple[datetime, datetime]:
    """`from` and `to`; a day alone is meant whole."""
    today = datetime.now(UTC)
    begin = moment(given.get("from"), "from", today - timedelta(days=1))
    end = moment(given.get("to"), "to", today, whole_day=True)
    if begin > end:
        refuse(400, 300, "The from date must not be later than the to date.")
    return begin, end


def moment(text: str | None, name: str, otherwise: datetime, whole_day: bool = False) -> datetime:
    if not text:
        return otherwise
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1, seconds=-1) if whole_day else day
        found = datetime.fromisoformat(text)
    except ValueError:
        refuse(400, 300, f"Validation Failed: {name} must be yyyy-MM-ddTHH:mm:ssZ.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key(uuid: str) -> str:
    """Object ids are compared in lower case; a uuid in base64 is not the same in it."""
    return uuid.encode().hex()


def refuse(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> NoReturn:
    raise Refusal(status, {"code": code, "message": message}, headers)


def _size(text: str | None) -> int:
    if text is None:
        return 30
    if not text.isdecimal() or not 1 <= int(text) <= 300:
        refuse(400, 300, "Validation Failed: page_size must be between 1 and 300.")
    return int(text)


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"page:{start}".encode()).decode()


def _start(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:")) if token else 0
    except ValueError:
        refuse(400, 300, "The next page token is invalid or expired.")
