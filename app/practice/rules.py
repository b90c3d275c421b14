"""Addresses whose builders are made when somebody first asks for one: hundreds of them would take longest of all at a start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """Werkzeug compiles two functions for every rule, for `url_for`, which is asked for only a few of ours. Without the method
    that is put off here (werkzeug 3) it would only be slower."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_, made = super()._compile_builder, list[Any]()

        def build(rule: Rule, *args: Any, **more: Any) -> tuple[str, str]:
            if not made:
                made.append(compile_(append_unknown))
            told: tuple[str, str] = made[0](rule, *args, **more)
            return told

        return build
