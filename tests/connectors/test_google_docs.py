"""Google documents: made once, written in one piece, found after a lost answer, taken to the trash unless somebody changed them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from connectors.google._docs_text import plain, read, requests
from tests.connectors import google_specification
from tests.connectors.stand import KEY, Stand, reopened, standing

TEXT = "# Minutes\n\nWe **met** 🎈 *today*.\n\n- One\n  - Inside\n- Two\n\n1. First\n"
GIVEN = {"title": "Minutes of Monday", "markdown": TEXT}
WRITTEN = "Minutes\nWe met 🎈 today.\nOne\nInside\nTwo\nFirst\n"
FAULTS = [("cut_before", 0), ("cut_after", 1), ("status_after", 1), ("rubbish", 1)]


@pytest.fixture
def drive() -> Iterator[Stand]:
    with standing("google") as stand:
        yield stand
        google_specification.asked(stand)


def lying(stand: Stand, id: str, **change: Any) -> Any:
    return stand.served.control("google_doc", {"id": id, **change})


def empty(stand: Stand) -> dict[str, Any]:
    """A document of ours without its text, and what `write_doc` takes."""
    made = stand.send("create_doc", KEY, stand.prepared("create_doc", **GIVEN))
    return {"document": made["id"], "markdown": TEXT}


# --- making -----------------------------------------------------------------------------------------------------------


def test_a_document_is_made_and_written_in_two_requests(drive: Stand) -> None:
    made = drive.do("create_doc", KEY, **GIVEN)
    assert drive.effects() == ["file.create", "doc.write"]
    assert lying(drive, made["id"])["text"] == WRITTEN
    assert made["url"] == f"https://docs.google.com/document/d/{made['id']}/edit"
    written = drive.asked("POST")[-1]
    assert '"requiredRevisionId": "ALm37BV0001"' in written["body"]


def test_a_document_without_text_is_one_request(drive: Stand) -> None:
    made = drive.do("create_doc", KEY, title="Empty", markdown=" \n")
    assert drive.effects() == ["file.create"]
    assert drive.undo("create_doc", {"title": "Empty"}, made) is None


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_a_document_whose_answer_was_lost_is_found_by_our_key(drive: Stand, fault: str, arrived: int) -> None:
    drive.do("create_doc", "hub-another", **GIVEN)
    assert len(drive.lost("create_doc", fault, **GIVEN)) == arrived


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_a_text_whose_answer_was_lost_is_compared(drive: Stand, fault: str, arrived: int) -> None:
    given = empty(drive)
    found = drive.lost("write_doc", fault, **given)
    assert len(found) == arrived
    still = drive.action("write_doc").still
    assert still
    with_revision = {**given, "revision": "ALm37BV0001"}
    assert still(drive.client, with_revision) is (arrived == 0)


def test_a_copy_that_comes_late_writes_nothing_a_second_time(drive: Stand) -> None:
    given = drive.prepared("write_doc", **empty(drive))
    drive.send("write_doc", KEY, given)
    with pytest.raises(Refused, match="nothing was written"):
        drive.send("write_doc", KEY, given)
    assert lying(drive, given["document"])["text"] == WRITTEN


def test_a_revision_that_is_stale_writes_nothing_and_says_so(drive: Stand) -> None:
    given = drive.prepared("write_doc", **empty(drive))
    lying(drive, given["document"], text="I was first\n")
    with pytest.raises(Refused, match="Somebody wrote into the document before"):
        drive.send("write_doc", KEY, given)
    assert lying(drive, given["document"])["text"] == "I was first\n"
    still = drive.action("write_doc").still
    assert still
    assert still(drive.client, given) is False


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": " \n"}, "needs a name"),
        ({"markdown": "a" * 200_001}, "200000 characters"),
        (
            {"folder": "https://drive.google.com/drive/folders/1AbcAbcAbcAbcAbcAbcAbcAbc"},
            "only folders that it has made",
        ),
        ({"folder": "Letters"}, "only folders that it has made"),
    ],
)
def test_what_cannot_be_made_says_what_to_do(drive: Stand, change: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        drive.prepared("create_doc", **{**GIVEN, **change})


def test_what_was_left_out_at_the_sign_in_is_said(drive: Stand) -> None:
    with pytest.raises(Refused, match="make files in your Drive"):
        reopened(drive, scope="openid").prepared("create_doc", **GIVEN)


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_document_lies_in_a_folder_of_ours_which_is_picked_or_pasted(drive: Stand) -> None:
    folder = drive.do("create_folder", KEY, title="Ann's \\ letters")
    drive.do("create_folder", "hub-another", title="Bills")
    drive.do("create_doc", "hub-a-document", title="Ann's page")
    assert [one.label for one in drive.choices("folder", "ann's \\")] == ["Ann's \\ letters"]
    assert len(drive.choices("folder")) == 2
    address = f"https://drive.google.com/drive/u/0/folders/{folder['id']}?usp=sharing"
    assert [one.id for one in drive.resolve("folder", address)] == [folder["id"]]
    drive.do("create_doc", "hub-one-more", **GIVEN, folder=address)
    made = [one for one in drive.asked("POST") if one["path"] == "/drive/v3/files"][-1]
    assert f'"parents": ["{folder["id"]}"]' in made["body"]


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_a_folder_whose_answer_was_lost_is_found(drive: Stand, fault: str, arrived: int) -> None:
    assert len(drive.lost("create_folder", fault, title="Letters")) == arrived


def test_a_document_is_no_folder(drive: Stand) -> None:
    made = drive.do("create_doc", KEY, title="A page")
    with pytest.raises(Refused, match="only folders"):
        drive.resolve("folder", made["id"])


# --- taking back ------------------------------------------------------------------------------------------------------


def test_a_document_goes_to_the_trash(drive: Stand) -> None:
    made = drive.do("create_doc", KEY, **GIVEN)
    assert drive.undo("create_doc", GIVEN, made) is None
    assert drive.effects()[-1] == "file.trash"
    assert "has deleted the document" in str(drive.undo("create_doc", GIVEN, made))
    action = drive.action("create_doc")
    assert action.find
    assert action.find(drive.client, KEY, GIVEN) == [], "what lies in the trash is not there"


@pytest.mark.parametrize("change", ["text", "name", "looks"])
def test_a_document_that_somebody_changed_stays(drive: Stand, change: str) -> None:
    made = drive.do("create_doc", KEY, **GIVEN)
    if change == "text":
        lying(drive, made["id"], text="Mine\n")
    elif change == "name":
        drive.served.control("google_file", {"id": made["id"], "name": "Mine"})
    else:
        drive.served.control("google_file", {"id": made["id"], "modifiedTime": "2099-01-01T00:00:00.000Z"})
    assert "Somebody has changed the document" in str(drive.undo("create_doc", GIVEN, made))
    assert "file.trash" not in drive.effects()


@pytest.mark.parametrize(("fault", "arrived"), FAULTS)
def test_a_document_in_the_trash_whose_answer_was_lost_is_found(drive: Stand, fault: str, arrived: int) -> None:
    made = drive.do("create_doc", KEY, **GIVEN)
    assert len(drive.lost("trash_doc", fault, document=made["id"])) == arrived


# --- Markdown ---------------------------------------------------------------------------------------------------------


def test_places_are_counted_as_google_does_it(drive: Stand) -> None:
    """An emoji is two; tabs that mark a level of a list are taken away by Google, so that nothing behind them moves."""
    made = drive.do("create_doc", KEY, **GIVEN)
    done = lying(drive, made["id"])["done"]
    on = [(one["kind"], one["on"]) for one in done]
    assert on[1:] == [
        ("updateParagraphStyle", "Minutes\n"),
        ("updateTextStyle", "met"),
        ("updateTextStyle", "today"),
        ("createParagraphBullets", "First\n"),
        ("createParagraphBullets", "One\n\tInside\nTwo\n"),
    ]
    assert done[1]["paragraphStyle"] == {"namedStyleType": "HEADING_1"}
    assert (done[2]["textStyle"], done[3]["textStyle"]) == ({"bold": True}, {"italic": True})


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("one\ntwo\\\nthree", "one two\vthree"),
        ("> quoted\n\n---", "quoted\n⸻"),
        ("```\na\tb\n\nc\n```", "a    b\n\nc"),
        ("| A | B |\n|---|---|\n| 1 | 2 |", "A | B\n1 | 2"),
        ("![A cat](https://a.example/c.png)", "A cat (https://a.example/c.png)"),
        ("<b>not</b> a tag\n\n<div>\nkept\n</div>", "<b>not</b> a tag\n<div>\nkept\n</div>"),
        ("a\x00b\ue000c\ud800d\r\n\r\ne", "abcd\ne"),
        ("- one\n\n  more\n- [x] done", "one\nmore\n[x] done"),
        (">" * 500 + " deep", ">" * 500 + " deep"),
        ("", ""),
    ],
)
def test_nothing_of_a_text_is_dropped(markdown: str, text: str) -> None:
    assert plain(markdown) == text


def test_links_and_code_are_marked(drive: Stand) -> None:
    text = "See [our **page**](https://a.example) and `x`."
    made = drive.do("create_doc", KEY, title="Links", markdown=text)
    styles = {one["on"]: one["textStyle"] for one in lying(drive, made["id"])["done"] if "textStyle" in one}
    assert styles["our "] == {"link": {"url": "https://a.example"}}
    assert styles["page"] == {"link": {"url": "https://a.example"}, "bold": True}
    assert styles["x"] == {"weightedFontFamily": {"fontFamily": "Courier New"}}


def test_whatever_is_written_stands_there_as_it_is_looked_for(drive: Stand) -> None:
    hard = "- \n- 🎈\n\n  1. deep\n     - deeper\n\n> - quoted\n\n| a |\n|---|\n\n    code 🎈\n\n# \n\nend 🎈"
    made = drive.do("create_doc", KEY, title="Hard", markdown=hard)
    assert lying(drive, made["id"])["text"] == plain(hard) + "\n"
    find = drive.action("write_doc").find
    assert find
    assert len(find(drive.client, KEY, {"document": made["id"], "markdown": hard})) == 1


def test_levels_of_lists_and_the_same_bytes_each_time() -> None:
    assert [(one.list, one.depth) for one in read(TEXT)[2:]] == [
        ("bullet", 0),
        ("bullet", 1),
        ("bullet", 0),
        ("number", 0),
    ]
    assert requests(TEXT) == requests(TEXT)
    assert requests("  \n") == []
