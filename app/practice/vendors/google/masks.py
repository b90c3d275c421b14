"""`fields`: which parts of an answer are asked for. https://developers.google.com/workspace/docs/api/how-tos/field-masks"""

from __future__ import annotations

import re
from typing import Any

JSON = Any
Tree = dict[str, "Tree"]


def only(value: JSON, mask: str) -> JSON:
    """What is left of an answer; all of it for an empty mask."""
    return _keep(value, _tree(re.findall(r"[\w*]+|[(),/]", mask))) if mask else value


def _tree(tokens: list[str]) -> Tree:
    """Eats tokens up to the closing bracket."""
    found: Tree = {}
    while tokens and tokens[0] != ")":
        name = tokens.pop(0)
        here = found.setdefault(name, {})
        while tokens and tokens[0] == "/":
            tokens.pop(0)
            here = here.setdefault(tokens.pop(0), {})
        if tokens and tokens[0] == "(":
            tokens.pop(0)
            here.update(_tree(tokens))
            tokens.pop(0)
        if tokens and tokens[0] == ",":
            tokens.pop(0)
    return found


def _keep(value: JSON, tree: Tree) -> JSON:
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [_keep(one, tree) for one in value]
    return {name: _keep(value[name], below) for name, below in tree.items() if name in value}
