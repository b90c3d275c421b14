"""Reads the `settings` of a recipe: the fields of its form, their types, and what stands in them at first."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.core.recipe_nodes import Nodes
from app.core.recipe_parts import Setting
from app.core.recipe_problems import suggest
from app.core.recipe_yaml import Fields, Items, Node, Scalar
from connectors.contract import JSON, Connector

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
KEYS = ("label", "type", "default", "help", "optional", "choices")
TYPES = ("text", "number", "yes_no", "list", "choice")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
MOST = 30


def read_settings(node: Node | None, nodes: Nodes, connectors: Mapping[str, Connector]) -> dict[str, Setting]:
    """Every setting that can be read."""
    fields = nodes.fields(node, "settings")
    reader = _Reader(nodes, connectors)
    return {name: reader.setting(name, key, fields.values[name]) for name, key in fields.keys.items()} if fields else {}


class _Reader:
    def __init__(self, nodes: Nodes, connectors: Mapping[str, Connector]) -> None:
        self.nodes = nodes
        self.problems = nodes.problems
        self.connectors = connectors

    def setting(self, name: str, key: Scalar, value: Node) -> Setting:
        """One field of the form."""
        if not NAME.fullmatch(name):
            hint = "Use small letters, digits and _, and begin with a letter."
            self.problems.add(key.at, f"`{name}` cannot be the name of a setting", hint)
        node = self.nodes.fields(value, name) or Fields(value.at)
        if isinstance(value, Fields):
            self.nodes.known_keys(node, KEYS, "a setting")
            self.nodes.required(node, ("label", "type"), f"the setting `{name}`")
        kind = self._type(node)
        choices = self._choices(node, kind)
        label, about = (self.nodes.text(node.values.get(k), k, 400) for k in ("label", "help"))
        default = self._default(node, kind, choices)
        return Setting(name, label, kind, default, about, self._optional(node), choices)

    def _type(self, node: Fields) -> str:
        written = node.values.get("type")
        kind = self.nodes.text(written, "type")
        if not written or not kind or kind in TYPES:
            return kind
        pickers = [f"{c.slug}.{lookup}" for c in self.connectors.values() for lookup in c.lookups]
        if kind not in pickers:
            hint = suggest(kind, [*TYPES, *pickers], say="The types are")
            self.problems.add(written.at, f"there is no setting of type `{kind}`", hint)
            return ""
        return kind

    def _choices(self, node: Fields, kind: str) -> tuple[str, ...]:
        written = node.values.get("choices")
        if written and kind != "choice":
            self.problems.add(written.at, "`choices` belongs to a setting of type `choice`", "Write `type: choice`.")
        if kind != "choice":
            return ()
        self.nodes.required(node, ("choices",), "this setting")
        found = tuple(str(v) for v in self._texts(written)) if written else ()
        if written and (not found or len(set(found)) < len(found)):
            self.problems.add(written.at, "`choices` needs entries, each only once", "Write choices: [low, high].")
        return found

    def _texts(self, node: Node) -> list[str]:
        """The entries of a list, as the texts that were written."""
        if not isinstance(node, Items) or not all(isinstance(item, Scalar) for item in node.items):
            self.problems.add(node.at, "this must be a list of texts", "Write [one, two].")
            return []
        return [item.text for item in node.items if isinstance(item, Scalar)]

    def _default(self, node: Fields, kind: str, choices: tuple[str, ...]) -> JSON:
        written = node.values.get("default")
        if written is None or not kind:
            return [] if kind == "list" else False if kind == "yes_no" else None
        if kind == "list":
            return self._texts(written)
        if "." in kind:
            hint = "Remove it; the person who switches the recipe on picks one."
            self.problems.add(written.at, "a picker cannot have a default", hint)
            return None
        value = _plain(written, kind)
        if value is None or (kind == "choice" and value not in choices):
            hint = "Write one of its choices." if kind == "choice" else ""
            self.problems.add(written.at, f"this default does not fit the type `{kind}`", hint)
        return value

    def _optional(self, node: Fields) -> bool:
        written = node.values.get("optional")
        if written is None:
            return False
        if not isinstance(written, Scalar) or not isinstance(written.value, bool):
            self.problems.add(written.at, "`optional` is true or false", "Write optional: true.")
            return False
        return written.value


def _plain(node: Node, kind: str) -> JSON:
    """A single value of the type, or None."""
    if not isinstance(node, Scalar):
        return None
    if kind == "yes_no":
        return node.value if isinstance(node.value, bool) else None
    if kind == "number":
        return (float if "." in node.text else int)(node.text) if NUMBER.fullmatch(node.text) else None
    return node.text
