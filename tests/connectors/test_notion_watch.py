"""What changes in Notion is found by looks at its lists: nothing lost, nothing twice, and nothing that was there before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Event
from connectors.notion import _changes, connector
from tests.connectors.stand import Stand, reopened, standing

MEETINGS, TODOS = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).strftime("%Y-%m-%dT%H:%M:00.000Z")


@dataclass
class Watch:
    """A connection that is looked at again and again."""

    stand: Stand
    cursor: Any = None

    def look(self) -> list[str]:
        """What is new: "kind title"."""
        return [f"{one.kind.partition('.')[2]} {json.loads(one.body)['title']}" for one in self.events()]

    def events(self) -> list[Event]:
        """A round by a process that knows nothing but the cursor."""
        fresh = reopened(self.stand)
        found, after = connector.polls[0].run(fresh.client, json.loads(json.dumps(self.cursor)))
        self.cursor = after
        return found

    def page(self, title: str, **more: Any) -> Any:
        where = {} if "page" in more else {"data_source": MEETINGS}
        return self.stand.served.control("notion_page", {**where, "title": title, **more})

    def hand(self, what: str, page: Any, **more: Any) -> None:
        self.stand.served.control(what, {"page": page["id"], **more})

    def back(self, **time: float) -> None:
        """As if the last look had been so long ago."""
        for place in self.cursor["places"].values():
            place["begun"] = place["since"] = ago(**time)

    def fail(self, path: str, **more: Any) -> None:
        self.stand.served.fault("notion", "status", **{"path": path, "status": 500, **more})


@pytest.fixture
def watch() -> Iterator[Watch]:
    with standing("notion") as stand:
        yield Watch(stand)


@pytest.fixture
def begun(watch: Watch) -> Watch:
    """One that was looked at before, an hour ago for the first time."""
    assert watch.look() == []
    watch.back(hours=1)
    return watch


def test_the_first_look_starts_nothing_on_what_is_there(watch: Watch) -> None:
    watch.page("Old", at=ago(days=3))
    watch.page("Just now")
    watch.page("Below", page=watch.page("Above", at=ago(minutes=5))["id"], at=ago(minutes=4))
    assert watch.look() == []
    assert watch.look() == []


def test_a_page_is_created_once_and_changed_as_often_as_it_is(begun: Watch) -> None:
    page = begun.page("Plan", at=ago(minutes=30))
    assert begun.look() == ["created Plan"]
    assert begun.look() == []
    begun.hand("notion_set", page, title="Better plan", at=ago(minutes=9))
    assert begun.look() == ["changed Better plan"]
    begun.hand("edit", page, paragraph="By hand.", at=ago(minutes=8))
    assert begun.look() == ["changed Better plan"]
    assert begun.look() == []


def test_an_event_tells_what_stands_there(begun: Watch) -> None:
    related = begun.page("Other", at=ago(days=2))
    begun.stand.client.patch(
        f"data_sources/{MEETINGS}",
        {
            "properties": {
                "Hours": {"number": {}},
                "Kind": {"select": {}},
                "Tags": {"multi_select": {}},
                "Done": {"checkbox": {}},
                "Who": {"people": {}},
                "Near": {"relation": {"data_source_id": MEETINGS}},
                "Link": {"url": {}},
                "Note": {"rich_text": {}},
                "Patchbay key": {"rich_text": {}},
            }
        },
    )
    begun.page(
        "Plan",
        at=ago(minutes=30),
        properties={
            "Date": {"date": {"start": "2026-12-01", "end": "2026-12-03"}},
            "Hours": {"number": 2.5},
            "Kind": {"select": {"name": "Sales"}},
            "Tags": {"multi_select": [{"name": "red"}, {"name": "blue"}]},
            "Done": {"checkbox": True},
            "Who": {"people": [{"id": "b0000000-0000-4000-8000-00000000000b"}]},
            "Near": {"relation": [{"id": related["id"]}]},
            "Patchbay key": {"rich_text": [{"text": {"content": "hub-x"}}]},
        },
    )
    (event,) = begun.events()
    told = connector.triggers[0].shape(event.body)
    assert set(told) == {name.partition(".")[0] for name in _changes.FIELDS}
    assert told["properties"] == {
        "Name": "Plan",
        "Date": {"start": "2026-12-01", "end": "2026-12-03"},
        "Hours": 2.5,
        "Kind": "Sales",
        "Tags": ["red", "blue"],
        "Done": True,
        "Who": ["Ben Ortiz"],
        "Near": [related["id"]],
        "Link": "",
        "Note": "",
    }
    assert (told["data_source"], told["database"], told["edited_by"]) == (MEETINGS, "Meetings", "Ana Silva")
    assert (told["edited_at"], told["url"].endswith(told["id"])) == (ago(minutes=30), True)
    assert event.serial_key == f"page:{told['id']}"


def test_of_many_related_pages_all_are_told(begun: Watch) -> None:
    begun.stand.client.patch(
        f"data_sources/{MEETINGS}", {"properties": {"Near": {"relation": {"data_source_id": MEETINGS}}}}
    )
    near = [{"id": begun.page(str(n), at=ago(days=2))["id"]} for n in range(30)]
    begun.page("Plan", at=ago(minutes=30), properties={"Near": {"relation": near}})
    (event,) = begun.events()
    assert json.loads(event.body)["properties"]["Near"] == [one["id"] for one in near]


def test_people_stay_unnamed_where_the_capability_is_missing(begun: Watch) -> None:
    begun.stand.note(lacks=["users"])
    begun.page("Plan", at=ago(minutes=30))
    (event,) = begun.events()
    told = json.loads(event.body)
    assert (told["created_by"], told["created_by_id"]) == ("", "a0000000-0000-4000-8000-00000000000a")


# --- times of whole minutes -------------------------------------------------------------------------------------------


def test_what_changes_again_in_the_minute_in_which_it_was_seen_is_not_lost(begun: Watch) -> None:
    now = ago()
    page = begun.page("Plan", at=now)
    assert begun.look() == ["created Plan"]
    begun.hand("notion_set", page, title="Plan B", at=now)
    assert begun.look() == ["changed Plan B"]
    begun.hand("edit", page, paragraph="Only the content, in the same minute, by the same person.", at=now)
    assert begun.look() == ["changed Plan B"]
    assert begun.look() == []


def test_its_content_is_compared_once_more_when_the_minute_is_over(
    begun: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = ago()
    page = begun.page("Plan", at=now)
    assert begun.look() == ["created Plan"]
    begun.hand("edit", page, paragraph="At its last second.", at=now)
    monkeypatch.setattr(_changes, "_MINUTE", timedelta(seconds=-120))  # two minutes later
    assert begun.look() == ["changed Plan"]
    assert begun.look() == []
    assert [one for one in begun.stand.asked("GET") if one["path"].endswith("/markdown")][2:] == [], "read no more"


def test_what_waits_for_its_minute_to_end_is_heard_in_the_next_round(
    begun: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_changes, "CONTENTS", 2)
    for n in range(5):
        begun.page(f"Row {n}")
    assert len(begun.look()) == 2
    monkeypatch.setattr(_changes, "_MINUTE", timedelta(seconds=-120))
    heard = begun.look()
    assert len(heard) in (1, 3)  # two of the first ones may be read again before
    assert len(heard + begun.look() + begun.look()) == 3


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_row_that_the_index_shows_late_is_not_lost(begun: Watch) -> None:
    begun.stand.served.control("settings", {"index_lag": 3600})
    begun.page("Late")
    assert begun.look() == []
    begun.stand.served.control("settings", {"index_lag": 0})
    assert begun.look() == ["created Late"]


def test_long_lists_are_read_to_their_end_and_nothing_comes_twice(begun: Watch) -> None:
    for n in range(230):
        begun.page(f"Row {n}", at=ago(minutes=30))
    assert len(begun.look()) == 230
    assert begun.look() == []


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_page_of_a_list_that_fails_loses_nothing(begun: Watch, skip: int) -> None:
    for n in range(230):
        begun.page(f"Row {n}", at=ago(minutes=30))
    begun.stand.served.control("notion_page", {"data_source": TODOS, "title": "Task", "at": ago(minutes=30)})
    begun.fail(f"/v1/data_sources/{MEETINGS}/query", skip=skip)
    assert begun.look() == ["created Task"], "one place does not hold up the others"
    assert begun.cursor["first"] == MEETINGS
    assert len(begun.look()) == 230
    assert begun.look() == []


def test_where_nothing_can_be_read_that_is_said(begun: Watch) -> None:
    before = begun.cursor
    begun.fail("/v1/data_sources/", times=2)
    begun.stand.served.fault("notion", "status", path="/v1/search", status=500, skip=1)
    with pytest.raises(Exception, match="status: 500"):
        begun.look()
    assert begun.cursor == before


def test_a_list_that_ends_at_ten_thousand_rows_is_gone_on_with(begun: Watch) -> None:
    begun.stand.note(most=120)
    for n in range(300):
        begun.page(f"Row {n}", at=ago(minutes=55 - n // 10))
    found = [begun.look() for _ in range(4)]
    assert len({one for some in found for one in some}) == sum(map(len, found)) == 300


# --- places -----------------------------------------------------------------------------------------------------------


def test_pages_outside_of_databases_are_watched_too(begun: Watch) -> None:
    above = begun.stand.served.control("notion_page", {"title": "Handbook", "at": ago(minutes=30)})
    page = begun.page("Holidays", page=above["id"], at=ago(minutes=20))
    assert begun.look() == ["created Handbook", "created Holidays"]
    begun.hand("edit", page, title="Days off", at=ago(minutes=10))
    (event,) = begun.events()
    told = json.loads(event.body)
    assert (told["title"], told["data_source"], told["database"]) == ("Days off", "", "")


def test_what_is_shared_later_starts_nothing_on_its_past(begun: Watch) -> None:
    begun.stand.served.control("unshare", {"data_source": MEETINGS})
    begun.cursor["places"].pop(MEETINGS)
    page = begun.page("Old", at=ago(minutes=30))
    assert begun.look() == []
    begun.stand.served.control("share", {"data_source": MEETINGS})
    assert begun.look() == []
    begun.hand("notion_set", page, title="New")
    assert begun.look() == ["changed New"]


def test_a_database_that_is_no_longer_shared_holds_up_nothing(begun: Watch) -> None:
    begun.stand.served.control("unshare", {"data_source": MEETINGS})
    begun.stand.served.control("notion_page", {"data_source": TODOS, "title": "Task", "at": ago(minutes=30)})
    assert begun.look() == ["created Task"]
    assert MEETINGS not in begun.cursor["places"]


def test_a_database_that_search_leaves_out_for_a_moment_is_still_watched(begun: Watch) -> None:
    begun.page("Plan", at=ago(minutes=30))
    begun.stand.note(unlisted=[MEETINGS])
    assert begun.look() == ["created Plan"]


def test_pages_in_the_trash_are_no_news_and_restored_ones_are(begun: Watch) -> None:
    page = begun.page("Plan", at=ago(minutes=30))
    assert begun.look() == ["created Plan"]
    begun.hand("trash", page)
    assert begun.look() == []
    begun.hand("restore", page)
    assert begun.look() == ["changed Plan"]


# --- our own ----------------------------------------------------------------------------------------------------------


def ours(begun: Watch, title: str) -> Any:
    return begun.stand.do("create_page", data_source=MEETINGS, title=title)


def test_what_we_write_ourselves_is_no_news(begun: Watch) -> None:
    page = ours(begun, "Recap")
    begun.stand.client.patch(
        f"blocks/{page['id']}/children", {"children": [{"paragraph": {"rich_text": [{"text": {"content": "x"}}]}}]}
    )
    assert begun.look() == []


def test_a_person_who_edits_our_page_is_heard_even_in_the_same_minute(begun: Watch) -> None:
    page = ours(begun, "Recap")
    assert begun.look() == []
    begun.hand("edit", page, paragraph="By hand.")
    assert begun.look() == ["changed Recap"]


def test_a_change_of_ours_names_the_columns_so_that_a_persons_before_it_is_not_lost(begun: Watch) -> None:
    """Whether the rest is ours is told by the journal (tests/connectors/test_notion_hub.py)."""
    page = begun.page("Plan", at=ago(minutes=30))
    assert begun.look() == ["created Plan"]
    begun.hand("notion_set", page, properties={"Date": {"date": {"start": "2026-12-01"}}}, at=ago(minutes=20))
    begun.stand.client.patch(f"pages/{page['id']}", {"properties": {"Name": {"title": [{"text": {"content": "P"}}]}}})
    (event,) = begun.events()
    assert event.object == page["id"]
    assert [line.partition("=")[0] for line in event.version.split("\n")].count("title") == 1
    assert len(event.version.split("\n")) == 2
    assert begun.events() == []
