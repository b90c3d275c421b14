"""Zoom's recaps as recipes see them, in every shape Zoom gives them."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.zoom._recap import shape
from tests.connectors.zoom_samples import changed, sample


def test_a_recap_as_a_recipe_sees_it() -> None:
    assert shape(sample("summary_completed")) == {
        "meeting_uuid": "/aB1+x==",
        "meeting_id": "81234567890",
        "topic": "Weekly stock call",
        "title": "Meeting summary for Weekly stock call",
        "summary": "The team went through the paper stock.\n\n### Stock\n\nTwo boxes are left. Ana orders ten more.\n\n"
        "### Next steps\n\n- Ana: order paper",
        "next_steps": ["Ana: order paper"],
        "host_email": "ana@shop.example",
        "start": "2026-11-02T09:00:00Z",
        "end": "2026-11-02T09:31:00Z",
        "account_id": "acc1",
    }


def test_what_a_person_edited_wins() -> None:
    recap = shape(sample("summary_updated"))
    assert recap["next_steps"] == ["Ben: order paper"]
    assert "Ben orders twenty more." in recap["summary"]
    assert "Ana" not in recap["summary"]
    assert "The team went through the paper stock." in recap["summary"]


def test_next_steps_that_were_all_deleted_stay_deleted() -> None:
    recap = shape(changed("summary_updated", edited_summary={"next_steps": []}))
    assert recap["next_steps"] == []
    assert "Next steps" not in recap["summary"]
    assert "Ana orders ten more." in recap["summary"]


def test_an_edit_beats_the_text_in_one_piece() -> None:
    recap = shape(changed("summary_in_one_piece", edited_summary={"summary_details": "Chloe presented seven titles."}))
    assert recap["summary"] == "Chloe presented seven titles."


def test_a_text_in_one_piece_is_taken_as_it_is() -> None:
    recap = shape(sample("summary_in_one_piece"))
    assert recap["summary"].startswith("## Quick recap\n\nChloe presented six titles.")
    assert recap["next_steps"] == []


@pytest.mark.parametrize("content", [None, "", "  \n", 7, {"parts": []}, ["x"]])
def test_another_shape_of_the_one_piece_falls_back_to_the_parts(content: Any) -> None:
    assert "Ana orders ten more." in shape(changed(summary_content=content))["summary"]


def test_details_under_older_names() -> None:
    details = [{"summary_title": "Stock\nand more", "summary_content": "Two boxes."}, {"summary": "No label."}, "Bare."]
    recap = shape(changed(summary_details=details, summary_overview=None, next_steps=None))
    assert recap["summary"] == "### Stock and more\n\nTwo boxes.\n\nNo label.\n\nBare."


def test_words_in_an_unknown_wrapping_are_not_lost() -> None:
    recap = shape(
        changed(summary_details=[{"heading": "Stock", "body": ["Two", "boxes"]}], next_steps=[{"do": "order"}])
    )
    assert "Stock\nTwo\nboxes" in recap["summary"]
    assert recap["next_steps"] == ["order"]


def test_a_next_step_of_two_lines_stays_one_entry() -> None:
    assert shape(changed(next_steps=["Order\npaper"]))["summary"].endswith("- Order\n  paper")


def test_a_recap_without_a_summary_has_an_empty_one() -> None:
    gone = dict.fromkeys(("summary_overview", "summary_details", "next_steps", "summary_title"))
    recap = shape(changed(**gone))
    assert (recap["summary"], recap["next_steps"], recap["title"]) == ("", [], "")
    assert recap["topic"] == "Weekly stock call"


def test_only_a_time_is_a_time() -> None:
    assert shape(changed(meeting_start_time="...", meeting_end_time=5))["start"] == ""


def test_hard_text_survives() -> None:
    topic = "‏اجتماع <b>&amp;</b> 👩‍👩‍👧‍👧 ‮"
    long = "ä" * 300_000
    recap = shape(changed(meeting_topic=topic, summary_overview=long, next_steps=[f"step {i}" for i in range(200)]))
    assert recap["topic"] == topic
    assert long in recap["summary"]
    assert len(recap["next_steps"]) == 200
