"""Notion in a whole hub: a changed row is found, a run writes each thing once and does not start itself, all is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from connectors.contract import ConnectorError
from connectors.notion import _upsert
from tests.connectors import whole
from tests.durability.world import MEETINGS, TODOS, World

EVENT = {"id": "e-1", "title": "Chairs", "properties": {"Owner": "Ann"}, "data_source": TODOS}
STEPS: list[dict[str, Any]] = [
    {"id": "mark", "do": "notion.update_page", "given": {"page": "{{ event.id }}", "properties": {"Meeting": "Seen"}}},
    {"id": "add", "do": "notion.append", "given": {"page": "{{ event.id }}", "markdown": "- Seen: {{ event.title }}"}},
    {"id": "say", "do": "notion.comment", "given": {"page": "{{ event.id }}", "text": "Thank you"}},
    {
        "id": "row",
        "do": "notion.upsert_row",
        "given": {"data_source": MEETINGS, "by": "Name", "title": "About {{ event.title }}", "properties": {"Date": "2026-12-01"}},
    },
]  # fmt: skip


@pytest.fixture
def here(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(_upsert, "_WAIT", 0.05)  # real seconds, which the clock of these tests does not skip
    with whole.hub(settings, tmp_path, "notion.page.changed", EVENT, STEPS) as made:
        page = made.served.control("notion_page", {"data_source": TODOS, "title": "Chairs"})
        assert whole.catch_up(made, "notion") == [], "the first look only remembers"
        made.served.control("settings", {"told_page": page["id"]})
        yield made


def rename(here: World, title: str = "Tables") -> str:
    (page,) = [one for one in pages(here) if not one["in_trash"] and one["parent"]["data_source_id"] == TODOS]
    here.served.control("notion_set", {"page": page["id"], "title": title})
    return str(page["id"])


def pages(here: World) -> list[Any]:
    return list(here.served.control("state?slug=notion").get("page", []))


def words(items: Any) -> str:
    return "".join(one["plain_text"] for one in items)


def stands(here: World) -> tuple[list[str], int, list[str], list[str]]:
    """(what was written into the row, lines on its page, comments, rows of meetings)."""
    state = here.served.control("state?slug=notion")
    rows = [one for one in state["page"] if not one["in_trash"]]
    told = next(one for one in rows if one["parent"]["data_source_id"] == TODOS)
    cells = sorted(
        words(value) for name, value in told["properties"].items() if isinstance(value, list) and name != "title"
    )
    lines = [one for one in state.get("block", []) if not one["in_trash"]]
    comments = [words(one["rich_text"]) for one in state.get("comment", []) if not one["in_trash"]]
    meetings = [words(one["properties"]["title"]) for one in rows if one["parent"]["data_source_id"] == MEETINGS]
    return [one for one in cells if one], len(lines), comments, meetings


WRITTEN = (["Seen"], 1, ["Thank you"], ["About Tables"])


def done(here: World) -> None:
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert stands(here) == WRITTEN


def test_a_changed_row_is_written_to_once_and_starts_nothing_again(here: World) -> None:
    rename(here)
    assert len(whole.catch_up(here, "notion")) == 1
    done(here)
    assert whole.catch_up(here, "notion") == [], "our own changes are no news"
    whole.take_back(here, here.run()["id"])
    assert stands(here) == ([], 0, [], [])
    assert whole.catch_up(here, "notion") == [], "nor is taking them back"


def test_what_a_person_changed_before_we_did_is_news_all_the_same(here: World) -> None:
    page = rename(here)
    whole.catch_up(here, "notion")
    owner = {"Owner": {"rich_text": [{"text": {"content": "Ben"}}]}}
    here.served.control("notion_set", {"page": page, "properties": owner})
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert len(whole.catch_up(here, "notion")) == 1


CHANGES = [
    ("PATCH", "/v1/pages/", 0),
    ("PATCH", "/v1/blocks/", 0),
    ("POST", "/v1/comments", 0),
    ("PATCH", "/v1/data_sources/", 0),
    ("POST", "/v1/pages", 0),
    ("PATCH", "/v1/pages/", 1),
]


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish"])
@pytest.mark.parametrize("what", CHANGES, ids=lambda what: f"{what[1].split('/')[2]} {what[2]}")
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, what: tuple[str, str, int]) -> None:
    method, path, skip = what
    rename(here)
    whole.catch_up(here, "notion")
    here.served.fault("notion", do, method=method, path=path, skip=skip)
    done(here)
    assert stands(here) == WRITTEN


TAKEN_BACK = [
    ("PATCH", "/v1/pages/", 0),
    ("PATCH", "/v1/pages/", 1),
    ("PATCH", "/v1/pages/", 2),
    ("DELETE", "/v1/comments/", 0),
    ("DELETE", "/v1/blocks/", 0),
]


@pytest.mark.parametrize("do", ["cut_before", "cut_after"])
@pytest.mark.parametrize("what", TAKEN_BACK, ids=lambda what: f"{what[1].split('/')[2]} {what[2]}")
def test_whichever_answer_to_taking_back_gets_lost_all_of_it_goes(
    here: World, do: str, what: tuple[str, str, int]
) -> None:
    method, path, skip = what
    rename(here)
    whole.catch_up(here, "notion")
    done(here)
    here.served.fault("notion", do, method=method, path=path, skip=skip)
    whole.take_back(here, here.run()["id"])
    assert here.run()["state"] == "undone", here.run()
    assert stands(here) == ([], 0, [], [])


def test_what_somebody_edited_meanwhile_stays_and_the_rest_goes(here: World) -> None:
    page = rename(here)
    whole.catch_up(here, "notion")
    done(here)
    by_hand = {"Meeting": {"rich_text": [{"text": {"content": "By hand"}}]}}
    here.served.control("notion_set", {"page": page, "properties": by_hand})
    whole.take_back(here, here.run()["id"])
    assert (here.run()["state"], "changed “Meeting”" in here.run()["why"]) == ("waiting", True)
    assert stands(here) == (["By hand"], 0, [], [])


def test_a_token_that_ended_stops_the_run_until_another_one_is_entered(here: World) -> None:
    rename(here)
    whole.catch_up(here, "notion")
    here.served.control("revoke", {"slug": "notion"})
    here.work()
    assert (here.run()["state"], "no longer accepts" in here.run()["why"]) == ("waiting", True)
    with pytest.raises(ConnectorError, match="no longer accepts"):
        whole.change_credentials(here, "notion", token="old")
    here.served.control("unrevoke", {"slug": "notion"})
    whole.change_credentials(here, "notion", token=whole.own_token(here))
    done(here)
