"""The same delivery fifty times at once, against a real web process: one event, one run, one page."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.durability.processes import answers, post, process, wait_for_all
from tests.durability.world import TODOS, World, until

COPIES = 50


def test_fifty_copies_at_once_make_one_page(here: World, redis_url: str) -> None:
    sent, start = here.delivery(), threading.Barrier(COPIES)

    def deliver(_: int) -> int:
        start.wait(30)
        return post(here.settings.port, f"/hooks/zoom/{sent.key}", sent.body, sent.headers)[0]

    with process(here, "web", redis_url) as web, process(here, "worker", redis_url):
        until(lambda: answers(here.settings.port) or web.poll() is not None)
        with ThreadPoolExecutor(COPIES) as hands:
            statuses = list(hands.map(deliver, range(COPIES)))
        assert set(statuses) == {200}
        wait_for_all(here, 1)
    (event,) = here.events()
    assert event["copies"] == COPIES - 1
    assert here.pages() == ["Catch-up"]
    assert here.pages(TODOS) == ["Order a catalogue"]
    assert here.asked() == 1
