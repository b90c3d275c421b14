"""One case: a meeting, databases of its own, workers that die or stop at a chosen point, and what must be true at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core import recipes
from tests.durability.forge import Forge, Order, Report
from tests.durability.world import RECIPE, World, quiet


class Smithy:
    """A world, and the forge that makes its workers."""

    def __init__(self, world: World) -> None:
        self.world, self.served = world, world.served
        self.cases = self.last = 0
        self.case()  # what the forge warms up with
        self.forge = Forge(world.settings)

    def case(self, *, deliver: bool = True) -> Case:
        """A recap has come in; nobody has looked at it yet."""
        self.cases += 1
        new = [self.served.control("database", {"title": title, "properties": COLUMNS}) for title in ("M", "T")]
        places = {"meetings": new[0]["data_source"], "todos": new[1]["data_source"]}
        recipes.switch_on(self.world.hub, RECIPE, practice=True, settings=places)
        case = Case(self, f"Meeting {self.cases}", **places)
        if deliver:
            case.event = self.world.receive(case.topic)
        return case


COLUMNS = {"Name": "title"}


def standstills(labels: Sequence[str]) -> list[int]:
    """The points at which a worker may stand still for long: before each transaction, and while it sends.

    Not inside a transaction: SQLite has one writer, so everybody would wait. Not while a vendor works on its request: the
    vendor is not to be overtaken by a clock that is only moved on.
    """
    return [
        n for n, label in enumerate(labels, 1) if label.startswith(("before transaction", "before send", "half of"))
    ]


@dataclass
class Case:
    """`wrong()` lists what should not be; empty when everything is there once."""

    smithy: Smithy
    topic: str
    meetings: str
    todos: str
    event: str = ""
    since: int = field(init=False)
    standing: bool = False  # a worker was stopped and holds its connections

    def __post_init__(self) -> None:
        requests = self.smithy.served.control(f"ledger?after={self.smithy.last}")
        self.since = self.smithy.last = max((r["no"] for r in requests), default=self.smithy.last)

    def forge(self, do: str, **more: Any) -> Report:
        report = self.smithy.forge(Order(do, **more))
        self.standing = self.standing or report.end == "stopped"
        if not self.standing:
            quiet(self.smithy.served)
        return report

    def kill(self, at: int, do: str = "round", **more: Any) -> Report:
        return self.forge(do, at=at, **more)

    def finish(self, *breaks: str) -> Report:
        return self.forge("finish", breaks=breaks)

    def stop(self, at: int, do: str = "round", *breaks: str) -> Report:
        return self.forge(do, at=at, act="stop", breaks=breaks)

    def go_on(self, stopped: Report) -> Report:
        """So much time has passed that a timer which was running has run out."""
        report = self.smithy.forge.go_on(stopped, alarm=stopped.armed)
        self.standing = False
        quiet(self.smithy.served)
        return report

    def effects(self) -> Counter[str]:
        """What was done at Notion so far, and how often."""
        done = self.smithy.served.control(f"ledger?slug=notion&after={self.since}")
        return Counter(r["effect"] for r in done if r["effect"])

    def answered(self) -> bool:
        """Whether the model's answer is in the journal."""
        return any(e["answer"] for e in self._entries() if e["step"] == "recap")

    def asked(self) -> int:
        return self.smithy.world.asked(self.since)

    def wrong(self) -> list[str]:
        """At the end of the case."""
        world, found = self.smithy.world, []
        if (pages := world.pages(self.meetings, self.since)) != [self.topic]:
            found.append(f"pages: {pages}")
        if (rows := world.pages(self.todos, self.since)) != ["Order a catalogue"]:
            found.append(f"rows: {rows}")
        if self.effects() != {"page.create": 2, "data_source.update": 2}:
            found.append(f"effects: {self.effects()}")
        runs = world.runs(self.event)
        if [run["state"] for run in runs] != ["done"]:
            found.append(f"runs: {[(run['state'], run['why']) for run in runs]}")
        return found + self.unfounded() + self._unfinished()

    def unfounded(self) -> list[str]:
        """Writes that are called done although the vendor knows nothing of them; true at any moment."""
        known = {r["id"] for r in self.smithy.served.control(f"ledger?slug=notion&after={self.since}") if r["effect"]}
        return [
            f"not there: {w['action']}" for w in self._writes() if w["state"] == "done" and w["result_id"] not in known
        ]

    def _unfinished(self) -> list[str]:
        wrong = [f"{w['action']}: {w['state']}" for w in self._writes() if w["state"] != "done"]
        wrong += [f"{e['step']} {e['item']}: {e['state']}" for e in self._entries() if e["state"] != "done"]
        return wrong if self._writes() else ["no writes"]

    def _writes(self) -> list[dict[str, Any]]:
        return [w for run in self._runs() for w in self.smithy.world.writes(run=run)]

    def _entries(self) -> list[dict[str, Any]]:
        return [e for run in self._runs() for e in self.smithy.world.entries(run=run)]

    def _runs(self) -> list[str]:
        return [run["id"] for run in self.smithy.world.runs(self.event)] if self.event else []
