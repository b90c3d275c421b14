"""The blocks Notion takes, with its limits: https://developers.notion.com/reference/block ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.practice.vendors.notion import rich_text
from app.practice.vendors.notion.problems import (
    ABSENT,
    array,
    identifier,
    invalid,
    known,
    one_of,
    text,
    truth,
    url,
    wrong,
)

NESTING = 2
"""Levels of children inside the blocks of one request."""
MOST = 1000
"""Blocks in one request."""

_LANGUAGES = """
abap,abc,agda,arduino,ascii art,assembly,bash,basic,bnf,c,c#,c++,clojure,coffeescript,coq,css,dart,dhall,diff,
docker,ebnf,elixir,elm,erlang,f#,flow,fortran,gherkin,glsl,go,graphql,groovy,haskell,hcl,html,idris,java,
javascript,json,julia,kotlin,latex,less,lisp,livescript,llvm ir,lua,makefile,markdown,markup,matlab,
mathematica,mermaid,nix,notion formula,objective-c,ocaml,pascal,perl,php,plain text,powershell,prolog,
protobuf,purescript,python,r,racket,reason,ruby,rust,sass,scala,scheme,scss,shell,smalltalk,solidity,sql,
swift,toml,typescript,vb.net,verilog,vhdl,visual basic,webassembly,xml,yaml,java/c/c++/c#,
"""
LANGUAGES = tuple(name for name in _LANGUAGES.replace("\n", "").split(",") if name)

WORDS = {"rich_text": ..., "color": "default"}
HEADING = {**WORDS, "is_toggleable": False}
LINKED = {"url": ..., "caption": []}
FILED = {"external": ..., "type": "external", "caption": []}
SHAPES: dict[str, dict[str, Any]] = {
    "paragraph": WORDS,
    "bulleted_list_item": WORDS,
    "numbered_list_item": WORDS,
    "quote": WORDS,
    "toggle": WORDS,
    "to_do": {**WORDS, "checked": False},
    "callout": {**WORDS, "icon": None},
    "heading_1": HEADING,
    "heading_2": HEADING,
    "heading_3": HEADING,
    "code": {"rich_text": ..., "language": ..., "caption": []},
    "equation": {"expression": ...},
    "divider": {},
    "breadcrumb": {},
    "table_of_contents": {"color": "default"},
    "bookmark": LINKED,
    "embed": LINKED,
    "image": FILED,
    "video": FILED,
    "pdf": FILED,
    "audio": FILED,
    "file": {**FILED, "name": "file"},
    "link_to_page": {"page_id": ..., "type": "page_id"},
    "table": {"table_width": ..., "has_column_header": False, "has_row_header": False},
    "table_row": {"cells": ...},
    "column_list": {},
    "column": {},
}
"""Each type's fields with what they are when absent; `...` means they must be there."""

PARENTS = {"paragraph", "bulleted_list_item", "numbered_list_item", "quote", "toggle", "to_do", "callout"}
PARENTS |= {"heading_1", "heading_2", "heading_3", "table", "column_list", "column"}
NEEDS_CHILDREN = {"table", "column_list", "column"}


@dataclass
class Block:
    """A checked block: `content` as an answer shows it, without its children."""

    type: str
    content: dict[str, Any]
    children: list[Block] = field(default_factory=list)

    def count(self) -> int:
        return 1 + sum(child.count() for child in self.children)


def read(value: Any, path: str, nesting: int = NESTING, parent: str = "page") -> list[Block]:
    """Checks the `children` of a request. `parent`: the type of the block they go into."""
    blocks = [_block(item, f"{path}[{i}]", nesting, parent) for i, item in enumerate(array(value, path))]
    total = sum(block.count() for block in blocks)
    if total > MOST:
        invalid(
            f"body failed validation: the number of blocks in one request should be ≤ `{MOST}`, instead was `{total}`."
        )
    return blocks


def read_update(type: str, value: Any, path: str, now: dict[str, Any]) -> dict[str, Any]:
    """The new content of an existing block; fields not given stay as they are."""
    shape = {key: now.get(key) for key in SHAPES.get(type, {})}
    return _content(known(value, set(shape), path), path, shape)


