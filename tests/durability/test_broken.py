"""The kill test can fail: a gate that is broken on purpose is caught, each time by a page too many or a write without an end."""

from __future__ import annotations

from collections.abc import Iterator

from tests.durability.smithy import Case, Smithy, standstills

SENDING = "of POST /notion/v1/pages"


def points(smithy: Smithy, part: str = SENDING) -> list[int]:
    """Where a worker that does the whole path sends its first page, as numbers of points."""
    labels = smithy.case().kill(0).labels
    found = [n for n, label in enumerate(labels, 1) if part in label]
    assert found
    return found[: len(found) // 2]


def killed(smithy: Smithy, *breaks: str, then: tuple[str, ...] = ()) -> Iterator[tuple[int, Case]]:
    """Cases in which a worker (broken in `breaks`) died while it sent a page, and another one (`then`) finished."""
    for at in points(smithy):
        case = smithy.case()
        assert case.kill(at, breaks=breaks).end == "killed"
        case.finish(*then)
        yield at, case


def test_no_break_is_noticed_where_nothing_is_broken(smithy: Smithy) -> None:
    assert [case.wrong() for _, case in killed(smithy)] == [[]] * len(points(smithy))


def test_without_a_look_up_a_page_is_there_twice(smithy: Smithy) -> None:
    twice = [at for at, case in killed(smithy, then=("no look-up",)) if len(_pages(case)) == 2]
    assert twice


def test_an_intent_that_is_not_committed_before_the_call_makes_two_pages(smithy: Smithy) -> None:
    twice = [at for at, case in killed(smithy, "late intent") if len(_pages(case)) == 2]
    assert twice


def test_an_outcome_that_is_not_written_down_is_noticed(smithy: Smithy) -> None:
    case = smithy.case()
    assert case.kill(0, breaks=("no outcome",)).end == "left"
    assert "notion.create_page: intent" in case.wrong()


def test_a_worker_that_stood_still_and_goes_on(smithy: Smithy) -> None:
    """It stands still while it settles a lost answer and sends again, before each transaction and while it sends, until
    another one has finished; then it goes on, and changes nothing."""
    found = [case.wrong() for case in stood_still(smithy)]
    assert len(found) > 10
    assert not any(found), found


def test_the_fence_stops_it_also_without_an_alarm(smithy: Smithy) -> None:
    assert not any(case.wrong() for case in stood_still(smithy, "no alarm"))


def test_without_either_it_sends_a_second_page(smithy: Smithy) -> None:
    assert any(len(_pages(case)) == 2 for case in stood_still(smithy, "no alarm", "no fence"))


def stood_still(smithy: Smithy, *breaks: str) -> Iterator[Case]:
    half = points(smithy, f"half of send {SENDING}")[-1]
    first = unanswered(smithy, half)
    for at in standstills(first.forge("finish", breaks=breaks).labels):
        case = unanswered(smithy, half)
        stopped = case.stop(at, "finish", *breaks)
        assert stopped.end == "stopped"
        case.finish()
        went_on = case.go_on(stopped)
        assert went_on.end == ("died of its alarm" if stopped.armed else "left")
        yield case


def unanswered(smithy: Smithy, at: int) -> Case:
    """A worker died in the middle of sending a page, which never arrived."""
    case = smithy.case()
    report = case.kill(at)
    assert report.label == f"half of send {SENDING}"
    assert _pages(case) == []
    return case


def _pages(case: Case) -> list[str]:
    return case.smithy.world.pages(case.meetings, case.since)
