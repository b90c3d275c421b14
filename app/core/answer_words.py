"""Reads the `answer` of an `ask` step: words such as `short_text` or `one of people or nobody` become its parts."""

from __future__ import annotations

import re
from collections.abc import Collection

from app.core.answer import Answer, Group, Many, OneOf, Part, Plain, Quote
from app.core.answer_checks import TYPES
from app.core.recipe_problems import Problems, suggest
from app.core.recipe_yaml import Fields, Node, Scalar

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
TAKEN = {"size", "first", "last", "list"}
DEPTH = 8  # strict schemas allow 10 levels, and each list is one
WORDS = [*TYPES, "one of", "quote of"]


class Reader:
    """Reads one answer. `given` are the names of the step's `given`, which quotes and choices refer to."""

    def __init__(self, problems: Problems, given: Collection[str]) -> None:
        self.problems = problems
        self.given = given

    def answer(self, node: Node) -> Answer | None:
        """The answer, or None when something is wrong with it."""
        before = len(self.problems)
        if not isinstance(node, Fields):
            self.problems.add(node.at, "`answer` names the parts of the answer", "Write {decisions: {list: text}}.")
            return None
        part = self._group(node, 1)
        return Answer(part) if len(self.problems) == before and isinstance(part, Group) else None

    def _part(self, node: Node, depth: int) -> Part:
        if depth > DEPTH:
            self.problems.add(node.at, "this answer is nested too deeply", "Ask for fewer levels.")
            return Plain("text")
        if isinstance(node, Fields):
            return self._many(node, depth) if "list" in node.keys else self._group(node, depth)
        if isinstance(node, Scalar):
            return self._word(node)
        self.problems.add(node.at, "a list of answers is written {list: …}", "Write {list: short_text}.")
        return Plain("text")

    def _many(self, node: Fields, depth: int) -> Part:
        for name, key in node.keys.items():
            if name != "list":
                self.problems.add(key.at, f"`{name}` stands beside `list`", "Put it inside: {list: {…}}.")
        return Many(self._part(node.values["list"], depth + 2))

    def _group(self, node: Fields, depth: int) -> Group:
        if not node.keys:
            self.problems.add(node.at, "nothing is asked for here", "Name at least one part.")
        for name, key in node.keys.items():
            if not NAME.fullmatch(name) or name in TAKEN:
                hint = "Use small letters, digits and _, and begin with a letter."
                self.problems.add(key.at, f"`{name}` cannot be the name of a part", hint)
        return Group({name: self._part(value, depth + 1) for name, value in node.values.items()})

    def _word(self, node: Scalar) -> Part:
        text = " ".join(node.text.split())
        optional = text.endswith("?")
        text = text.removesuffix("?").rstrip()
        if text in TYPES:
            return Plain(text, optional)
        if text.startswith("one of "):
            return self._one_of(node, text.removeprefix("one of "), optional)
        if text.startswith("quote of "):
            return Quote(self._source(node, text.removeprefix("quote of ")), optional)
        hint = suggest(text, WORDS, say="You can ask for")
        self.problems.add(node.at, f"`{node.text}` is not something an answer can hold", hint)
        return Plain("text")

    def _one_of(self, node: Scalar, text: str, optional: bool) -> Part:
        if "," in text:
            words = [word.strip() for word in re.split(r",\s*or\s+|\s+or\s+|,", text)]
            return self._fixed(node, words, optional)
        first, *others = re.split(r"\s+or\s+", text)
        if first.strip() in self.given:
            return self._from_given(node, first.strip(), others, optional)
        if others:
            return self._fixed(node, [first, *others], optional)
        return OneOf((), self._source(node, first.strip()), optional)

    def _from_given(self, node: Scalar, source: str, others: list[str], optional: bool) -> Part:
        if not others and not optional:
            hint = f"Write `one of {source} or nobody`, or `one of {source}?`."
            self.problems.add(node.at, f"`{source}` may be empty or not hold the right one", hint)
        return OneOf(tuple(others), source, optional)

    def _fixed(self, node: Scalar, words: list[str], optional: bool) -> Part:
        if not all(words) or len(set(words)) < len(words):
            self.problems.add(node.at, "every choice must be there once", "Write `one of low, middle, high`.")
        return OneOf(tuple(words), "", optional)

    def _source(self, node: Scalar, name: str) -> str:
        if name not in self.given:
            hint = suggest(name, self.given, say="`given` has") or "Add it to `given`."
            self.problems.add(node.at, f"`{name}` is not in this step's `given`", hint)
        return name
