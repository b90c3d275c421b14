"""Webflow over real HTTP: connecting, items as drafts, publishing, found after a lost answer and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused, Unauthorized
from tests.connectors.stand import KEY, Stand, reopened, standing

EVENTS = "65b1aa"
FIELDS = {
    "Date": "2026-12-06",
    "Text": "Come **in**.",
    "who may come": "open to ALL",
    "seats": "20",
    "Online, too": "yes",
}
ITEM = {"collection": EVENTS, "name": "Open day", "fields": FIELDS}


@pytest.fixture
def studio() -> Iterator[Stand]:
    with standing("webflow") as stand:
        yield stand


def items(studio: Stand) -> list[dict[str, Any]]:
    return list(studio.served.control("state?slug=webflow").get("item", []))


def by_hand(studio: Stand, **more: Any) -> str:
    """A person makes or changes an item; returns its id as recipes have it."""
    if "/" in more.get("id", ""):
        more["id"] = more["id"].split("/")[1]
    made = studio.served.control("webflow_item", more)
    return f"{made['collectionId']}/{made['id']}"


# --- connecting -------------------------------------------------------------------------------------------------------


def test_the_account_is_the_site(studio: Stand) -> None:
    account = studio.check()
    assert (account.id, account.name) == ("65f0aa", "Practice studio")


def test_a_revoked_token_wants_a_new_one(studio: Stand) -> None:
    studio.check()
    studio.served.control("settings", {"revoked": ["webflow"]})
    with pytest.raises(Unauthorized, match="Apps & integrations"):
        studio.check()
    studio.served.control("settings", {"revoked": []})
    assert reopened(studio).check().id == "65f0aa"


@pytest.mark.parametrize(
    ("sites", "says"), [([], "opens no site"), ([{"id": "1"}, {"id": "2"}], "opens several sites")]
)
def test_a_token_for_no_one_site_is_refused(studio: Stand, sites: Any, says: str) -> None:
    studio.served.fault("webflow", "status", status=200, body={"sites": sites})
    with pytest.raises(Refused, match=says):
        studio.check()


def test_of_several_sites_the_chosen_one_counts(studio: Stand) -> None:
    signed_in = reopened(studio, access_token=studio.served.token, account="2")
    body = {"sites": [{"id": "1", "displayName": "One"}, {"id": "2", "displayName": "Two"}]}
    studio.served.fault("webflow", "status", status=200, body=body)
    assert signed_in.check().name == "Two"


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_an_item_stands_in_its_collection_as_a_draft(studio: Stand) -> None:
    made = studio.do("create_item", **ITEM)
    (item,) = items(studio)
    assert (item["isDraft"], item["isArchived"], item["lastPublished"]) == (True, False, None)
    data = item["fieldData"]
    assert (data["name"], data["date-and-time"], data["kind"]) == ("Open day", "2026-12-06T00:00:00.000Z", "o-open")
    assert (data["seats"], data["online-too"], data["body"]) == (20, True, "<p>Come <strong>in</strong>.</p>\n")
    assert data["slug"].startswith("open-day-pb")
    assert made["id"] == f"{EVENTS}/{item['id']}"
    (sent,) = studio.asked("POST")
    assert json.loads(sent["body"])["isDraft"] is True, "else it would go live with the next publication by anybody"
    assert (sent["path"], sent["query"]) == (f"/v2/collections/{EVENTS}/items", "skipInvalidFiles=false")


def test_preparing_twice_changes_nothing(studio: Stand) -> None:
    more = {**FIELDS, "Picture": "https://example.com/a.png", "hosts": ["a1"], "Date": "2026-12-06T10:00:00+01:00"}
    once = studio.prepared("create_item", **{**ITEM, "fields": more})
    assert studio.prepared("create_item", **once) == once
    assert once["fields"]["date-and-time"] == "2026-12-06T09:00:00.000Z"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"Colour": "red"}, "no field “Colour”. It has “Date”, “Text”, “Place”"),
        ({}, "also wants “Date”"),
        ({"Date": "soon"}, "give a date such as"),
        ({"Date": "2026-12-06", "seats": "many"}, "give a number"),
        ({"Date": "2026-12-06", "seats": "nan"}, "give a number"),
        ({"Date": "2026-12-06", "online-too": "perhaps"}, "give yes or no"),
        ({"Date": "2026-12-06", "kind": "Nobody"}, "give one of “Open to all”, “Members only”"),
        ({"Date": "2026-12-06", "picture": "http://e.example/x.png"}, "begins with https://"),
        ({"Date": "2026-12-06", "picture": "file:///etc/passwd"}, "begins with https://"),
    ],
)
def test_what_does_not_fit_the_collection_is_refused_before_it_is_sent(studio: Stand, fields: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        studio.prepared("create_item", collection=EVENTS, name="Open day", fields=fields)
    assert studio.effects() == []


def test_nothing_is_lost_in_the_depths(studio: Stand) -> None:
    deep = "".join(f"{'  ' * n}- words {n}\n" for n in range(40))
    studio.do("create_item", **{**ITEM, "fields": {"Date": "2026-12-06", "body": deep}})
    assert items(studio)[0]["fieldData"]["body"].count("words") == 40


def test_markup_of_strangers_is_shown_and_not_run(studio: Stand) -> None:
    hostile = "<script>x</script> [a](javascript:alert(1))"
    studio.do("create_item", **{**ITEM, "fields": {"Date": "2026-12-06", "body": hostile}})
    assert "<script" not in items(studio)[0]["fieldData"]["body"]
    assert 'href="javascript' not in items(studio)[0]["fieldData"]["body"]


def test_a_picture_that_cannot_be_fetched_fails_the_whole_and_is_named(studio: Stand) -> None:
    fields = {"Date": "2026-12-06", "picture": "https://unreachable.example/x.png"}
    trouble = studio.trouble("create_item", **{**ITEM, "fields": fields})
    assert (trouble.kind, "Remote file import failed" in trouble.words) == ("refused", True)


@pytest.mark.parametrize("fault", ["cut_after", "status_after", "rubbish"])
def test_a_draft_whose_answer_was_lost_is_found(studio: Stand, fault: str) -> None:
    (found,) = studio.lost("create_item", fault, **ITEM)
    assert found["id"] == f"{EVENTS}/{items(studio)[0]['id']}"


def test_a_draft_that_never_arrived_is_not_found(studio: Stand) -> None:
    by_hand(studio, fieldData={"name": "Open day"})
    assert studio.lost("create_item", "cut_before", **ITEM) == []


def test_a_second_one_is_found_although_its_slug_was_changed(studio: Stand) -> None:
    first = studio.do("create_item", **ITEM)
    second = studio.do("create_item", **ITEM)
    assert second["slug"].startswith(first["slug"])
    studio.served.control("webflow_forget", {"id": first["id"].split("/")[1]})
    find = studio.action("create_item").find
    assert find
    assert [one["id"] for one in find(studio.client, KEY, studio.prepared("create_item", **ITEM))] == [second["id"]]


def test_where_a_second_one_is_refused_the_words_name_the_slug(studio: Stand) -> None:
    studio.note(duplicates="refuse")
    studio.do("create_item", **ITEM)
    trouble = studio.trouble("create_item", **ITEM)
    assert (trouble.kind, "already in database" in trouble.words) == ("refused", True)


# --- taking back ------------------------------------------------------------------------------------------------------


def test_an_untouched_draft_is_archived_and_kept(studio: Stand) -> None:
    arguments = studio.prepared("create_item", **ITEM)
    made = studio.send("create_item", KEY, arguments)
    assert studio.undo("create_item", arguments, made) is None
    assert [item["isArchived"] for item in items(studio)] == [True]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"fieldData": {"place": "Hall"}}, "Somebody changed “Open day”"), ({"publish": True}, "live by now")],
)
def test_a_draft_that_somebody_took_up_stays(studio: Stand, change: Any, says: str) -> None:
    arguments = studio.prepared("create_item", **ITEM)
    made = studio.send("create_item", KEY, arguments)
    by_hand(studio, id=made["id"], **change)
    assert says in (studio.undo("create_item", arguments, made) or "")
    assert items(studio)[0]["isArchived"] is False


def test_a_draft_that_was_deleted_needs_no_undo(studio: Stand) -> None:
    arguments = studio.prepared("create_item", **ITEM)
    made = studio.send("create_item", KEY, arguments)
    studio.served.control("webflow_forget", {"id": made["id"].split("/")[1]})
    undo = studio.action("create_item").undo
    assert undo
    assert undo.changed(studio.client, arguments, made, 0) is None
    find = studio.action("archive_item").find
    assert find
    assert find(studio.client, KEY, {"item": made["id"]})


# --- changing ---------------------------------------------------------------------------------------------------------


def test_new_values_are_staged_and_given_back(studio: Stand) -> None:
    item = by_hand(studio, publish=True, fieldData={"name": "Old", "place": "Hall", "seats": 5})
    arguments = studio.prepared(
        "update_item", item=item, name="New", fields={"Place": "Garden", "Who may come": "Members only"}
    )
    before = studio.before("update_item", **arguments)
    made = studio.send("update_item", KEY, arguments)
    assert before == {"isDraft": False, "fieldData": {"name": "Old", "place": "Hall", "kind": None}}
    (now,) = items(studio)
    assert (now["fieldData"]["place"], now["fieldData"]["seats"], now["isDraft"]) == ("Garden", 5, True)
    assert now["lastPublished"], "what is live stays live"
    assert studio.undo("update_item", arguments, made, before) is None
    (now,) = items(studio)
    assert (now["fieldData"]["name"], now["fieldData"]["place"], now["isDraft"]) == ("Old", "Hall", False)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_a_change_whose_answer_was_lost_is_compared(studio: Stand, fault: str) -> None:
    item = by_hand(studio, fieldData={"name": "Old"})
    fields = {"picture": "https://e.example/a.png", "Date": "2026-12-06T10:00:00+01:00", "body": "New"}
    assert len(studio.lost("update_item", fault, item=item, fields=fields)) == (fault == "cut_after")


def test_what_was_changed_since_it_was_prepared_is_not_overwritten(studio: Stand) -> None:
    item = by_hand(studio, fieldData={"name": "Old"})
    arguments = studio.prepared("update_item", item=item, name="New")
    made = {"id": item, "written": arguments["version"]}
    by_hand(studio, id=item, fieldData={"name": "Theirs"})
    with pytest.raises(Refused, match="“Theirs” was changed in Webflow since"):
        studio.before("update_item", **arguments)
    assert "Somebody changed “Theirs”" in (studio.undo("update_item", arguments, made) or "")


def test_nothing_to_change_and_nothing_there_are_refused(studio: Stand) -> None:
    item = by_hand(studio)
    with pytest.raises(Refused, match="nothing to change"):
        studio.prepared("update_item", item=item)
    with pytest.raises(Refused, match="no such item any more"):
        studio.prepared("update_item", item=f"{EVENTS}/65a5ff", name="x")


@pytest.mark.parametrize("item", ["65a5", "a/b/c", "a/../b", "", "/", "a/b?x=1"])
def test_an_id_of_something_else_is_refused(studio: Stand, item: str) -> None:
    with pytest.raises(Refused, match="is no item of this site"):
        studio.prepared("publish_item", item=item)


# --- publishing -------------------------------------------------------------------------------------------------------


def test_one_item_is_published_and_taken_back(studio: Stand) -> None:
    drafted = studio.prepared("create_item", **ITEM)
    draft = studio.send("create_item", KEY, drafted)
    other = by_hand(studio, isDraft=False, fieldData={"name": "Somebody else's"})
    arguments = studio.prepared("publish_item", item=draft["id"])
    before = studio.before("publish_item", **arguments)
    made = studio.send("publish_item", KEY, arguments)
    live = {f"{EVENTS}/{item['id']}": bool(item["lastPublished"]) for item in items(studio)}
    assert (before, live) == (None, {draft["id"]: True, other: False})
    assert not any(one["path"].endswith(("/live", "65f0aa/publish")) for one in studio.asked("POST"))
    assert studio.undo("publish_item", arguments, made, before) is None
    assert not any(item["lastPublished"] for item in items(studio))
    assert studio.undo("create_item", drafted, draft) is None, "our own changes of state are no edits"


def test_publishing_is_for_people_to_decide(studio: Stand) -> None:
    assert studio.action("publish_item").judgment


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
@pytest.mark.parametrize("live", [False, True])
def test_a_publication_whose_answer_was_lost_is_seen_by_its_time(studio: Stand, fault: str, live: bool) -> None:
    item = by_hand(studio, fieldData={"name": "Old"}, **({"lastPublished": "2026-01-01T00:00:00.000Z"} if live else {}))
    assert len(studio.lost("publish_item", fault, item=item)) == (fault == "cut_after")


def test_a_no_inside_a_yes_is_a_no(studio: Stand) -> None:
    item = by_hand(studio)
    arguments = studio.prepared("publish_item", item=item)
    by_hand(studio, id=item, isArchived=True)
    with pytest.raises(Refused, match="is archived"):
        studio.send("publish_item", KEY, arguments)
    with pytest.raises(Refused, match="Take it out of the archive"):
        studio.prepared("publish_item", item=item)


def test_what_was_live_before_is_not_taken_away(studio: Stand) -> None:
    item = by_hand(studio, fieldData={"name": "Old"}, lastPublished="2026-01-01T00:00:00.000Z")
    arguments = studio.prepared("publish_item", item=item)
    made = studio.send("publish_item", KEY, arguments)
    assert "was live before" in (studio.undo("publish_item", arguments, made) or "")
    assert items(studio)[0]["lastPublished"]


def test_what_was_edited_since_it_was_prepared_is_not_published(studio: Stand) -> None:
    item = by_hand(studio, fieldData={"name": "Old"})
    arguments = studio.prepared("publish_item", item=item)
    by_hand(studio, id=item, fieldData={"name": "Other"})
    with pytest.raises(Refused, match="was changed in Webflow since"):
        studio.before("publish_item", **arguments)


def test_what_is_no_longer_live_needs_no_taking_back(studio: Stand) -> None:
    item = by_hand(studio)
    arguments = studio.prepared("publish_item", item=item)
    made = studio.send("publish_item", KEY, arguments)
    by_hand(studio, id=item, lastPublished=None)
    assert "no longer live" in (studio.undo("publish_item", arguments, made) or "")


def test_an_item_is_read(studio: Stand) -> None:
    item = by_hand(studio, fieldData={"name": "Old", "place": "Hall"})
    seen = studio.action("get_item").run(studio.client, item=item)
    assert (seen["id"], seen["name"], seen["fields"], seen["published"]) == (item, "Old", {"place": "Hall"}, "")
