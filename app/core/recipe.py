"""Recipes: YAML files that say what to do when something happens. Loads them, and names what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.core import recipe_reader, recipe_yaml
from app.core.answer import Answer
from app.core.condition import Condition
from app.core.recipe_parts import Check, Fixed, Given, Recipe, Replaces, Setting, Step, Wait
from app.core.recipe_problems import Problem, Problems, RecipeError
from app.core.schedule import KIND
from app.core.template import Template, TemplateProblem
from connectors.contract import Connector

__all__ = [
    "Answer",
    "Check",
    "Condition",
    "Fixed",
    "Given",
    "Problem",
    "Recipe",
    "RecipeError",
    "Replaces",
    "Setting",
    "Step",
    "Template",
    "TemplateProblem",
    "Wait",
    "load",
    "text_of",
]


def load(text: str, filename: str, connectors: Mapping[str, Connector]) -> Recipe:
    """The recipe in `text`. Raises `RecipeError` with every problem: file, line, column, caret, what to write."""
    problems = Problems(filename, text)
    root = recipe_yaml.parse(text, problems)
    return recipe_reader.read(root, problems, text, connectors)


def written_trigger(text: str) -> str:
    """What stands after `when:`, without reading the rest; empty where nothing can be made of it."""
    root = recipe_yaml.parse(text, Problems("", text))
    when = root.values.get("when") if isinstance(root, recipe_yaml.Fields) else None
    if isinstance(when, recipe_yaml.Fields):
        return KIND
    return when.text.strip() if isinstance(when, recipe_yaml.Scalar) else ""


def text_of(folder: Path) -> str:
    """What stands in the recipe.yaml of this folder. Raises `RecipeError` for bytes that are no UTF-8 text."""
    file = folder / "recipe.yaml"
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        column = len(raw[: problem.start].rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        hint = "Save the file as UTF-8 (every editor can), and try again."
        said = Problem(f"{folder.name}/{file.name}", line, column, "this is not UTF-8 text", hint)
        raise RecipeError([said]) from problem
