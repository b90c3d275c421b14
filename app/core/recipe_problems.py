"""What is wrong with a recipe: each problem with its place, its line, a caret, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

EXCERPT = 160  # characters of a source line that are shown


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to change. `line` and `column` count from 1, `excerpt` is the source line, `hint` what to write."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    excerpt: str = ""

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}:{self.column}: {self.message}"]
        if self.excerpt:
            shown, caret = _window(self.excerpt, self.column)
            lines += [f"    {shown}", f"    {' ' * caret}^"]
        return "\n".join([*lines, f"    {self.hint}"] if self.hint else lines)


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around the column, and where the caret goes under it. Tabs count as one space."""
    start = max(0, column - 1 - EXCERPT // 2) if len(line) > EXCERPT else 0
    return line[start : start + EXCERPT].replace("\t", " "), column - 1 - start


class RecipeError(Exception):
    """A recipe (or its cases) that does not load; `problems` holds every one, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class Problems:
    """Collects the problems of one file, so that all of them can be mended in one go."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.found: dict[tuple[int, int, str], Problem] = {}

    def add(self, at: tuple[int, int], message: str, hint: str = "") -> None:
        """Note one problem at (line, column), both from 1; the same one twice counts once."""
        line, column = at
        excerpt = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        self.found.setdefault((line, column, message), Problem(self.file, line, column, message, hint, excerpt))

    def __len__(self) -> int:
        return len(self.found)

    def raise_if_any(self) -> None:
        """Raise `RecipeError` with everything found so far."""
        if self.found:
            raise RecipeError(self.found.values())


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or an empty text."""
    choices = list(known)
    best = process.extractOne(word.lower(), choices, scorer=fuzz.ratio, score_cutoff=60)
    return str(best[0]) if best else ""


def suggest(word: str, known: Iterable[str], *, say: str = "What is there") -> str:
    """A hint: the nearest known word, else the list of what there is."""
    choices = sorted(known)
    if best := nearest(word, choices):
        return f"Did you mean `{best}`?"
    shown = ", ".join(f"`{c}`" for c in choices[:12]) + (" …" if len(choices) > 12 else "")
    return f"{say}: {shown}." if choices else ""
