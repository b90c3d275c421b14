"""The row with a value in a column: changed where it is there, made where it is not, and one only, whoever else makes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import InProgress, Refused
from connectors.notion import _upsert
from tests.connectors.notion_rows import cell, row, table
from tests.connectors.stand import KEY, Stand, reopened, standing

ANN = "ann@shop.example"


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing("notion") as made:
        yield made


@pytest.fixture
def source(stand: Stand) -> str:
    return table(stand)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_upsert, "_WAIT", 0.0)


def given(source: str, **more: Any) -> dict[str, Any]:
    return {"data_source": source, "by": "mail", "properties": {"Mail": ANN, "State": "Open", **more}, "title": "Ann"}


def make(stand: Stand, asked: dict[str, Any]) -> None:
    """What comes first: the column for the mark, and the row."""
    before = stand.action("upsert_row").before
    assert before
    for call in before(stand.client, stand.prepared("upsert_row", **asked)):
        stand.call(call)


def upsert(stand: Stand, asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the prepared arguments, the result)."""
    make(stand, asked)
    prepared = stand.prepared("upsert_row", **asked)
    made = stand.send("upsert_row", KEY, prepared)
    after = stand.action("upsert_row").after
    assert after
    for call in after(prepared, made):
        stand.call(call)
    return prepared, made


def there(stand: Stand, source: str, **where: Any) -> list[dict[str, Any]]:
    found = stand.action("query_rows").run(stand.client, data_source=source, where=where)
    return list(found["rows"])


def test_a_row_is_made_once_and_changed_afterwards(stand: Stand, source: str) -> None:
    _, first = upsert(stand, given(source))
    _, second = upsert(reopened(stand), given(source, State="Closed", Hours=3))
    assert first["id"] == second["id"]
    (one,) = there(stand, source)
    assert (one["title"], one["properties"]["State"], one["properties"]["Hours"]) == ("Ann", "Closed", 3)
    assert stand.effects("page.create") == ["page.create"]


def test_a_row_that_a_person_made_is_changed_and_not_doubled(stand: Stand, source: str) -> None:
    own = row(stand, source, "Ann Kovač", Mail={"email": ANN})
    assert upsert(stand, given(source))[1]["id"] == own["id"]
    assert upsert(stand, given(source, Mail="Ann@SHOP.example"))[1]["id"] == own["id"]
    assert stand.effects("page.create") == []


