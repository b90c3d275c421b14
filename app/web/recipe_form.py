"""The form of a recipe's settings: drawn from the recipe, read back into plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from app.core.recipe import Recipe, Setting
from app.settings import LEVELS
from connectors.contract import JSON

PREFIX = "s-"


def values(recipe: Recipe, stored: Mapping[str, JSON]) -> dict[str, JSON]:
    """What the form shows: what was saved, else the recipe's own default."""
    return {name: stored.get(name, setting.default) for name, setting in recipe.settings.items()}


def read(recipe: Recipe) -> dict[str, JSON]:
    """What came back, named fields only, each as the type the recipe says."""
    return {name: _read(setting) for name, setting in recipe.settings.items()}


def _read(setting: Setting) -> JSON:
    given = request.form.get(PREFIX + setting.name, "").strip()
    if setting.type == "yes_no":
        return given == "yes"
    if setting.type == "list":
        return [line.strip() for line in given.splitlines() if line.strip()]
    if setting.type == "number":
        return _number(given)
    return given or None


def _number(given: str) -> Any:
    """A number, or the text as it came: the recipe then says what is wrong with it."""
    try:
        value = float(given.replace(",", "."))
    except ValueError:
        return given or None
    return int(value) if value.is_integer() else value


def accounts(recipe: Recipe) -> dict[str, str]:
    """connector slug → chosen connection."""
    chosen = {slug: request.form.get(f"c-{slug}", "").strip() for slug in recipe.slugs}
    return {slug: connection for slug, connection in chosen.items() if connection}


def level() -> str:
    given = request.form.get("level", "")
    return given if given in LEVELS else "review"


def daily_tokens() -> int | None:
    """The model's budget a day; None leaves it as it is. Raises ValueError with a sentence."""
    given = request.form.get("daily_tokens", "").strip()
    if not given:
        return None
    if not given.isdecimal() or not 1000 <= int(given) <= 1_000_000_000:
        raise ValueError("Model budget a day: write a number of tokens between 1,000 and 1,000,000,000.")
    return int(given)
