"""The page of a recipe that begins at times: when it begins next, pausing it, and trying it now."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core import connections, recipes, schedules, wall
from app.db.steady import since_boot
from tests.durability.test_firing import CASES, RECIPE
from tests.durability.world import MEETINGS
from tests.web.conftest import Site

PAGE = "/recipes/morning-note"


@pytest.fixture
def on(site: Site, tmp_path: Path) -> Site:
    """The recipe on a real account and on the practice ones."""
    folder = tmp_path / "morning-note"
    folder.mkdir()
    (folder / "recipe.yaml").write_text(RECIPE.replace("WHEN", "{every: monday at 07:00, zone: Europe/Berlin}"))
    (folder / "cases.yaml").write_text(CASES)
    recipes.publish(site.hub, folder, by="test")
    connections.create(site.hub, "notion", {"token": "secret"}, check_first=False)
    for practice in (False, True):
        recipes.switch_on(site.hub, "morning-note", practice=practice, settings={"meetings": MEETINGS})
    return site


def test_the_page_says_in_words_when_it_begins(on: Site) -> None:
    text = on.visitor("viewer").get(PAGE).get_data(as_text=True)
    assert "Every Monday at 07:00, Berlin time" in text
    coming = schedules.coming(on.hub, "morning-note", practice=False)
    assert coming
    assert coming.next_at
    assert "Next on Monday, " in text
    assert "07:00" in text
    assert ">Pause<" not in text  # a viewer changes nothing


def test_pausing_and_resuming(on: Site) -> None:
    builder = on.visitor("builder")
    assert builder.post(f"{PAGE}/times", to="pause").status_code == 303
    assert (paused := schedules.coming(on.hub, "morning-note", practice=False))
    assert paused.paused
    assert "Nothing begins until it is resumed" in builder.get(PAGE).get_data(as_text=True)
    builder.post(f"{PAGE}/times", to="resume")
    assert (resumed := schedules.coming(on.hub, "morning-note", practice=False))
    assert resumed.next_at


def test_trying_it_begins_a_run_now(on: Site) -> None:
    builder = on.visitor("builder")
    assert 'value="now"' in builder.get(PAGE).get_data(as_text=True)
    answer = builder.post(f"{PAGE}/try", sample="now")
    assert answer.status_code == 303
    text = builder.get(answer.headers["Location"]).get_data(as_text=True)
    assert "Berlin time" in text
    assert "It was " in text


def test_the_zone_of_the_house(on: Site) -> None:
    builder = on.visitor("builder")
    assert builder.post("/settings/zone", zone="Asia/Tokio").status_code == 422
    assert "Did you mean Asia/Tokyo?" in builder.post("/settings/zone", zone="Asia/Tokio").get_data(as_text=True)
    assert builder.post("/settings/zone", zone="Asia/Tokyo").status_code == 303
    with on.hub.db.read() as conn:
        assert schedules.house_zone(conn) == "Asia/Tokyo"


def test_a_jump_of_the_clock_is_told_on_the_home_page(on: Site) -> None:
    assert "The clock of this machine" not in on.visitor("viewer").get("/").get_data(as_text=True)
    on.hub.steady._offset = on.hub.steady.now() - since_boot() - 7_200_000
    wall.watch(on.hub)
    assert "The clock of this machine went 2 hours forward" in on.visitor("viewer").get("/").get_data(as_text=True)
