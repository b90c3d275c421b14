"""One rate limit shared by two worker processes: how much of what a vendor allows is used while far more is waiting."""

from __future__ import annotations

import time
from collections import Counter

from tests.bench import house
from tests.bench.report import Chapter
from tests.bench.sender import elsewhere
from tests.bench.whole import ENDED, tally, title

WIRES = 12
_LONGEST = 300.0  # seconds


def measure(chapter: Chapter, home: house.House, vendors: house.Vendors, rate: float, events: int) -> None:
    """All events at once; the vendor's own ledger says when it was called and what it refused."""
    sent = elsewhere(home.job(0, events, WIRES))
    _wait(home, events)
    rows = [row for row in vendors.ledger(bodies=True) if row["slug"] == "notion"]
    refused = sum(row["status"] == 429 for row in rows)
    passed = sorted(row["at"] for row in rows if row["status"] != 429)
    burst = int(rate)  # may go at once before the pace counts
    seconds = (passed[-1] - passed[0]) / 1000
    used = (len(passed) - burst) / seconds
    chapter.add("Calls that passed", float(len(passed)), "")
    chapter.add("  a second, after the first burst", used, "/s", floor=rate, floor_name="what the vendor allows")
    chapter.add("  refused with 429", float(refused), "")
    titles = [title(row["body"]) for row in rows if row["effect"] == "page.create"]
    lost, doubled = tally(titles, events)
    chapter.add("  lost", float(len(lost)), "")
    chapter.add("  doubled", float(len(doubled)), "")
    each = Counter(int((at - passed[0]) // 5000) for at in passed)
    chapter.notes.append(f"Calls in each 5 s: {', '.join(str(each[n]) for n in range(max(each) + 1))}.")
    if lost or doubled or sent.statuses.keys() - {"200"}:
        chapter.wrong.append(f"lost: {lost[:10]}; doubled: {doubled[:10]}; answers: {sent.statuses}")


def _wait(home: house.House, events: int) -> None:
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        if sum(n for state, n in home.states().items() if state in ENDED) >= events:
            return
        time.sleep(0.2)
