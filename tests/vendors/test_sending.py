"""A mail is sent once, a while after it was decided, unless somebody stops it; after a lost answer it is looked for and not
sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core import polling, recipes, reviews, runs
from app.core.hub import Hub
from app.settings import Settings
from tests.durability.world import World, one_round, world

MAIL = Path(__file__).parent / "mail" / "mail-answer"


def switch_on(hub: Hub, level: str = "auto") -> None:
    recipes.publish(hub, MAIL, by="a test")
    recipes.switch_on(hub, MAIL.name, practice=True, level=level, by="a test")


@pytest.fixture
def office(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with world(settings, tmp_path / "practice", also=switch_on) as made:
        polling.poll(made.hub, _mailbox(made), "mail.received") if polling.due(made.hub) else None
        yield made


def _mailbox(office: World) -> str:
    return office.connection("email")


def arrive(office: World, *, approved: bool = True) -> None:
    """A mail comes in, is polled, its run begins, and somebody approves the answer."""
    office.served.control("email_arrive", {})
    assert len(polling.poll(office.hub, _mailbox(office), "mail.received")) == 1
    one_round(office.hub)  # routed
    one_round(office.hub)  # begun
    if approved:
        assert office.approve() == 1
        one_round(office.hub)


def sent(office: World) -> list[dict[str, Any]]:
    return list(office.served.control("state?slug=email").get("handed over", []))


def test_a_mail_leaves_after_a_while(office: World) -> None:
    arrive(office)
    run = office.run()
    assert (run["state"], sent(office)) == ("later", [])
    assert "Stop the run to keep it back" in run["why"]
    assert [write["state"] for write in office.writes()] == ["pending"]
    office.work()
    assert office.run()["state"] == "done"
    assert len(sent(office)) == 1


def test_a_run_that_is_stopped_meanwhile_sends_nothing(office: World) -> None:
    arrive(office)
    runs.cancel(office.hub, office.run()["id"], by="Ana")
    office.work()
    assert (office.run()["state"], sent(office)) == ("cancelled", [])


def test_a_worker_that_looks_too_early_begins_no_other_wait(office: World) -> None:
    arrive(office)
    due = office.writes()[0]["deadline_at"]
    office.skip(500)
    one_round(office.hub)
    assert (office.writes()[0]["deadline_at"], sent(office)) == (due, [])


def test_the_while_begins_when_a_person_has_approved(office: World) -> None:
    switch_on(office.hub, "review")
    arrive(office, approved=False)
    (review,) = office.reviews(state="open")
    office.skip(600_000)
    reviews.decide(office.hub, review["id"], "approve", by="Ana")
    one_round(office.hub)
    assert (office.run()["state"], sent(office)) == ("later", [])
    office.work()
    assert len(sent(office)) == 1
    (copy,) = office.reviews(state="open")  # the copy in the folder of sent mail is a change of its own
    reviews.decide(office.hub, copy["id"], "approve", by="Ana")
    office.work()
    assert (office.run()["state"], len(sent(office))) == ("done", 1)


def test_a_lost_answer_is_looked_for_where_the_server_keeps_copies(office: World) -> None:
    office.served.control("settings", {"email_files_copies": True})
    office.served.fault("email", "cut_after", method="SEND")
    arrive(office)
    office.work()
    assert (office.run()["state"], len(sent(office))) == ("done", 1)
    assert {write["found_by"] for write in office.writes(action="email.send")} == {"look-up"}


@pytest.mark.parametrize(("fault", "applied"), [("cut_after", 1), ("cut_before", 0)])
def test_where_it_keeps_none_a_person_is_asked(office: World, fault: str, applied: int) -> None:
    """That no copy is there proves nothing, so that a mail is never sent again by itself."""
    office.served.fault("email", fault, method="SEND")
    arrive(office)
    office.work()
    (review,) = office.reviews(state="open")
    assert "no copy of it is there, which proves nothing" in review["says"]
    assert (office.run()["state"], len(sent(office))) == ("waiting", applied)
    reviews.decide(office.hub, review["id"], "arrived" if applied else "again", by="Ana")
    office.work()
    assert (office.run()["state"], len(sent(office))) == ("done", 1)


def test_a_refused_recipient_ends_the_run_with_the_servers_words(office: World) -> None:
    office.served.control("settings", {"email_smtp": {"rcpt": [550, "5.1.1 No such user"]}})
    arrive(office)
    office.work()
    assert office.run()["state"] == "failed"
    assert "No such user" in office.run()["why"]
    assert sent(office) == []
