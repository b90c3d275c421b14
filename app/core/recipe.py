"""Recipes: YAML files that say what to do when something happens. Loads them, and names what they are made of."""

from __future__ import annotations

from collections.abc import Mapping

from app.core import recipe_reader, recipe_yaml
from app.core.answer import Answer
from app.core.condition import Condition
from app.core.recipe_parts import Check, Fixed, Given, Recipe, Replaces, Setting, Step
from app.core.recipe_problems import Problem, Problems, RecipeError
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
    "load",
]


def load(text: str, filename: str, connectors: Mapping[str, Connector]) -> Recipe:
    """The recipe in `text`. Raises `RecipeError` with every problem: file, line, column, caret, what to write."""
    problems = Problems(filename, text)
    root = recipe_yaml.parse(text, problems)
    return recipe_reader.read(root, problems, text, connectors)
