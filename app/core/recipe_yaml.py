"""Reads YAML strictly into nodes that remember their place: no anchors, aliases, tags or duplicate keys, and only text,
whole numbers, true, false and null (security rule C15). Anything else is text: dates, `9:30`, `1.50`, `0x1F`, `no`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from app.core.recipe_problems import Problems
from app.core.recipe_yaml_places import places

BYTES = 64 * 1024
DEPTH = 20

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
HINT = "Check the indentation, the colons and the quotes of this line; a value with `{{` needs quotes around it."
QUOTES = 'A value with `{{ … }}` needs quotes around it: "{{ … }}".'
WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


class Source:
    """The text of one file, able to say in which line and column a character stands (both from 1)."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.starts = [0] + [m.end() for m in re.finditer("\n", self.text)]

    def at(self, index: int) -> tuple[int, int]:
        """(line, column) of the character at `index`."""
        line = bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1


@dataclass(frozen=True)
class Scalar:
    """One text, whole number, true, false or null. `text` is what was written, `value` what it means."""

    source: Source
    start: int
    end: int
    style: str
    text: str
    value: str | int | bool | None

    @property
    def at(self) -> tuple[int, int]:
        """Where it begins."""
        return self.source.at(self.start)

    def place(self, index: int) -> tuple[int, int]:
        """Where the character `index` of `text` stands in the file, through quotes, escapes and block indentation."""
        found = places(self.source.text[self.start : self.end], self.style, self.text)
        return self.source.at(self.start + found[min(index, len(found) - 1)]) if found else self.at


@dataclass(frozen=True)
class Items:
    """A list."""

    at: tuple[int, int]
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Fields:
    """A mapping; `keys` are in the order of the file."""

    at: tuple[int, int]
    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)


Node = Scalar | Items | Fields


class Stop(Exception):
    """The file cannot be read any further; why is already among the problems."""


def parse(text: str, problems: Problems) -> Node | None:
    """The whole file as one node, or None when it cannot be read; what is wrong goes to `problems`."""
    problems.lines = Source(text).text.split("\n")
    return _faultless(text) or _parse(text, problems)


@lru_cache(maxsize=100)
def _faultless(text: str) -> Node | None:
    """The node of a file with nothing wrong in it, else None. Every start reads the same few files again and again, and the
    reader is slow; nobody changes a node once it is made."""
    problems = Problems("", text)
    node = _parse(text, problems)
    return None if len(problems) else node


def _parse(text: str, problems: Problems) -> Node | None:
    source = Source(text)
    problems.lines = source.text.split("\n")
    if len(source.text.encode("utf-8", "surrogatepass")) > BYTES:
        problems.add((1, 1), "this file is larger than 64 KB", "Split it into two recipes.")
        return None
    try:
        return Builder(source, problems).document()
    except Stop:
        return None


def _events(source: Source, problems: Problems) -> Iterator[Any]:
    """Every event of the scanner; its complaints become problems and end the reading."""
    try:
        yield from YAML(typ="safe", pure=True).parse(source.text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = source.at(min(mark.index, len(source.text))) if mark else (1, 1)
        problems.add(at, f"this is not valid YAML: {error.problem or error.context}", HINT)
        raise Stop from None
    except Exception as error:  # the scanner fails in many ways on rubbish; for its reader all mean the same
        said = (str(error).splitlines() or ["unreadable"])[0]
        problems.add((1, 1), f"this is not valid YAML: {said}", HINT)
        raise Stop from None


class Builder:
    """Builds nodes out of the scanner's events and refuses what YAML can do beyond plain data."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self.source = source
        self.problems = problems
        self.events = _events(source, problems)

    def document(self) -> Node | None:
        """The one document of the file; None when it is empty."""
        node: Node | None = None
        seen = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                seen += 1
                if seen > 1:
                    self.problems.add(self._at(event), "a second document begins here", "Remove the `---`.")
                    break
                node = self.node(next(self.events), 1)
        return node

    def node(self, event: Any, depth: int) -> Node:
        """The node that begins with `event`."""
        if isinstance(event, AliasEvent):
            self.problems.add(self._at(event), "aliases (`*name`) are not used here", "Write the value out again.")
            return Scalar(self.source, event.start_mark.index, event.end_mark.index, "", "", None)
        self._refuse_extras(event)
        if depth > DEPTH:
            self.problems.add(self._at(event), f"this is nested more than {DEPTH} levels deep", "Make it flatter.")
            raise Stop
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        return self._fields(event, depth) if isinstance(event, MappingStartEvent) else self._items(event, depth)

    def _items(self, event: Any, depth: int) -> Items:
        node = Items(self._at(event))
        while not isinstance(inner := next(self.events), SequenceEndEvent):
            node.items.append(self.node(inner, depth + 1))
        return node

    def _fields(self, event: Any, depth: int) -> Fields:
        node = Fields(self._at(event))
        while not isinstance(inner := next(self.events), MappingEndEvent):
            key = self.node(inner, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.problems.add(key.at, "a name must be one word", QUOTES)
            elif key.text in node.keys:
                first = node.keys[key.text].at[0]
                self.problems.add(key.at, f"`{key.text}` is here twice (first in line {first})", "Remove one of them.")
            else:
                node.keys[key.text], node.values[key.text] = key, value
        return node

    def _scalar(self, event: Any) -> Scalar:
        text = str(event.value)
        style = event.style or ""
        value: str | int | bool | None = text
        if not style:
            value = WORDS[text] if text in WORDS else int(text) if INTEGER.fullmatch(text) else text
        return Scalar(self.source, event.start_mark.index, event.end_mark.index, style, text, value)

    def _refuse_extras(self, event: Any) -> None:
        if getattr(event, "anchor", None):
            self.problems.add(self._at(event), "anchors (`&name`) are not used here", f"Remove `&{event.anchor}`.")
        if getattr(event, "tag", None):
            self.problems.add(self._at(event), f"`{event.tag}` is not used here", "Remove it; values are plain data.")

    def _at(self, event: Any) -> tuple[int, int]:
        return self.source.at(event.start_mark.index)