@pytest.mark.parametrize(("column", "value"), [("Task", "Chairs"), ("Hours", 2), ("Kind", "Open"), ("Notes", "A-12")])
def test_many_kinds_of_columns_tell_rows_apart(stand: Stand, source: str, column: str, value: Any) -> None:
    asked = {"data_source": source, "by": column, "properties": {column: value, "Done": True}}
    assert upsert(stand, asked)[1]["id"] == upsert(reopened(stand), asked)[1]["id"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"by": "Tags", "properties": {"Tags": ["Open"]}}, "cannot be told apart"),
        ({"by": "Nothing"}, "no column “Nothing”"),
        ({"properties": {"State": "Open", "Mail": " "}}, "nothing to write into “Mail”"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(stand: Stand, source: str, change: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        stand.prepared("upsert_row", **{**given(source), **change})


def test_several_rows_of_peoples_are_for_people_to_merge(stand: Stand, source: str) -> None:
    for _ in range(2):
        row(stand, source, "Ann", Mail={"email": ANN})
    with pytest.raises(Refused, match="Merge them in Notion"):
        stand.prepared("upsert_row", **given(source))


# --- two at once ------------------------------------------------------------------------------------------------------


def test_two_that_make_it_at_once_end_with_one_row(stand: Stand, source: str) -> None:
    """Each looked before the other had made anything."""
    first, second = reopened(stand), reopened(stand)
    make(stand, given(source, Mail="first@shop.example"))  # the column for the mark is there
    both = [(one, one.prepared("upsert_row", **given(source))) for one in (first, second)]
    assert [prepared["row"] for _, prepared in both] == ["", ""]
    before = stand.action("upsert_row").before
    assert before
    for one, prepared in both:
        (call,) = before(one.client, prepared)
        one.call(call)
    assert len(there(stand, source, Mail=ANN)) == 2
    results = [upsert(one, given(source)) for one, _ in both]
    assert results[0][1]["id"] == results[1][1]["id"], "both go on with the same"
    assert [one["id"] for one in there(stand, source, Mail=ANN)] == [results[0][1]["id"]]
    assert stand.effects("page.trash") != []


def test_of_two_the_one_that_somebody_has_edited_stays(stand: Stand, source: str) -> None:
    first, second = reopened(stand), reopened(stand)
    for one in (first, second):
        prepared = one.prepared("upsert_row", **given(source)) | {"row": ""}
        before = one.action("upsert_row").before
        assert before
        for call in before(one.client, prepared):
            one.call(call)
    younger = sorted(one["id"] for one in there(stand, source))[1]
    stand.served.control("edit", {"page": younger, "paragraph": "By hand."})
    assert upsert(reopened(stand), given(source))[1]["id"] == younger
    assert len(there(stand, source)) == 1


def test_a_row_that_was_just_made_is_looked_at_again_after_a_moment(
    stand: Stand, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(stand, given(source))
    monkeypatch.setattr(_upsert, "_WAIT", 0.3)
    with pytest.raises(InProgress, match="just now") as waits:
        stand.action("upsert_row").prepare(stand.client, given(source))  # type: ignore[misc] # is there
    assert waits.value.seconds is not None
    assert 0 < waits.value.seconds < 1
    time.sleep(waits.value.seconds)
    assert stand.prepared("upsert_row", **given(source))["row"]


def test_what_we_made_is_known_before_lists_show_it(stand: Stand, source: str) -> None:
    stand.served.control("settings", {"index_lag": 3600})
    _, first = upsert(stand, given(source))
    _, second = upsert(stand, given(source, Hours=4))
    assert first["id"] == second["id"]
    assert stand.effects("page.create") == ["page.create"]


# --- lost answers and taking back -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "arrived"), [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]
)
def test_a_lost_answer_to_the_making_is_looked_up(stand: Stand, source: str, fault: str, arrived: int) -> None:
    make(stand, given(source, Mail="first@shop.example"))
    prepared = stand.prepared("upsert_row", **given(source))
    words = {name: prepared[name] for name in ("data_source", "by", "mark", "properties")}
    assert len(stand.lost("make_row", fault, **words)) == arrived


@pytest.mark.parametrize(
    ("fault", "arrived"), [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]
)
def test_a_lost_answer_to_the_change_is_looked_up(stand: Stand, source: str, fault: str, arrived: int) -> None:
    make(stand, given(source))
    assert len(stand.lost("upsert_row", fault, **given(source, Hours=9))) == arrived


def test_a_row_whose_value_somebody_changed_is_not_taken_for_the_lost_one(stand: Stand, source: str) -> None:
    _, made = upsert(stand, given(source))
    stand.served.control("notion_set", {"page": made["id"], "properties": {"Mail": {"email": "new@shop.example"}}})
    prepared = reopened(stand).prepared("upsert_row", **given(source))
    assert prepared["row"] == ""
    find = stand.action("make_row").find
    assert find
    assert find(stand.client, KEY, prepared) == []


def test_what_was_changed_is_given_back_and_what_was_made_goes(stand: Stand, source: str) -> None:
    asked = given(source)
    make(stand, asked)
    prepared = stand.prepared("upsert_row", **given(source, State="Closed"))
    before = stand.before("upsert_row", **prepared)
    made = stand.send("upsert_row", KEY, prepared)
    assert cell(stand, made["id"], "State") == "Closed"
    assert stand.undo("upsert_row", prepared, made, before) is None
    assert cell(stand, made["id"], "State") == "Open"
    words = {name: prepared[name] for name in ("data_source", "by", "mark")} | {"properties": prepared["properties"]}
    find = stand.action("make_row").find
    assert find
    (row_made,) = find(stand.client, KEY, words)
    assert stand.undo("make_row", words, row_made) is None
    assert there(stand, source) == []


def test_a_row_that_somebody_edited_since_stays(stand: Stand, source: str) -> None:
    make(stand, given(source))
    prepared = stand.prepared("upsert_row", **given(source))
    find = stand.action("make_row").find
    assert find
    (made,) = find(stand.client, KEY, prepared)
    stand.served.control("edit", {"page": made["id"], "paragraph": "By hand."})
    assert stand.undo("make_row", prepared, made) == "Somebody edited the row since."
    assert len(there(stand, source)) == 1
