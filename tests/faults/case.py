"""One line of the matrix at work: what it sends, and what must be true of it once everything has drained."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.db.models import connections
from tests.faults.bed import Bed, until
from tests.faults.stand import Told
from tests.faults.stories import Delivery, Effect

FINAL = ("done", "failed", "cancelled", "undone")
_numbers = itertools.count(1)
_SEEN = "seen by a person"  # instead of an id, where somebody looked and said that it is there
_MOST = 20_000  # rows asked for


@dataclass
class Found:
    """What came of a line. `wrong`: one sentence for each breach."""

    tries: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    shown: int = 0  # unanswered writes that a person was asked about
    seconds: float = 0.0  # from the end of the fault until nothing was left to do
    wrong: list[str] = field(default_factory=list)


@dataclass
class Case:
    """`tries`: how many are wanted. A line counts what it did in `tried`."""

    bed: Bed
    tries: int
    within: float  # seconds until everything must have drained
    tried: int = 0
    of: dict[str, str] = field(default_factory=dict)  # id of an event → its name
    names: list[str] = field(default_factory=list)  # of every event whose delivery was answered with a 2xx
    sent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # deliveries that must have left nothing
    for_people: list[str] = field(default_factory=list)  # events whose runs are to wait for a person
    wrong: list[str] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)  # 2xx'd deliveries beyond the first of each event
    further: list[Callable[[], list[str]]] = field(default_factory=list)  # further checks, once it has drained
    window: int = 2  # minutes by which the hub's clock may be behind ours
    ended: float = 0.0

    def __post_init__(self) -> None:
        self.after = self.bed.books.last()
        self.began = time.time()
        self.pool = ThreadPoolExecutor(64)

    # --- what a line does ---

    def name(self) -> str:
        """Of an event that nobody has sent yet; no name is the beginning of another."""
        return f"Fault {next(_numbers):06d}."

    def deliver(self, name: str = "", delivery: Delivery | None = None, patience: float = 60) -> str:
        """As a vendor does: again and again until the answer is a 2xx. Returns the event's name."""
        name = name or self.name()
        delivery = delivery or self.bed.story.delivery(name)
        self.sent.append(name)
        until_ = time.monotonic() + patience
        while not _taken(answer := self.bed.post(delivery)):
            if time.monotonic() > until_:
                self.wrong.append(f"{name} was never taken: {answer[0] or 'no answer'}")
                return name
            time.sleep(0.1)
        self._note(name, answer[1])
        return name

    def _note(self, name: str, event: str) -> None:
        self.of[event] = name
        if name in self.names:
            self.copies[name] += 1
        else:
            self.names.append(name)

    def beside(self, count: int, **more: Any) -> list[Future[str]]:
        """So many events at once, from other threads."""
        return [self.pool.submit(self.deliver, **more) for _ in range(count)]

    def deliver_all(self, count: int) -> list[str]:
        return [future.result() for future in self.beside(count)]

    def once(self, delivery: Delivery, name: str) -> int:
        """One attempt; its status."""
        self.sent.append(name)
        answer = self.bed.post(delivery)
        if _taken(answer):
            self._note(name, answer[1])
        return answer[0]

    def wait(self, there: Any, what: str, seconds: float = 30) -> bool:
        """Until something has happened; that it did not is told as a breach, because then nothing was tried."""
        if until(there, seconds):
            return True
        self.wrong.append(f"it never came to this: {what}")
        return False

    def held(self, count: int) -> bool:
        return self.wait(
            lambda: self.bed.books.held(self.after) >= count, f"{count} requests held by the vendor", 30 + 2 * count
        )

    def used_up(self) -> bool:
        """Until the vendor has played every fault that it was to play, or the hub leaves it alone; and holds nothing any more."""
        books, left = self.bed.books, self._unplayed()
        while left and self._plays_on(left):
            left = self._unplayed()
        if left and self._leaves_alone():
            books.well_again()  # what it would find at its next try, after a pause that doubles each time
            left = 0
        return self.wait(lambda: not left, "all faults of the vendor", 0) and self.wait(
            lambda: not books.held(self.after), "the end of what the vendor held", 45
        )

    def _plays_on(self, left: int) -> bool:
        """Whether another fault is played: each may have to wait for the pause that the one before it made."""
        return until(lambda: self._unplayed() < left, 45)

    def _unplayed(self) -> int:
        return sum(fault["times"] for fault in self.bed.books.ask("faults") if fault["times"] > 0)

    def _leaves_alone(self) -> bool:
        """A vendor did not answer several times in a row, so that only one call now and then asks whether it does."""
        return self._next_look() is not None

    def _next_look(self) -> int | None:
        """In how many ms the hub asks a vendor again that it leaves alone; None if there is none."""
        hub = self.bed.home.hub
        query = select(func.max(connections.c.circuit_until)).where(connections.c.circuit == "open")
        try:
            with hub.db.read() as conn:
                until_ = conn.execute(query).scalar()
            return None if until_ is None else max(until_ - hub.steady.now(), 0)
        except SQLAlchemyError:
            return None  # the database is not back yet

    def over(self) -> None:
        """The fault has ended; from now on it is drained. Also called after the line."""
        self.ended = self.ended or time.monotonic()

    def settle(self) -> bool:
        """Until nothing is left to do; the time is counted from when the hub asks the vendor again that it left alone."""
        self.bed.only("web", "worker", "clock", *self.bed.parts)
        return until(self.drained, self.within + (self._next_look() or 0) / 1000, 0.25)

    # --- what must be true ---

    def check(self) -> Found:
        self.over()
        drained = self.settle()
        seconds = time.monotonic() - self.ended
        self.pool.shutdown()
        found = Found(self.tried, seconds=seconds, wrong=list(self.wrong))
        if not drained:
            found.wrong.append(f"not drained after {self.within:.0f} s: {self._left()}")
        found.shown = len(self._unknown())
        if self.bed.story.asks:
            self._a_person_decides()
        self._books(found)
        self._records(found)
        found.wrong += [sentence for check in self.further for sentence in check()]
        return found

    def runs(self) -> list[dict[str, Any]]:
        """Of the events that this line sent; `name` is the event's."""
        mine = set(self.sent)
        named = [{**run, "name": self.of.get(run["event"], run["title"])} for run in self._ask("runs")]
        return [run for run in named if run["name"] in mine]

    def _ask(self, noun: str, *words: str) -> list[dict[str, Any]]:
        minutes = int((time.time() - self.began) / 60) + self.window
        return list(self.bed.tell(noun, "--since", f"{minutes}m", "--limit", str(_MOST), *words))

    def state(self, name: str) -> str:
        """Of the run of this event; "" while there is none."""
        return next((str(run["state"]) for run in self.runs() if run["name"] == name), "")

    def open_reviews(self) -> list[dict[str, Any]]:
        mine = {run["id"] for run in self.runs()}
        return [r for r in self.bed.tell("reviews") if r["run"] in mine]

    def drained(self) -> bool:
        """Whether nothing is left to do but by a person."""
        try:
            runs, events = self.runs(), self._ask("events", "--state", "new")
        except Told:
            return False  # the database is not back yet
        counted = Counter(run["name"] for run in runs)
        return (
            not events
            and all(counted[name] for name in self.names)
            and all(run["state"] in (*FINAL, "waiting") for run in runs)
        )

    def _unknown(self) -> list[dict[str, Any]]:
        return [review for review in self.open_reviews() if review["kind"] == "unknown"]

    def _a_person_decides(self) -> None:
        """They look at the vendor, and say what they see."""
        there = {effect.name for effect in self.bed.story.effects(self.after)}
        names = {run["id"]: run["name"] for run in self.runs()}
        for review in self._unknown():
            arrived = names[review["run"]] in there
            self.bed.tell("review", "decide", review["id"], "arrived" if arrived else "again")
        self.settle()

    def _left(self) -> str:
        runs = self.runs()
        missing = set(self.names) - {run["name"] for run in runs}
        open_ = [f"{run['title']} {run['state']} {run['why']}" for run in runs if run["state"] not in FINAL]
        return f"without a run: {sorted(missing)[:5]}; open: {open_[:5]}; new: {len(self._ask('events', '--state', 'new'))}"

    def _books(self, found: Found) -> None:
        """I3, and nothing lost: the vendor's own ledger against the deliveries that were answered with a 2xx."""
        effects = [e for e in self.bed.story.effects(self.after) if e.name in set(self.sent)]
        counted = Counter((e.name, e.place) for e in effects)
        waiting = {run["name"] for run in self.runs() if run["state"] == "waiting"}
        found.doubled = sorted(f"{name} {place} ×{n}" for (name, place), n in counted.items() if n > 1)
        found.lost = sorted(
            f"{name} {place}"
            for name in self.names
            for place in self.bed.story.places
            if not counted[name, place] and name not in waiting
        )

    def _records(self, found: Found) -> None:
        """I1, I2, I4, I6, I14: what the hub itself says, beside what was sent and what the vendor has."""
        runs, writes, reviews = self.runs(), self._ask("writes"), self.open_reviews()
        ids = {run["id"] for run in runs}
        mine = [write for write in writes if write["run"] in ids]
        found.wrong += _one_run_each(runs, self.names, self.sent, self.refused)
        found.wrong += _founded(mine, self.bed.story.known(self.after))
        found.wrong += _meant(mine, [e for e in self.bed.story.effects(self.after) if e.name in set(self.sent)])
        found.wrong += _nothing_silent(runs, {r["run"] for r in reviews})
        found.wrong += [f"{run['title']} failed: {run['why']}" for run in runs if run["state"] == "failed"]
        found.wrong += _needless(runs, self.for_people) + _unfinished(runs, mine) + self._copies(runs)

    def _copies(self, runs: Sequence[dict[str, Any]]) -> list[str]:
        """I2: copies change the number of copies, and nothing else."""
        if not self.copies:
            return []
        told = {event["id"]: event["copies"] for event in self._ask("events")}
        of = {run["name"]: told.get(run["event"], 0) for run in runs}
        return [
            f"{name}: {n} copies came, {of.get(name)} are counted"
            for name, n in self.copies.items()
            if of.get(name, 0) < n
        ]


