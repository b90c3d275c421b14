"""What the engine does with changes, without its journal; and how a written page reads."""

from __future__ import annotations

from typing import Any

from notion_client.errors import APIResponseError

from connectors.contract import Call
from connectors.notion import connector
from connectors.notion._client import Notion
from connectors.notion._tree import visible
from tests.connectors.notion_fake import SOURCE, Fake

KEY = "hub-abcdefghijklmnopqrst"


def carry_out(client: Notion, call: Call, key: str = KEY) -> Any:
    """A change with all that goes before and after it."""
    action = connector.actions[call.action]
    arguments = action.prepare(client, call.arguments) if action.prepare else call.arguments
    for first in action.before(client, arguments) if action.before else []:
        carry_out(client, first)
    result = send(client, Call(call.action, arguments), key)
    for following in action.after(arguments, result) if action.after else []:
        carry_out(client, following)
    return result


def send(client: Notion, call: Call, key: str = KEY) -> Any:
    """One change; if its answer is lost, look it up, and send it again only if it is not there."""
    action = connector.actions[call.action]
    try:
        return action.run(client, key, **call.arguments)
    except APIResponseError:
        assert action.find is not None
        found = action.find(client, key, call.arguments)
        assert len(found) <= 1
        return found[0] if found else send(client, call, key)


def page(title: str = "Weekly", **more: Any) -> Call:
    return Call("create_page", {"data_source": SOURCE, "title": title, **more})


def shown(fake: Fake, page_id: str) -> list[str]:
    """The text of every block of a page, top to bottom."""
    lines = []
    for block in fake.children.get(page_id, []):
        lines += [visible(block), *shown(fake, block["id"])]
    return lines


LONG = "\n".join(
    [
        "intro **bold**",
        "",
        *(f"- [ ] task {n % 7}" for n in range(230)),
        "",
        *("  " * level + f"- level {level}\n" + "  " * level + f"  more {level}" for level in range(20)),
        "",
        "1. one\n   - " + "\n   - ".join(f"under one {n}" for n in range(130)),
        "2. two",
        "",
        "| a | b |\n|---|---|\n" + "\n".join(f"| {n} | cell {n} |" for n in range(250)),
        "",
        *(f"same\n\n---\n\nparagraph {n}\n" for n in range(120)),
    ]
)
