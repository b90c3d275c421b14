"""The practice vendors on a loopback port, and a client that speaks to their Notion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from app.practice.serve import Served

MEETINGS = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def practice() -> Iterator[Served]:
    with Served(limits=False) as served:
        yield served


class Notion:
    """Answers come back as (status, body)."""

    def __init__(self, practice: Served) -> None:
        self.practice = practice
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {practice.token}", "Notion-Version": "2026-03-11"})

    def __call__(self, method: str, path: str, body: Any = None, timeout: float = 20) -> tuple[int, dict[str, Any]]:
        answer = self.session.request(method, f"{self.practice.url}/notion/v1{path}", json=body, timeout=timeout)
        return answer.status_code, answer.json()

    def page(self, title: str = "Weekly planning", *children: Any, **properties: Any) -> dict[str, Any]:
        """A new page in Meetings; fails the test if it is refused."""
        status, page = self("POST", "/pages", a_page(title, *children, **properties))
        assert status == 200, page
        return page

    def children(self, id: str) -> list[dict[str, Any]]:
        status, body = self("GET", f"/blocks/{id}/children")
        assert status == 200, body
        return list(body["results"])


@pytest.fixture
def notion(practice: Served) -> Iterator[Notion]:
    client = Notion(practice)
    yield client
    client.session.close()


def words(text: str) -> list[dict[str, Any]]:
    return [{"text": {"content": text}}]


def paragraph(text: str, *children: Any) -> dict[str, Any]:
    return {"paragraph": {"rich_text": words(text), **({"children": list(children)} if children else {})}}


def a_page(title: str, *children: Any, **properties: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"parent": {"type": "data_source_id", "data_source_id": MEETINGS}}
    body["properties"] = {"Name": {"title": words(title)}, **properties}
    return {**body, "children": list(children)} if children else body
