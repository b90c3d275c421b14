"""A hub put back to yesterday, or copied: nothing is sent before the owner says so, and nothing twice afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core import audit, beginning, hold, intake, polling, recipes, reviews, runs, sessions, users
from app.core.hub import Hub
from app.db import backup, models
from app.settings import Settings
from connectors.contract import Safety
from tests.databases import Postgres
from tests.durability.world import ALL_WELL, MEETINGS, RECIPE, SOON, Delivery, World, open_ahead
from tests.postgres import binaries

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """pg_dump of the release that the tests' server is of."""
    if not settings.database.startswith("sqlite"):
        monkeypatch.setenv("PATH", f"{binaries()}{os.pathsep}{os.environ['PATH']}")


class Yesterday:
    """A backup of a world, to which it can be put back."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.file = here.settings.home / "backups" / "yesterday"
        backup.make(here.settings, self.file)

    def restore(self) -> None:
        here = self.here
        here.hub.close()
        plan = backup.Plan(check=lambda house: None, hold=hold.sql(hold.RESTORED), finish=lambda settings: None)
        backup.restore(here.settings, self.file, self.file.with_name("replaced"), plan)
        reopen(here)

    def restore_and_resume(self) -> None:
        self.restore()
        hold.resume(self.here.hub, by="Ana")


def reopen(here: World) -> None:
    here.hub = open_ahead(here.settings)
    beginning.prepare(here.hub)


def deliver(here: World, sent: Delivery) -> str:
    answer = intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers)
    assert answer.status == 200
    return str(answer.body["event"])


def test_a_run_that_was_done_after_the_backup_is_not_done_again(here: World) -> None:
    here.receive()
    yesterday = Yesterday(here)
    here.work()
    assert here.state() == ALL_WELL
    yesterday.restore_and_resume()
    here.work()
    assert here.state() == ALL_WELL
    assert {w["found_by"] for w in here.writes() if w["action"] == "notion.create_page"} == {"look-up"}


def test_an_event_that_comes_again_because_the_backup_does_not_have_it_is_not_done_again(here: World) -> None:
    yesterday = Yesterday(here)
    sent = here.delivery()
    deliver(here, sent)
    here.work()
    assert here.state() == ALL_WELL
    yesterday.restore_and_resume()
    assert here.runs() == []
    deliver(here, sent)
    here.work()
    assert here.state() == ALL_WELL


def test_a_write_that_was_ready_to_be_sent_again_is_looked_up_first(here: World) -> None:
    here.served.fault("notion", "status", method="POST", path="/v1/pages", status=429, headers={"Retry-After": "9"})
    here.receive()
    here.work(most=0)
    assert "pending" in {w["state"] for w in here.writes()}
    yesterday = Yesterday(here)
    here.work()
    assert here.state() == ALL_WELL
    yesterday.restore_and_resume()
    here.work()
    assert here.state() == ALL_WELL


def test_what_was_not_sent_is_sent_once(here: World) -> None:
    here.receive()
    Yesterday(here).restore_and_resume()
    here.work()
    assert here.state() == ALL_WELL


def test_nothing_is_sent_asked_or_polled_before_resume_but_everything_is_taken_in(here: World) -> None:
    here.receive()
    Yesterday(here).restore()
    before = len(here.served.control("ledger"))
    fresh = here.receive("While on hold", meeting="held")
    here.work()
    assert polling.due(here.hub) == []
    assert len(here.served.control("ledger")) == before
    assert {e["state"] for e in here.events()} == {"new"}
    counts = hold.resume(here.hub, by="Ana")
    assert (counts["events"], counts["runs"]) == (2, 0)
    here.work()
    assert here.run(fresh)["state"] == "done"
    assert sorted(here.pages()) == ["Catch-up", "While on hold"]


def test_an_event_of_after_the_restore_is_sent_without_a_look(here: World) -> None:
    Yesterday(here).restore_and_resume()
    long_after = here.hub.now() + 3_600_000
    event = here.receive("Fresh", summary_created_time="2027-01-01T10:00:00Z", when=long_after)
    assert not hold.Doubt(0, 0).concerns(long_after, long_after)
    here.hub.now = lambda: long_after  # type: ignore[method-assign]
    late = here.receive("Later", meeting="later", when=long_after)
    here.work(most=0)
    assert here.run(late)["state"] == "done"
    assert here.run(event)["state"] in ("later", "done")


def test_what_a_person_approved_after_the_backup_is_not_sent_again(here: World) -> None:
    recipes.switch_on(here.hub, RECIPE, practice=True, level="review", settings={"meetings": MEETINGS, "todos": ""})
    here.receive()
    here.work()
    yesterday = Yesterday(here)
    approve_all(here)
    assert here.pages() == ["Catch-up"]
    yesterday.restore_and_resume()
    approve_all(here)
    assert here.run()["state"] == "done"
    assert here.pages() == ["Catch-up"]


def approve_all(here: World) -> None:
    for _ in range(10):
        here.work()
        for review in here.reviews(state="open"):
            assert review["kind"] == "approve", review["says"]
            reviews.decide(here.hub, review["id"], "approve", by="Ana")


def test_what_nobody_can_look_up_asks_a_person(here: World) -> None:
    here.receive()
    opaque(here.hub)
    yesterday = Yesterday(here)
    here.work()
    assert here.pages() == ["Catch-up"]
    yesterday.restore_and_resume()
    opaque(here.hub)
    here.work()
    (review,) = here.reviews(state="open")
    assert review["kind"] == "unknown"
    assert "before Patchbay's data was put back" in review["says"]
    reviews.decide(here.hub, review["id"], "arrived", by="Ana")
    here.work()
    assert here.pages() == ["Catch-up"]


def test_a_second_lost_answer_after_a_restore_asks_again(here: World) -> None:
    here.receive()
    yesterday = Yesterday(here)
    yesterday.restore_and_resume()
    opaque(here.hub)
    here.work()
    (review,) = here.reviews(state="open")
    here.served.fault("notion", "cut_after", method="POST", path="/v1/pages")
    reviews.decide(here.hub, review["id"], "again", by="Ana")
    here.work()
    assert here.pages() == ["Catch-up"]
    assert [r["kind"] for r in here.reviews(state="open")] == ["unknown"]


def opaque(hub: Hub) -> None:
    """Notion without a way to find a page."""
    notion = hub.connectors["notion"]
    page = replace(notion.actions["create_page"], safety=Safety.OPAQUE, find=None)
    hub.connectors = {**hub.connectors, "notion": replace(notion, actions={**notion.actions, "create_page": page})}


def test_the_resume_is_in_the_audit_and_sessions_of_yesterday_are_over(here: World) -> None:
    user = users.add(here.hub, email="ana@example.com", name="Ana", role="owner", password="green lamp under piano")
    cookie = sessions.start(here.hub, user)
    yesterday = Yesterday(here)
    yesterday.restore()
    assert sessions.find(here.hub, cookie) is None
    hold.resume(here.hub, by="Ana")
    with pytest.raises(ValueError, match="Nothing is held"):
        hold.resume(here.hub, by="Ana")
    assert audit.verify(here.hub)[1] is None
    assert "resumed" in {row["what"] for row in here._rows(models.audit)}


def test_a_copy_of_the_data_is_held_where_it_starts(
    here: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    here.receive()
    here.hub.close()
    reopen(here)
    with here.hub.db.read() as conn:
        assert hold.get(conn) is None
    for settings in copied(here, tmp_path, request):
        copy = open_ahead(settings)
        found = hold.look(copy)
        assert found is not None
        assert found.why == "moved"
        copy.close()
    reopen(here)
    here.work()
    assert here.state() == ALL_WELL


def copied(here: World, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """The same data in another place."""
    here.hub.close()
    if here.hub.db.is_sqlite:
        other = tmp_path / "other"
        shutil.copytree(here.settings.home, other)
        yield replace(here.settings, home=other, database_url="")
        return
    yesterday = Yesterday(here)
    server: Postgres = request.getfixturevalue("postgres")
    with server.fresh(template="template0") as url:
        settings = replace(here.settings, database_url=url)
        backup._tools(settings).load(yesterday.file, "", "")
        yield settings


def test_a_file_that_is_no_backup_changes_nothing(here: World, tmp_path: Path) -> None:
    wrong: Any = tmp_path / "wrong"
    for content in (b"", b"hello", b"SQLite format 3\0" + b"x" * 5000, b"PGDMP" + b"x" * 100):
        wrong.write_bytes(content)
        plan = backup.Plan(check=lambda house: None, hold="", finish=lambda settings: None)
        here.hub.close()
        with pytest.raises(Exception, match=r"(no backup of Patchbay|a backup of a|failed|not a database)"):
            backup.restore(here.settings, wrong, tmp_path / "aside", plan)
    reopen(here)
    here.receive()
    here.work(SOON)
    assert here.state() == ALL_WELL


def test_a_retry_after_a_refusal_has_a_new_key_which_is_the_same_after_a_restore(here: World) -> None:
    here.served.fault("notion", "status", method="POST", path="/v1/pages", status=400, body={"message": "No."})
    here.receive()
    here.work()
    assert here.run()["state"] == "failed"
    yesterday = Yesterday(here)
    runs.retry(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.state() == ALL_WELL
    yesterday.restore_and_resume()
    runs.retry(here.hub, here.run()["id"], by="Ana")
    here.work()
    assert here.state() == ALL_WELL