def _block(item: Any, path: str, nesting: int, parent: str) -> Block:
    if not isinstance(item, dict):
        wrong(path, "an object", item)
    kind = _kind(item, path)
    _belongs(kind, parent, path)
    shape, place = SHAPES[kind], f"{path}.{kind}"
    body = known(item[kind], {*shape, *(["children"] if kind in PARENTS else [])}, place)
    block = Block(kind, _content(body, place, shape))
    block.children = _children(block, body.get("children", ABSENT), f"{place}.children", nesting)
    return block


def _kind(item: dict[str, Any], path: str) -> str:
    kinds = [key for key in item if key in SHAPES]
    kind = item.get("type") or (kinds[0] if kinds else ABSENT)
    if not isinstance(kind, str) or kind not in SHAPES:
        one_of(kind, tuple(SHAPES), f"{path}.type")
    known(item, {"object", "type", kind}, path)
    if item.get("object", "block") != "block":
        wrong(f"{path}.object", '`"block"`', item["object"])
    if kind not in item:
        wrong(f"{path}.{kind}", "defined", ABSENT)
    return str(kind)


def _belongs(kind: str, parent: str, path: str) -> None:
    only = {"table": "table_row", "column_list": "column"}
    if parent in only and kind != only[parent]:
        wrong(f"{path}.{only[parent]}", "defined", ABSENT)
    for holder, part in only.items():
        if kind == part and parent != holder:
            invalid(f"body failed validation: {path}.{kind} cannot stand outside a {holder}.")


def _children(block: Block, given: Any, path: str, nesting: int) -> list[Block]:
    if given is ABSENT or (given == [] and block.type not in NEEDS_CHILDREN):
        return [] if block.type not in NEEDS_CHILDREN else wrong(path, "defined", ABSENT)
    if nesting == 0:
        wrong(path, "not present", given)
    if block.type.startswith("heading") and not block.content["is_toggleable"]:
        invalid("Cannot add children to a heading that is not toggleable. Set is_toggleable to true.")
    children = read(given, path, nesting - 1, block.type)
    if block.type == "column_list" and len(children) < 2:
        wrong(f"{path}.length", "≥ `2`", len(children))
    if not children:
        wrong(f"{path}.length", "≥ `1`", 0)
    if block.type == "table":
        same_width(children, block.content["table_width"])
    return children


def same_width(rows: list[Block], width: int) -> None:
    for row in rows:
        if len(row.content["cells"]) != width:
            invalid(
                "body failed validation: Number of cells in table row must match the table width of the parent table "
                f"({width}), instead was {len(row.content['cells'])}."
            )


def _content(body: dict[str, Any], path: str, shape: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, otherwise in shape.items():
        given = body.get(name, ABSENT)
        if given is ABSENT and otherwise is ...:
            wrong(f"{path}.{name}", "defined", ABSENT)
        content[name] = otherwise if given is ABSENT else FIELDS[name](given, f"{path}.{name}")
    return content


def _width(value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100:
        wrong(path, "a number between `1` and `100`", value)
    return value


def _icon(value: Any, path: str) -> Any:
    if value is not None and not known(value, {"type", "emoji", "external"}, path).get("emoji"):
        wrong(f"{path}.emoji", "defined", ABSENT)
    return value and {"type": "emoji", "emoji": value["emoji"]}


FIELDS: dict[str, Callable[[Any, str], Any]] = {
    "rich_text": rich_text.read,
    "caption": rich_text.read,
    "color": lambda value, path: one_of(value, rich_text.COLORS, path),
    "language": lambda value, path: one_of(value, LANGUAGES, path),
    "expression": lambda value, path: text(value, path, 1000),
    "url": url,
    "external": lambda value, path: {"url": url(known(value, {"url"}, path).get("url", ABSENT), f"{path}.url")},
    "type": lambda value, path: one_of(value, ("external", "page_id"), path),
    "name": lambda value, path: text(value, path, 100),
    "page_id": identifier,
    "icon": _icon,
    "table_width": _width,
    "cells": lambda value, path: [rich_text.read(cell, f"{path}[{i}]") for i, cell in enumerate(array(value, path))],
    **dict.fromkeys(("is_toggleable", "checked", "has_column_header", "has_row_header"), truth),
}
