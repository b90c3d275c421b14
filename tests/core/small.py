"""A small world of connectors for recipe tests, and a recipe that fits it."""

from __future__ import annotations

from typing import Any

from app.core import recipe
from app.core.recipe import Recipe, RecipeError
from connectors.contract import (
    Account,
    Action,
    ApiKey,
    Choice,
    Connector,
    Field,
    Label,
    Lookup,
    Role,
    Safety,
    Trigger,
)


def _send(client: Any, key: str, *, to: str, text: str, amount: int = 0, extra: Any = None) -> dict[str, Any]:
    return {"id": "1"}


def _find(client: Any, *, name: str) -> dict[str, Any]:
    return {"name": name}


def _hidden(client: Any, key: str, *, page: str) -> dict[str, Any]:
    return {"id": page}


def _record(slug: str, **more: Any) -> Connector:
    return Connector(
        slug=slug,
        title=slug.title(),
        says="",
        hosts={"api": "https://api.example"},
        auth=ApiKey((Field("token", "Token"),)),
        open=lambda credentials, http: None,
        check=lambda client: Account("1", "One"),
        explain=lambda status, body: None,
        **more,
    )


FIELDS = {
    "id": Label.VENDOR,
    "topic": Label.OUTSIDE,
    "tags[]": Label.OUTSIDE,
    "lines[].text": Label.OUTSIDE,
    "lines[].sku": Label.VENDOR,
    "answers.*": Label.OUTSIDE,
}

SHOP = _record(
    "shop", triggers=(Trigger("order.made", "An order was made", lambda body: {}, FIELDS),), lookups={}
)  # fmt: skip
POST = _record(
    "post",
    actions={
        "send": Action(
            _send, "Send", "sends", Safety.KEYED, {"to": Role.WHERE, "amount": Role.MONEY, "text": Role.CONTENT}
        ),
        "find": Action(_find, "Find", "finds"),
        "hidden": Action(_hidden, "Hide", "hides", Safety.SET, find=lambda *given: [], internal=True),
    },
    lookups={"box": Lookup(lambda client, query: [Choice("1", "One")])},
)
CONNECTORS = {"shop": SHOP, "post": POST}

HEAD = """\
recipe: small
title: Small
purpose: To test.
settings:
  box: {label: Box, type: post.box}
  words: {label: Words, type: list, default: [one, 2, 1:1]}
when: shop.order.made
"""

STEPS = """\
steps:
  - id: recap
    ask: What is it about?
    given: {text: "{{ event.topic }}", words: "{{ settings.words }}", tags: "{{ event.tags }}"}
    answer:
      about: short_text
      word: one of words or none
      tag: one of tags?
      todos: {list: {task: short_text, due: date?, quote: quote of text}}
  - id: sent
    do: post.send
    given:
      to: "{{ settings.box }}"
      text: "{{ recap.about }}"
"""


def load(text: str) -> Recipe:
    """A recipe of this small world."""
    return recipe.load(text, "small/recipe.yaml", CONNECTORS)


def problems(text: str) -> list[tuple[int, int, str, str]]:
    """(line, column, message, hint) of everything that is wrong with it."""
    try:
        load(text)
    except RecipeError as error:
        return [(p.line, p.column, p.message, p.hint) for p in error.problems]
    return []
