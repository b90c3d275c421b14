"""cases.yaml: how it is read, and how differences are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core import cases
from app.core.cases import Case, Expected
from app.core.recipe import RecipeError
from tests.core import shipped, small

GOOD = """\
- name: One
  event: {event: x, id: 5}
  settings: {box: b}
  answers: {recap: answer.json}
  expect:
    ended: done
    writes: [{action: post.send, arguments: {to: b}, times: 2}]
"""


def load(folder: Path, text: str) -> list[Case]:
    (folder / "cases").mkdir(exist_ok=True)
    (folder / "cases" / "answer.json").write_text('{"about": "x"}', "utf-8")
    (folder / "cases" / "broken.json").write_text("{", "utf-8")
    (folder / "cases.yaml").write_text(text, "utf-8")
    return cases.load(folder, small.load(small.HEAD + small.STEPS))


def test_a_case_is_read_with_its_files(tmp_path: Path) -> None:
    (case,) = load(tmp_path, GOOD)
    assert case.body == b'{"event": "x", "id": 5}'
    assert case.answers == {"recap": {"about": "x"}}
    assert case.writes == (Expected("post.send", {"to": "b"}, 2),)
    assert (case.name, case.line, case.ended, set(case.actions)) == ("One", 1, "done", {"post.send"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("event: {event: x, id: 5}", "event: nix.json", "there is no file `nix.json`"),
        ("event: {event: x, id: 5}", "event: ../cases.yaml", "there is no file `../cases.yaml`"),
        ("answer.json", "broken.json", "`broken.json` is not valid JSON"),
        ("{recap:", "{recp:", "the recipe has no `ask` step `recp`"),
        ("settings: {box: b}", "settings: {}", "Box: fill this in."),
        ("settings: {box: b}", "settings: {box: b, nix: 1}", "This recipe has no setting called nix."),
        ("ended: done", "ended: finished", "a run cannot end as `finished`"),
        ("post.send", "post.find", "no step of the recipe does `post.find`"),
        ("expect:", "expects:", "`expects` does not belong in a case"),
        ("times: 2", "time: 2", "`time` does not belong in a write"),
    ],
)
def test_what_is_wrong_with_a_case_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(RecipeError, match=said.replace(".", r"\.")):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_a_recipe_without_cases_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"there is no cases\.yaml here"):
        cases.load(tmp_path, small.load(small.HEAD + small.STEPS))
    with pytest.raises(RecipeError, match="there are no cases"):
        load(tmp_path, "")


CASE = Case(
    "One", 1, b"{}", ended="done", actions=frozenset({"post.send"}),
    writes=(Expected("post.send", {"to": "b", "text": {"contains": ["one", "two"], "lacks": "three", "starts": "o"}}),),
)  # fmt: skip


def test_no_difference_is_no_words() -> None:
    drawn = [{"action": "post.send", "arguments": {"to": "b", "text": "one two", "more": 1}}]
    extra = {"action": "post.hidden", "arguments": {}}
    assert cases.compare(CASE, [*drawn, extra], "done") == []


def test_differences_are_said_in_words() -> None:
    drawn = [{"action": "post.send", "arguments": {"to": "c", "text": "three one"}}]
    assert cases.compare(CASE, drawn * 2, "ignored") == [
        "it ended as ignored, not done",
        "it makes 2 writes, not 1",
        'write 1: to is "c", not "b"',
        'write 1: text lacks "two"',
        'write 1: text contains "three"',
        'write 1: text does not start with "o"',
    ]
    assert cases.compare(CASE, []) == ["it makes 0 writes, not 1"]


@pytest.mark.parametrize("case", shipped.shipped_cases(), ids=lambda case: case.name)
def test_every_shipped_case_can_fail(case: Case) -> None:
    """A hub that wrote nothing, or something else, is caught by each of them."""
    assert cases.compare(case, [], "failed") != []
    if case.writes:
        wrong = [{"action": w.action, "arguments": {"title": "?"}} for w in case.writes for _ in range(w.times)]
        assert cases.compare(case, wrong, case.ended) != []
