"""WordPress in a whole hub: a new post is found, a run writes once, answers get lost, all is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from connectors.contract import ConnectorError
from tests.connectors import whole
from tests.durability.world import World

EVENT = {"event": "post.published", "post": {"id": 1, "title": {"rendered": "Open day"}}}
STEPS = [
    {"id": "draft", "do": "wordpress.create_draft", "given": {"title": "After {{ event.title }}", "markdown": "Soon."}},
    {"id": "live", "do": "wordpress.publish_post", "given": {"post": "{{ draft.id }}"}},
]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "wordpress.post.published", EVENT, STEPS) as made:
        whole.catch_up(made, "wordpress")  # from here on
        yield made


def begin(here: World) -> str:
    """Somebody publishes; returns the event."""
    here.served.control("wordpress_post", {"title": "Open day"})
    (event,) = whole.catch_up(here, "wordpress")
    return event


def posts(here: World) -> list[tuple[str, str]]:
    return [(one["title"], one["status"]) for one in here.served.control("state?slug=wordpress").get("posts", [])]


def test_a_new_post_makes_one_more_which_is_taken_back(here: World) -> None:
    begin(here)
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
    assert posts(here) == [("Open day", "publish"), ("After Open day", "publish")]
    whole.take_back(here, here.run()["id"])
    assert posts(here) == [("Open day", "publish"), ("After Open day", "trash")]


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish", "status_after"])
@pytest.mark.parametrize("skip", [0, 1], ids=["draft", "publication"])
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, skip: int) -> None:
    here.served.fault("wordpress", do, method="POST", path="/wp-json/wp/v2/posts", skip=skip)
    begin(here)
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
    assert posts(here) == [("Open day", "publish"), ("After Open day", "publish")]
    assert len(here.served.effects("wordpress", "post.create")) == 1


def test_a_password_that_ended_stops_the_run_until_another_one_is_entered(here: World) -> None:
    begin(here)
    here.served.control("settings", {"revoked": ["wordpress"]})
    here.work_and_approve()
    assert (here.run()["state"], "Application Passwords" in here.run()["why"]) == ("waiting", True)
    mine: dict[str, Any] = {"site": "https://practice.example", "user": "patchbay"}
    with pytest.raises(ConnectorError, match="does not accept"):
        whole.change_credentials(here, "wordpress", password="old", **mine)
    here.served.control("settings", {"revoked": []})
    whole.change_credentials(here, "wordpress", password=whole.own_token(here), **mine)
    here.work_and_approve()
    assert here.run()["state"] == "done", here.run()
