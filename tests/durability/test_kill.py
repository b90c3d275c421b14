"""kill -9 of a worker at every point of the path: exactly one page, one row per to-do, and nothing paid for twice.

Every point is taken, at the granularity of single statements, sends (and the middle of a send) and reads; see `points.py`.
The job code is the real one, in a process of its own, and so is the kill. What time does (leases, deadlines, settling) is
moved on in the taking-over process, after the vendor has dealt with all that had reached it.
"""

from __future__ import annotations

import json

import pytest

from tests.durability.smithy import Smithy

PARTS = 2  # which run side by side


@pytest.mark.parametrize("part", range(PARTS))
def test_a_worker_killed_at_any_point(smithy: Smithy, part: int) -> None:
    wrong, at, end = [], part + 1, ""
    while end != "left":
        case = smithy.case()
        killed = case.kill(at)
        end, answered = killed.end, case.answered()
        wrong += [f"{at} {killed.label}: at once: {words}" for words in case.unfounded()]
        case.finish()
        wrong += [f"{at} {killed.label}: {words}" for words in case.wrong()]
        if case.asked() > (1 if answered else 2):
            wrong.append(f"{at} {killed.label}: the model was asked {case.asked()} times")
        at += PARTS
    assert wrong == []
    assert at > 120, f"only {at} points: is everything counted?"


def test_a_web_process_killed_at_any_point_of_a_delivery(smithy: Smithy) -> None:
    """Then the vendor sends again, and there is one event."""
    at, end = 0, ""
    while end != "left":
        at += 1
        case = smithy.case(deliver=False)
        sent = smithy.world.delivery(case.topic)
        given = {"key": sent.key, "body": sent.body.decode(), "headers": sent.headers}
        end = case.kill(at, "receive", given=given).end
        case.event = smithy.world.receive(case.topic, when=json.loads(sent.body)["event_ts"])
        case.finish()
        assert case.wrong() == [], at
    assert at > 5
