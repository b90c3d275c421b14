"""Every request for a page keeps every limit of Notion's, whatever the page holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings

from connectors.contract import Call
from connectors.notion import connector
from connectors.notion._markdown import read
from connectors.notion._parts import parts
from connectors.notion._text import encode
from connectors.notion._tree import Node, mark
from tests.connectors import notion_fake
from tests.connectors.notion_fake import SOURCE, Fake, check_request, connect
from tests.connectors.notion_hands import carry_out, page
from tests.connectors.test_notion_markdown import MARKDOWN


def put_together(markdown: str) -> list[Any]:
    """The page as it stands after all requests, each checked: [mark, inside] per block."""
    root: list[Any] = []
    for part in parts(read(markdown)):
        body = {"children": part.blocks}
        if part.blocks:
            check_request(body, encode(body))
        inside = root
        for index in part.path:
            inside = inside[index][1]
        assert len(inside) == part.start, "a part that comes at the wrong moment"
        inside.extend(arrived(part.blocks))
    return root


def arrived(blocks: Sequence[Any]) -> list[Any]:
    return [[mark(block), arrived(block[block["type"]].get("children", []))] for block in blocks]


def wanted(nodes: Sequence[Node]) -> list[Any]:
    return [[mark(node.payload()), wanted(node.children)] for node in nodes]


PAGES = {
    "one huge paragraph": "word " * 60_000,
    "one huge line of signs": "👩‍👩‍👧" * 37_000,
    "Hebrew": "שלום " * 60_000,
    "Chinese": "会议" * 150_000,
    "quotes and backslashes": '"\\\\ ' * 60_000,
    "looks that change with every word": "**a** *b* " * 15_000,
    "links": f"[x](https://x.test/{'y' * 1900}) " * 300,
    "three thousand boxes": "- [ ] task\n" * 3000,
    "a box that never ends": "- [ ] " + "word " * 60_000,
    "a heading that never ends": "# " + "word " * 60_000,
    "code that never ends": "```sql\n" + "select 1;\n" * 30_000 + "```",
    "a quote of many parts": "".join(f"> part {n}\n>\n" for n in range(1500)),
    "a list of many parts": "- all\n\n" + "".join(f"  part {n}\n\n" for n in range(1500)),
    "stairs": "".join("  " * n + f"- {n}\n" for n in range(20)) * 30,
    "a fan": "".join(f"- {n}\n" + "".join(f"  - {m}\n    - x\n" for m in range(120)) for n in range(12)),
    "a long table": "| a | b |\n|---|---|\n" + "| one | two |\n" * 3000,
    "a fat table": "| a | b |\n|---|---|\n" + f"| {'x' * 9000} | **y** |\n" * 30,
    "a cell that never ends": f"| a | b |\n|---|---|\n| {'word ' * 60_000} | end |",
    "a header that never ends": f"| {'word ' * 60_000} | b |\n|---|---|\n| one | two |",
    "a wide table": "|" + "a|" * 100 + "\n|" + "-|" * 100 + "\n" + ("|" + "b|" * 100 + "\n") * 120,
    "tables in lists": "".join(
        f"- {n}\n\n  | a |\n  |---|\n  | b |\n\n  - deep\n\n    | c |\n    |---|\n" for n in range(60)
    ),
    "dividers": "---\n\n" * 1000,
    "equations": "$$\nx\n$$\n\n" * 400 + "$y$ " * 2000,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_big_page_in_requests_that_notion_takes(name: str) -> None:
    assert put_together(PAGES[name]) == wanted(read(PAGES[name]))


@settings(max_examples=100, deadline=None)
@given(MARKDOWN)
def test_any_page_in_requests_that_notion_takes(markdown: str) -> None:
    assert put_together(markdown) == wanted(read(markdown))


def test_usual_pages_take_one_request() -> None:
    sample = Path(__file__).parent / "samples" / "notion" / "pages" / "recap.md"
    first, *rest = parts(read(sample.read_text()))
    assert len(first.blocks) == 17
    # Three levels of a list fit into one request; only its fourth level follows.
    assert [(part.path, len(part.blocks)) for part in rest] == [((4, 0, 0), 1)]


def test_two_hundred_boxes_take_two_requests() -> None:
    assert [len(part.blocks) for part in parts(read("- [ ] task\n" * 200))] == [100, 100]


def test_full_properties_leave_room_for_the_page() -> None:
    with notion_fake.serve() as fake:
        call = page(
            title="会" * 19_000, markdown=PAGES["Chinese"], properties={"Notes": "议" * 19_000, "Owner": "x" * 90_000}
        )
        carry_out(connect(fake), call)
        assert max(len(body) for _, _, body in fake.requests) < 500_000
        assert len(fake.pages) == 1


# --- against Notion's own description (version 2025-09-03, in part) ---

SPEC = Path(__file__).parent / "specs" / "notion.json"  # where it comes from and its terms: LICENSE beside it


@pytest.fixture(scope="module")
def spec() -> Any:
    return json.loads(SPEC.read_text())


@pytest.fixture(scope="module")
def sent() -> Iterator[Fake]:
    """Everything we ever ask of Notion, once."""
    with notion_fake.serve() as fake:
        client = connect(fake)
        connector.check(client)
        connector.lookups["data_source"].run(client, "meetings")
        result = carry_out(client, page(markdown="plain line\n\n" * 150, properties={"Date": "2026-11-02"}))
        find, undo = connector.actions["create_page"].find, connector.actions["create_page"].undo
        assert find
        assert undo
        find(client, "key", {"data_source": SOURCE})
        undo.changed(client, {}, result, 0)
        carry_out(client, Call("trash_page", {"page": result["id"]}))
        yield fake


def test_our_requests_fit_notions_own_description(spec: Any, sent: Fake) -> None:
    checked = set()
    for method, path, raw in sent.requests:
        known, operation = operation_of(spec, method, path)
        if raw:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            jsonschema.validate(_as_described(known, json.loads(raw)), {**schema, "components": spec["components"]})
        checked.add((method, known))
    assert checked == {
        ("GET", "/v1/users/me"),
        ("POST", "/v1/search"),
        ("GET", "/v1/data_sources/{data_source_id}"),
        ("PATCH", "/v1/data_sources/{data_source_id}"),
        ("POST", "/v1/pages"),
        ("PATCH", "/v1/blocks/{block_id}/children"),
        ("POST", "/v1/data_sources/{data_source_id}/query"),
        ("GET", "/v1/pages/{page_id}"),
        ("PATCH", "/v1/pages/{page_id}"),
    }


def operation_of(spec: Any, method: str, path: str) -> tuple[str, Any]:
    """The described path that this one is an instance of; one without a variable wins."""
    given = path.split("/")
    for known in sorted(spec["paths"], key=lambda one: one.count("{")):
        parts_ = known.split("/")
        fits = len(parts_) == len(given) and all(a == b or a[0:1] == "{" for a, b in zip(parts_, given, strict=True))
        if fits and method.lower() in spec["paths"][known]:
            return known, spec["paths"][known][method.lower()]
    raise AssertionError(f"{method} {path} is not described")


def _as_described(path: str, body: Any) -> Any:
    """Where the description is behind the version we speak: rows hang on data sources, blocks may say that they are
    blocks, and the children of a new page are no strings."""
    blocks = [{k: v for k, v in one.items() if k != "object"} for one in body.get("children", [])]
    if path == "/v1/pages":
        return {**body, "parent": {"database_id": body["parent"]["data_source_id"]}, "children": []}
    return {**body, **({"children": blocks} if blocks else {})}
