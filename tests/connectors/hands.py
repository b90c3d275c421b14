"""A connector at work against its own stand-in, through the real door, as the engine uses both but without its journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.core.answers import Trouble, classify
from app.core.http import Door, Request
from app.practice.serve import Served
from connectors.contract import Action, Call, Connector, Event

KEY = "hub-abcdefghijklmnopqrst"
Arguments = dict[str, Any]


@dataclass
class Written:
    """A change that was made, and what its undo is told."""

    action: Action
    arguments: Arguments
    before: Any
    request: Request
    result: Any


@dataclass
class Hands:
    """`client` is what the connector's functions are handed."""

    connector: Connector
    served: Served
    client: Any = field(init=False)
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    @property
    def slug(self) -> str:
        return self.connector.slug

    def open(self, **credentials: str) -> None:
        """Anew, as after a restart; nothing that the client had learnt is left."""
        self.door = Door(
            dict.fromkeys(self.connector.hosts, f"{self.served.url}/{self.slug}"), seconds=5, public_only=False
        )
        own = {name: value.replace("{token}", self.served.token) for name, value in self.connector.practice.items()}
        self.client = self.connector.open({**own, **credentials}, self.door)

    # --- changes ---

    def action(self, name: str) -> Action:
        return self.connector.actions[name]

    def prepared(self, name: str, /, **given: Any) -> Arguments:
        """The arguments completed, and what must be there first made."""
        action = self.action(name)
        arguments = self._complete(action, given)
        first = action.before(self.client, arguments) if action.before else []
        for call in first:
            self.write(call.action, "hub-first", **call.arguments)
        return self._complete(action, given) if first else arguments

    def _complete(self, action: Action, given: Arguments) -> Arguments:
        return action.prepare(self.client, given) if action.prepare else given

    def draw(self, name: str, key: str, arguments: Arguments) -> Request:
        return self.door.draw(lambda: self.action(name).run(self.client, key, **arguments))

    def write(self, name: str, key: str = KEY, /, **given: Any) -> Written:
        """One change as the gate makes it: drawn, stored as JSON, drawn again to the same bytes, and sent once."""
        action, arguments = self.action(name), self.prepared(name, **given)
        request = self.draw(name, key, arguments)
        arguments = json.loads(json.dumps(arguments, sort_keys=True))
        assert self.draw(name, key, arguments) == request
        before = json.loads(json.dumps(action.snapshot(self.client, arguments))) if action.snapshot else None
        with self.door.sending(request):
            result = action.run(self.client, key, **arguments)
        return Written(action, arguments, before, request, json.loads(json.dumps(result)))

    def lose(self, name: str, do: str, key: str = KEY, /, **given: Any) -> tuple[Arguments, list[Any]]:
        """A change whose answer is lost (`do`: a fault). Returns its arguments, and what `find` makes of it."""
        action, arguments = self.action(name), self.prepared(name, **given)
        request = self.draw(name, key, arguments)
        self.served.fault(self.slug, do, method=request.method)
        try:
            with self.door.sending(request):
                action.run(self.client, key, **arguments)
        except Exception:
            self.open()
        else:
            raise AssertionError("the answer was not lost")
        assert action.find is not None
        return arguments, action.find(self.client, key, arguments)

    def changed(self, written: Written, sent_at: int = 2**53) -> str | None:
        """Why a change may not be taken back, or None."""
        assert written.action.undo is not None
        return written.action.undo.changed(self.client, written.arguments, written.result, sent_at)

    def undo(self, written: Written) -> Written:
        assert written.action.undo is not None
        call: Call = written.action.undo.call(written.arguments, written.result, written.before)
        return self.write(call.action, "hub-undo", **call.arguments)

    # --- reading ---

    def read(self, name: str, /, **given: Any) -> Any:
        return self.action(name).run(self.client, **given)

    def poll(self, kind: str, cursor: Any) -> tuple[list[Event], Any]:
        """One round of the poll that brings this kind, its cursor stored between rounds as JSON."""
        how = next(poll for poll in self.connector.polls if kind in poll.kinds)
        found, after = how.run(self.client, cursor)
        return found, json.loads(json.dumps(after))

    def seen(self, event: Event) -> dict[str, Any]:
        """What a recipe sees of an event: every declared field, and no other."""
        trigger = next(one for one in self.connector.triggers if one.kind == event.kind)
        value = trigger.shape(event.body)
        assert set(value) == {name.split("[")[0].split(".")[0] for name in trigger.fields}
        return value

    def choices(self, lookup: str, query: str = "") -> dict[str, str]:
        """{label: id}."""
        return {one.label: one.id for one in self.connector.lookups[lookup].run(self.client, query)}

    def trouble(self, error: Exception, *, write: bool = False) -> Trouble:
        """What the hub makes of a failed call."""
        return classify(self.door, error, self.connector, write=write, now=0.0)

    # --- what happened there ---

    def state(self) -> dict[str, list[Any]]:
        return dict(self.served.control(f"state?slug={self.slug}"))

    def asked(self, method: str = "") -> list[dict[str, Any]]:
        """The requests so far, their bodies with them."""
        return [r for r in self.served.ledger(self.slug, bodies=True) if method in ("", r["method"])]


@contextmanager
def at_work(connector: Connector, *, limits: bool = False) -> Iterator[Hands]:
    with Served(limits=limits) as served:
        yield Hands(connector, served)
