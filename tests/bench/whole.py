"""The whole path: a signed delivery comes in, the model answers, a page stands in Notion, the run has ended."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.notion._client import VERSION
from tests.bench import house, memory
from tests.bench.report import Chapter, share
from tests.bench.sender import elsewhere, meeting

WIRES = 12
ENDED = ("done", "failed", "waiting", "cancelled")
_LONGEST = 300.0  # seconds until what has not ended counts as lost


class Bench:
    """One database, its hub and its vendors; every event of all measurements has a number of its own."""

    def __init__(self, home: house.House, vendors: house.Vendors, root: int, chapter: Chapter) -> None:
        self.home, self.vendors, self.root, self.chapter = home, vendors, root, chapter
        self.first = 0

    def alone(self, count: int) -> None:
        """One event at a time on a hub that has nothing else to do, beside the time the vendors need for its calls."""
        self._one_by_one(2)  # warm
        began = self.first
        sent = self._one_by_one(count)
        calls = self._calls(began)
        floor = self._vendors(calls, 1, count)
        floor_ms = 1000 * share(floor.latencies, 0.5) * len(calls)
        pages, ended = self._pages(began), self._ended(sent)
        to_page = [pages[n] - at for n, at in sent.items()]
        to_end = [ended[n] - at for n, at in sent.items()]
        self.chapter.add(
            "Delivery to page, idle, p50", share(to_page, 0.5), "ms", floor=floor_ms, floor_name="the vendors' own time"
        )
        self.chapter.add("Delivery to end of run, idle, p50", share(to_end, 0.5), "ms")
        self.chapter.add("  p95", share(to_end, 0.95), "ms")
        self.chapter.add("  of it ours", share(to_end, 0.5) - floor_ms, "ms")
        words = ", ".join(f"{call['method']} {call['path'].partition('?')[0]}" for call in calls)
        self.chapter.notes.append(f"An event makes {len(calls)} calls to vendors: {words}.")

    def _one_by_one(self, count: int) -> dict[int, int]:
        sent = {}
        for _ in range(count):
            done = elsewhere(self.home.job(self.first, 1, 1))
            sent[self.first] = done.at[0]
            self.first += 1
            self._wait(self.first)
        return sent

    def _ended(self, sent: dict[int, int]) -> dict[int, int]:
        times = self.home.ended(min(sent.values()))
        return dict(zip(sorted(sent), times, strict=True))

    def burst(self, name: str, count: int, model_ms: int, rounds: int) -> None:
        """All at once, as fast as they are taken."""
        self.vendors.model_takes(model_ms)
        rates, pages, acks, cpu = [], [], [], Counter[str]()
        for _ in range(rounds):
            first, before = self.first, memory.of(self.root).cpu
            sent = elsewhere(self.home.job(first, count, WIRES))
            self.first += count
            self._wait(self.first)
            last = max(self.home.ended(min(sent.at)))
            rates.append(count / ((last - min(sent.at)) / 1000))
            made = self._pages(first)
            pages += [made[first + n] - at for n, at in enumerate(sent.at) if first + n in made]
            acks += [1000 * s for s in sent.latencies]
            cpu.update({part: used - before.get(part, 0) for part, used in memory.of(self.root).cpu.items()})
        self.vendors.model_takes(0)
        self._tell(name, rates, pages, acks)
        self._tell_processor(name, cpu, count * rounds)

    def at_once(self, count: int, model_ms: int) -> None:
        """Many runs that all wait for the model at the same time, beside the model's own time as if nobody else existed; what
        the stand-ins alone need for the same calls, all at once, is the floor of this machine."""
        self.vendors.model_takes(model_ms)
        calls = self._calls(1)  # the first event also makes columns
        alone = self._vendors(calls, count, count)
        with memory.peak(self.root) as highest:
            first, before = self.first, memory.of(self.root).cpu
            sent = elsewhere(self.home.job(first, count, WIRES))
            self.first += count
            self._wait(self.first)
        used = {part: s - before.get(part, 0) for part, s in memory.of(self.root).cpu.items()}
        self.vendors.model_takes(0)
        seconds = (max(self.home.ended(min(sent.at))) - min(sent.at)) / 1000
        ideal = {
            "floor": model_ms / 1000,
            "floor_name": "the ideal: all of them at once, and nothing but the model's time",
        }
        name = f"{count} runs that each wait {model_ms / 1000:g} s for the model"
        self.chapter.add(name, seconds, "s", **ideal)
        self.chapter.add("  the same calls by the stand-ins alone", alone.seconds, "s")
        if highest.pss:
            self.chapter.add("  memory of the workers meanwhile", highest.pss.get("worker", 0) / 2**20, "MB")
        self._tell_processor(name, used, count)

    def _tell_processor(self, name: str, used: Mapping[str, float], count: int) -> None:
        each = {part: 1000 * seconds / count for part, seconds in used.items()}
        words = ", ".join(f"{part} {ms:.1f}" for part, ms in sorted(each.items(), key=lambda x: -x[1]) if ms >= 0.05)
        self.chapter.notes.append(f"{name}: processor time an event, in ms: {words or 'not known here'}.")

    def _tell(self, name: str, rates: list[float], pages: list[int], acks: list[float]) -> None:
        self.chapter.add(f"{name}: events from delivery to end of run", rates, "/s", **self._floor())
        self.chapter.add("  delivery to page, p50", share(pages, 0.5), "ms")
        self.chapter.add("  delivery to page, p95", share(pages, 0.95), "ms")
        for words, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            self.chapter.add(f"  acknowledgement meanwhile, {words}", share(acks, part), "ms")

    def _floor(self) -> dict[str, Any]:
        """What the vendors' stand-ins can answer at all, asked for the same calls by nobody but the sender."""
        calls = self._calls(1)  # the first event also makes columns
        done = self._vendors(calls, WIRES, 100)
        return {"floor": done.rate / len(calls), "floor_name": "the vendors alone, same calls"}

    def _vendors(self, calls: list[dict[str, Any]], wires: int, times: int) -> Any:
        return elsewhere({"port": self.vendors.port, "wires": wires, "requests": calls, "times": times})

    def _calls(self, number: int) -> list[dict[str, Any]]:
        """The calls that one event caused, to be made again; its page's twins carry another name and are not counted."""
        rows = self.vendors.ledger(bodies=True)
        made = next(
            n for n, row in enumerate(rows) if row["effect"] == "page.create" and meeting(number) in row["body"]
        )
        start = max((n for n, row in enumerate(rows[:made]) if row["effect"] == "page.create"), default=-1)
        return [self._again(row, number) for row in rows[start + 1 : made + 1] if row["slug"] in ("notion", "openai")]

    def _again(self, row: dict[str, Any], number: int) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.home.token}", "Notion-Version": VERSION}
        if row["body"]:
            headers["Content-Type"] = "application/json"
        path = f"/{row['slug']}{row['path']}" + (f"?{row['query']}" if row["query"] else "")
        body = row["body"].replace(meeting(number), "Only the vendors").replace(f"bench-{number}=", "only-the-vendors")
        return {"method": row["method"], "path": path, "headers": headers, "body": body}

    def _wait(self, runs: int) -> None:
        until = time.monotonic() + _LONGEST
        while time.monotonic() < until:
            if sum(n for state, n in self.home.states().items() if state in ENDED) >= runs:
                return
            time.sleep(0.05 if runs > 50 else 0.005)

    def _pages(self, first: int) -> dict[int, int]:
        """number → ms at which its page was made."""
        made = {}
        for row in self.vendors.ledger(bodies=True):
            if row["effect"] == "page.create":
                named = title(row["body"])
                if named.startswith("Bench ") and int(named.split()[1]) >= first:
                    made[int(named.split()[1])] = int(row["at"])
        return made

    def books(self) -> None:
        """Exactly one page for every delivery, and every run done."""
        titles = [title(r["body"]) for r in self.vendors.ledger(bodies=True) if r["effect"] == "page.create"]
        lost, doubled = tally(titles, self.first)
        self.chapter.add("Deliveries taken", float(self.first), "")
        self.chapter.add("  lost", float(len(lost)), "")
        self.chapter.add("  doubled", float(len(doubled)), "")
        if lost or doubled:
            self.chapter.wrong.append(f"lost: {lost[:10]}; doubled: {doubled[:10]}")
        if self.home.states() != {"done": self.first}:
            self.chapter.wrong.append(f"not all runs are done: {self.home.states()}")


def tally(titles: Sequence[str], deliveries: int) -> tuple[list[str], list[str]]:
    """Names of (deliveries without a page, deliveries with more than one)."""
    found, wanted = Counter(titles), [meeting(n) for n in range(deliveries)]
    return [name for name in wanted if not found[name]], [name for name in wanted if found[name] > 1]


def title(body: str) -> str:
    """Of a page that a request creates."""
    for value in json.loads(body)["properties"].values():
        if "title" in value:
            return "".join(part["text"]["content"] for part in value["title"])
    return ""
