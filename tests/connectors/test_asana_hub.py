"""Asana in a whole hub: a changed task is found, a run writes once and does not start itself, all is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from connectors.contract import ConnectorError
from tests.connectors import whole
from tests.durability.world import World

EVENT = {"event": "task.changed", "project": {"gid": "1301"}, "task": {"gid": "1", "name": "Chairs"}}
STEPS = [
    {"id": "more", "do": "asana.create_task", "given": {"project": "1302", "name": "Check: {{ event.name }}"}},
    {
        "id": "mark",
        "do": "asana.update_task",
        "given": {"task": "{{ event.id }}", "notes": "Checked: {{ event.name }}"},
    },
    {"id": "say", "do": "asana.comment", "given": {"task": "{{ more.id }}", "text": "From {{ event.name }}"}},
]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with whole.hub(settings, tmp_path, "asana.task.changed", EVENT, STEPS) as made:
        made.served.control("asana_task", {"name": "Chairs", "ago": 3600})
        whole.catch_up(made, "asana")  # from here on
        yield made


def rename(here: World) -> None:
    (task,) = [one for one in here.served.control("state?slug=asana")["task"] if one["projects"] == ["1301"]]
    here.served.control("asana_task", {"gid": task["gid"], "name": "Tables"})


def tasks(here: World) -> list[tuple[str, str]]:
    found = here.served.control("state?slug=asana").get("task", [])
    return [(one["name"], one["notes"].partition("\n\nPatchbay:")[0]) for one in found]


def comments(here: World) -> list[str]:
    return [one["text"] for one in here.served.control("state?slug=asana").get("story", [])]


def test_a_changed_task_is_written_to_once_and_starts_nothing_again(here: World) -> None:
    rename(here)
    assert len(whole.catch_up(here, "asana")) == 1
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert tasks(here)[0] == ("Tables", "Checked: Tables")
    assert tasks(here)[1][0] == "Check: Tables"
    assert comments(here) == ["From Tables"]
    assert whole.catch_up(here, "asana") == [], "our own change of the task is no news"
    whole.take_back(here, here.run()["id"])
    assert tasks(here) == [("Tables", "")]


@pytest.mark.parametrize("do", ["cut_before", "cut_after", "rubbish"])
@pytest.mark.parametrize(
    "what", [("POST", "/api/1.0/tasks", 0), ("PUT", "/api/1.0/tasks", 0), ("POST", "/api/1.0/tasks", 1)]
)
def test_whichever_answer_gets_lost_there_is_one_of_each(here: World, do: str, what: tuple[str, str, int]) -> None:
    method, path, skip = what
    here.served.fault("asana", do, method=method, path=path, skip=skip)
    rename(here)
    whole.catch_up(here, "asana")
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert tasks(here)[0] == ("Tables", "Checked: Tables")
    assert len(tasks(here)) == 2
    assert comments(here) == ["From Tables"]


def test_a_token_that_ended_stops_the_run_until_another_one_is_entered(here: World) -> None:
    rename(here)
    whole.catch_up(here, "asana")
    here.served.control("settings", {"revoked": ["asana"]})
    here.work()
    assert (here.run()["state"], "no longer accepts" in here.run()["why"]) == ("waiting", True)
    with pytest.raises(ConnectorError, match="no longer accepts"):
        whole.change_credentials(here, "asana", token="old")
    here.served.control("settings", {"revoked": []})
    whole.change_credentials(here, "asana", token=whole.own_token(here))
    here.work()
    assert here.run()["state"] == "done", here.run()
    assert tasks(here)[0] == ("Tables", "Checked: Tables")
