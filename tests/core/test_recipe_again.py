"""A recipe that is loaded again: read once, and told of again and again."""

from __future__ import annotations

from tests.core.small import HEAD, STEPS, load, problems

GOOD = HEAD + STEPS


def test_a_text_that_was_read_before_is_the_same_and_its_faults_are_told_each_time() -> None:
    assert load(GOOD).version == load(GOOD).version
    assert [s.id for s in load(GOOD).steps] == [s.id for s in load(GOOD).steps]
    broken = GOOD + "\nnothing: [&a 1, *a]\n"
    assert problems(broken) == problems(broken) != []
    unknown = GOOD.replace("post.send", "post.sent")  # good YAML, and no good recipe
    assert problems(unknown) == problems(unknown) != []
