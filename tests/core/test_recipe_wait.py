"""`wait` steps: what loads, what later steps may use of them, and what is said of a wrong one; cases and pictures of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core import cases, trial
from app.web import picture
from tests.core.small import CONNECTORS, HEAD, load, problems

STEPS = """\
steps:
  - id: paid
    wait: {for_event: shop.order.made, where: {id: "{{ event.id }}"}, at_most: 3 days, else: hold}
  - id: sent
    do: post.send
    given: {to: "{{ settings.box }}", text: "{{ paid.event.topic }} {{ settings.words | first }}"}
"""
GOOD = HEAD + STEPS


def wrong(old: str, new: str) -> tuple[int, int, str, str]:
    assert old in GOOD
    (only,) = problems(GOOD.replace(old, new))
    return only


def test_a_wait_loads_and_needs_the_account_of_its_event() -> None:
    made = load(GOOD)
    wait = made.steps[0].wait
    assert wait is not None
    assert (made.steps[0].kind, wait.kind, wait.otherwise) == ("wait", "shop.order.made", "hold")
    assert made.slugs == ("shop", "post")


@pytest.mark.parametrize(
    "form", ["for: 2 days", "for: 90 minutes", 'for: "{{ settings.box }}"', 'until: "{{ event.id }}"']
)
def test_a_wait_for_a_time_loads(form: str) -> None:
    text = GOOD.replace(STEPS.split("wait: ")[1].split("\n")[0], f"{{{form}}}").replace(
        "paid.event.topic", "paid.ended_at"
    )
    assert load(text).steps[0].kind == "wait"


@pytest.mark.parametrize(
    ("old", "new", "said", "hint"),
    [
        ("at_most: 3 days", "at_most: soon", "`soon` is no length of time", "Write it like 90 minutes"),
        (", at_most: 3 days", "", "a `wait` for an event has no `at_most`", "Add `at_most:`."),
        ("shop.order.made, where", "shop.order.mad, where", "there is no event `shop.order.mad`", "`shop.order.made`?"),
        ("where: {id:", "where: {idd:", "the event `shop.order.made` has no part `idd` to go by", "`id`?"),
        ("where: {id:", "where: {tags:", "the event `shop.order.made` has no part `tags` to go by", ""),
        ("where: {id:", "where: {answers: x, id:", "the event `shop.order.made` has no part `answers` to go by", ""),
        ("else: hold", "else: stop", "`else` cannot be `stop`", "go_on"),
        ("{for_event: shop.order.made, ", "{for: 2 days, ", "`at_most` belongs to `for_event`", "Remove it."),
        ("wait: {for_event", "wait: {for: 1 day, for_event", "`wait` has both `for` and `for_event`", "Write one of"),
        ("wait: {for_event: shop.order.made,", "wait: {", "this `wait` says not for what", "Write one of"),
        ("paid.event.topic", "paid.event.topik", "`paid.event.topik` is not there", "`paid.event.topic`?"),
        (
            "  - id: sent",
            '    for_each: "{{ event.tags }}"\n  - id: sent',
            "`for_each` does not belong to a `wait` step",
            "",
        ),
    ],
)
def test_a_wrong_wait_says_what_to_write(old: str, new: str, said: str, hint: str) -> None:
    found = problems(GOOD.replace(old, new))
    assert any(message == said and hint in hints for _, _, message, hints in found), found


def test_longer_than_a_year_and_a_moment_that_is_always_the_same() -> None:
    assert wrong("at_most: 3 days", "at_most: 60 weeks")[2] == "a run waits for at most 366 days"
    text = GOOD.replace(STEPS.split("wait: ")[1].split("\n")[0], "{until: 2026-11-02}").replace("paid.event.topic", "x")
    assert "would be the same moment for every run" in problems(text)[0][2]


CASE = """\
- name: One
  event: {event: x}
  settings: {box: b}
  ARRIVES
  expect: {ended: ENDED, writes: WRITES}
"""
SENT = "[{action: post.send, arguments: {text: Paid one}}]"


@pytest.mark.parametrize(
    ("arrives", "ended", "writes", "otherwise"),
    [
        ("arrives: {paid: {topic: Paid}}", "done", SENT, "hold"),
        ("reads: {}", "waiting", "[]", "hold"),
        ("reads: {}", "failed", "[]", "fail"),
    ],
)
def test_a_case_says_what_arrives(tmp_path: Path, arrives: str, ended: str, writes: str, otherwise: str) -> None:
    recipe = load(GOOD.replace("else: hold", f"else: {otherwise}").replace('id: "{{ event.id }}"', "id: seven"))
    text = CASE.replace("ARRIVES", arrives).replace("ENDED", ended).replace("WRITES", writes)
    (tmp_path / "cases.yaml").write_text(text)
    (case,) = cases.load(tmp_path, recipe)
    assert trial.try_case(CONNECTORS, recipe, case) == []


def test_the_picture_says_what_it_waits_for() -> None:
    spot = picture.draw(load(GOOD), CONNECTORS)[1]
    assert (spot.kind, spot.says) == ("wait", "An order was made")
    assert spot.extra == "At most 3 days; if it does not come, it asks a person"