def _taken(answer: tuple[int, str]) -> bool:
    return answer[0] in (200, 202)


def _one_run_each(
    runs: Sequence[dict[str, Any]], names: Sequence[str], sent: Sequence[str], refused: Sequence[str]
) -> list[str]:
    counted = Counter(run["name"] for run in runs)
    wrong = [f"{name} was taken and has {counted[name]} runs" for name in names if counted[name] != 1]
    wrong += [f"{name} has {counted[name]} runs" for name in set(sent) - set(names) if counted[name] > 1]
    return wrong + [f"{name} was refused and has a run" for name in refused if counted[name]]


def _founded(writes: Sequence[dict[str, Any]], known: set[str]) -> list[str]:
    """I4: what is called done is in the ledger."""
    return [
        f"{w['action']} is called done and the vendor does not know {w['result_id']}"
        for w in writes
        if w["state"] == "done" and w["result_id"] not in known and w["result_id"] != _SEEN
    ]


def _meant(writes: Sequence[dict[str, Any]], effects: Sequence[Effect]) -> list[str]:
    """I4, I11: what is in the ledger has a write, and is byte for byte what that write says. A write's key stands in its
    request, so each effect can be traced to the row that meant it."""
    rows, wrong = {w["key"]: w for w in writes}, []
    for effect in effects:
        if not effect.key:  # the vendor takes none
            continue
        if effect.key not in rows:
            wrong.append(f"{effect.name} {effect.place} is in the vendor's books and no write knows of it")
        elif effect.sha256 != rows[effect.key]["request_sha256"]:
            wrong.append(f"{effect.name} {effect.place} is not what was stored to be sent")
    return wrong


def _unfinished(runs: Sequence[dict[str, Any]], writes: Sequence[dict[str, Any]]) -> list[str]:
    """A run that is done has no write whose end is open."""
    ended = {run["id"]: run["name"] for run in runs if run["state"] == "done"}
    return [
        f"{ended[w['run']]} is done and its {w['action']} is {w['state']}"
        for w in writes
        if w["run"] in ended and w["state"] not in ("done", "drawn", "compensated")
    ]


def _needless(runs: Sequence[dict[str, Any]], for_people: Sequence[str]) -> list[str]:
    return [
        f"{run['title']} waits for a person: {run['why']}"
        for run in runs
        if run["state"] == "waiting" and run["name"] not in for_people
    ]


def _nothing_silent(runs: Sequence[dict[str, Any]], reviewed: set[str]) -> list[str]:
    return [
        f"{run['title']} is {run['state']} and nobody is asked"
        for run in runs
        if run["state"] == "waiting" and run["id"] not in reviewed and not run["waits_for"]
    ]
