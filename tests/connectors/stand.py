"""A connector opened to its practice stand-in through the real door, and what the gate does with a change."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import connectors
from app.core.answers import Kind, Trouble, classify
from app.core.connections import asking
from app.core.http import Door
from app.core.opening import Opened
from app.practice.serve import Served
from connectors.contract import Account, Action, Call, Choice, Connector

KEY = "hub-abcdefghijklmnopqrst"


@dataclass
class Stand:
    """One vendor: `client` is what its connector's functions get."""

    served: Served
    connector: Connector
    opened: Opened

    @property
    def client(self) -> Any:
        return self.opened.client

    @property
    def door(self) -> Door:
        return self.opened.door

    def action(self, name: str) -> Action:
        return self.connector.actions[name]

    def check(self) -> Account:
        """As the hub asks: refusals come as sentences."""
        return asking(self.opened, lambda: self.connector.check(self.client))

    def choices(self, lookup: str, query: str = "") -> list[Choice]:
        return asking(self.opened, lambda: self.connector.lookups[lookup].run(self.client, query))

    def resolve(self, lookup: str, text: str) -> list[Choice]:
        resolve = self.connector.lookups[lookup].resolve
        assert resolve
        return asking(self.opened, lambda: resolve(self.client, text))

    # --- writing ---

    def prepared(self, name: str, /, **given: Any) -> dict[str, Any]:
        """The arguments as they lie in the journal."""
        prepare = self.action(name).prepare
        arguments = asking(self.opened, lambda: prepare(self.client, given)) if prepare else given
        return dict(json.loads(json.dumps(arguments, sort_keys=True)))

    def do(self, name: str, key: str = KEY, /, **given: Any) -> dict[str, Any]:
        """A change with all that goes before and after it."""
        action, arguments = self.action(name), self.prepared(name, **given)
        for call in action.before(self.client, arguments) if action.before else []:
            self.call(call, key)
        result = self.send(name, key, arguments)
        for call in action.after(arguments, result) if action.after else []:
            self.call(call, key)
        return result

    def call(self, call: Call, key: str = KEY) -> dict[str, Any]:
        return self.do(call.action, key, **call.arguments)

    def send(self, name: str, key: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Drawn twice, by another client than the one that sends, then let out once: as after a crash."""
        run = self.action(name).run
        fresh = reopened(self)
        drawn = self.door.draw(lambda: run(self.client, key, **arguments))
        again = fresh.door.draw(lambda: run(fresh.client, key, **arguments))
        assert drawn == again
        with self.door.sending(drawn):
            return dict(run(self.client, key, **arguments))

    def trouble(self, name: str, key: str = KEY, /, **given: Any) -> Trouble:
        """What the gate makes of a change that fails."""
        arguments = self.prepared(name, **given)
        try:
            self.send(name, key, arguments)
        except Exception as error:
            return classify(self.door, error, self.connector, write=True, now=time.time())
        raise AssertionError("it did not fail")

    def lost(self, name: str, fault: str = "cut_after", key: str = KEY, /, **given: Any) -> list[dict[str, Any]]:
        """What is found after an answer to the change was lost."""
        action = self.action(name)
        arguments = self.prepared(name, **given)
        method = self.door.draw(lambda: action.run(self.client, key, **arguments)).method
        self.served.fault(self.connector.slug, fault, method=method)
        assert self.trouble(name, key, **given).kind is Kind.UNKNOWN
        assert action.find
        find = action.find
        return asking(self.opened, lambda: find(self.client, key, arguments))

    def undo(self, name: str, arguments: dict[str, Any], result: dict[str, Any], before: Any = None) -> str | None:
        """Takes a change back, unless somebody touched what it made: then why not."""
        undo = self.action(name).undo
        assert undo
        why = asking(self.opened, lambda: undo.changed(self.client, arguments, result, int(time.time() * 1000)))
        if why is None:
            call = undo.call(arguments, result, before)
            self.send(call.action, KEY, call.arguments)
            find = self.action(call.action).find
            assert find
            assert find(self.client, KEY, call.arguments), "what was taken back is found so"
        return why

    def before(self, name: str, /, **given: Any) -> Any:
        """The snapshot, from prepared arguments."""
        snapshot = self.action(name).snapshot
        assert snapshot
        return asking(self.opened, lambda: snapshot(self.client, given))

    # --- what the stand-in saw ---

    def effects(self, what: str = "") -> list[str]:
        return [one["effect"] for one in self.served.effects(self.connector.slug, what)]

    def asked(self, method: str = "") -> list[dict[str, Any]]:
        found = self.served.ledger(self.connector.slug, bodies=True)
        return [one for one in found if method in ("", one["method"])]

    def note(self, **notes: Any) -> None:
        """Settings of the stand-in, with its slug in front."""
        self.served.control("settings", {f"{self.connector.slug}_{name}": value for name, value in notes.items()})


def reopened(stand: Stand, **credentials: str) -> Stand:
    """Another client for the same account, as another process has."""
    given = {name: value.replace("{token}", stand.served.token) for name, value in stand.connector.practice.items()}
    base = f"{stand.served.url}/{stand.connector.slug}"
    door = Door(dict.fromkeys(stand.connector.hosts, base), seconds=5, public_only=False)
    client = stand.connector.open({**given, **credentials}, door)
    return Stand(stand.served, stand.connector, Opened("", stand.connector, client, door, True))


@contextmanager
def standing(slug: str, **credentials: str) -> Iterator[Stand]:
    """The stand-in of `slug` without its limits, and an account of it."""
    with Served(limits=False) as served:
        connector = connectors.load()[slug]
        yield reopened(Stand(served, connector, Opened("", connector, None, Door({}), True)), **credentials)
