"""The practice Slack on loopback, a connection opened to it through the real door, and writes as the gate makes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from app.core.http import Door, Request
from app.practice.serve import Served
from connectors.slack import connector
from connectors.slack._client import Slack

SAMPLES = Path(__file__).parent / "samples" / "slack"
ORDERS, RANDOM, OLD, OFFICE, SECRET_ONE = "C0ORDERS", "C0RANDOM", "C0OLDSTUFF", "C0OFFICE", "C0SECRET"


def sample(name: str) -> bytes:
    return next(SAMPLES.glob(f"{name}.*")).read_bytes()


def changed(name: str, /, **about: Any) -> bytes:
    """A sample with other values in its event, or (names in capitals: around it)."""
    document = json.loads(sample(name))
    for key, value in about.items():
        holder = document if key in ("type", "event", "event_id", "team_id", "authorizations") else document["event"]
        holder[key] = value
    return json.dumps(document).encode()


def pressed(**about: Any) -> bytes:
    """A press with other values."""
    document = json.loads(parse_qs(sample("button_pressed").decode())["payload"][0]) | about
    return urlencode({"payload": json.dumps(document)}).encode()


@dataclass
class Workspace:
    """One opened connection; `do` makes a change as the gate does: drawn first, then let out, the same bytes."""

    served: Served
    door: Door
    client: Slack

    def do(self, name: str, key: str = "hub-1", /, **arguments: Any) -> Any:
        return self.send(name, key, arguments)

    def draw(self, name: str, key: str, arguments: dict[str, Any]) -> Request:
        return self.door.draw(lambda: connector.actions[name].run(self.client, key, **arguments))

    def send(self, name: str, key: str, arguments: dict[str, Any]) -> Any:
        backwards = dict(reversed(arguments.items()))  # a journal may give the names back in any order
        request = self.draw(name, key, arguments)
        assert self.draw(name, key, backwards) == request
        with self.door.sending(request):
            return connector.actions[name].run(self.client, key, **arguments)

    def find(self, name: str, key: str, /, **arguments: Any) -> Any:
        find = connector.actions[name].find
        assert find
        return find(self.client, key, arguments)

    def before(self, name: str, **arguments: Any) -> Any:
        snapshot = connector.actions[name].snapshot
        assert snapshot
        return snapshot(self.client, arguments)

    def undo(self, name: str, arguments: dict[str, Any], result: Any, before: Any = None) -> str | None:
        """Takes a write back as the hub does; returns why not."""
        undo = connector.actions[name].undo
        assert undo
        if why := undo.changed(self.client, arguments, result, 0):
            return why
        call = undo.call(arguments, result, before)
        self.send(call.action, "hub-undo", call.arguments)
        return None

    def set(self, **notes: Any) -> None:
        self.served.control("settings", notes)

    def say(self, channel: str = ORDERS, text: str = "Hello", **more: Any) -> str:
        return str(self.served.control("slack_say", {"channel": channel, "text": text, **more})["ts"])

    def texts(self, channel: str = ORDERS) -> list[str]:
        """What stands in a channel, threads too, in the order of writing."""
        kept = [one for one in self.served.control("state?slug=slack").get("message", []) if not one["gone"]]
        mine = [one["message"] for one in kept if one["id"].startswith(channel.lower() + ":")]
        return [one["text"] for one in sorted(mine, key=lambda one: str(one["ts"]))]

    def effects(self) -> list[str]:
        return [one["effect"] for one in self.served.effects("slack")]


def opened(served: Served, token: str = "") -> Workspace:
    door = Door({"api": f"{served.url}/slack"}, seconds=5, public_only=False)
    return Workspace(served, door, connector.open({"token": token or f"xoxb-{served.token}"}, door))


@contextmanager
def standing() -> Iterator[Workspace]:
    with Served(limits=False) as served:
        yield opened(served)
