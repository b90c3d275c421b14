"""The pages as people meet them: in Chromium, from the set-up code to a finished page, and checked by axe."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from app.core import connections, practice, users
from app.core.connections import break_connection
from tests.web.conftest import PASSWORD, Site

RECIPE = "/recipes/zoom-recap-to-notion"
BAD = ("error", "warning")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 860}


@pytest.fixture
def screen(served: Site, chromium: Any) -> Iterator[Any]:
    """A page of a fresh browser, with a worker behind the site. Any error in the console fails the test."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            served.work()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    context = chromium.new_context(viewport=DESK, base_url=served.hub.settings.address)
    page, wrong = context.new_page(), []
    page.on("console", lambda m: wrong.append(m.text) if m.type in BAD and "404" not in m.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_default_timeout(10_000)
    yield page
    context.close()
    stop.set()
    worker.join()
    assert not wrong


def serious(page: Any) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]


def sign_in(page: Any, site: Site) -> None:
    users.add(site.hub, email="mara@example.com", name="Mara Lindt", role="owner", password=PASSWORD)
    page.goto("/sign-in")
    page.fill("#f-email", "mara@example.com")
    page.fill("#f-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def test_from_the_set_up_code_to_a_finished_page(screen: Any, served: Site) -> None:
    """What a new owner does, without reading anything else."""
    page, code = screen, users.setup_code(served.hub)
    page.goto("/setup")
    assert not serious(page)
    page.fill("#f-code", str(code))
    page.fill("#f-name", "Mara Lindt")
    page.fill("#f-email", "mara@example.com")
    page.fill("#f-password", PASSWORD)
    page.click("text=Set up and go on")
    page.click("main a:has-text('Try it')")
    page.select_option("#f-sample", "weekly-planning")
    page.click("#practice button")
    page.wait_for_selector(".badge.good:has-text('Done')", timeout=20_000)
    assert page.locator(".answer li").count() >= 5
    page.click("text=Open the page")
    assert "Weekly planning" in page.inner_text("body")


def test_every_page_for_axe(screen: Any, served: Site) -> None:
    sign_in(screen, served)
    screen.goto(RECIPE)
    screen.click("#practice button")
    screen.wait_for_selector(".badge.good:has-text('Done')", timeout=20_000)
    run = re.sub(r"^https?://[^/]+", "", screen.url)
    own = practice.connection_id(served.hub, "notion")
    served.hub.db.write(lambda conn: break_connection(conn, served.hub, own, "Notion no longer accepts this token"))
    sends = {"scheme": "header", "address": "https://shop.example/"}
    web = connections.create(served.hub, "web", sends, check_first=False)
    inside = [
        "/",
        "/recipes",
        RECIPE,
        "/connections",
        "/connections/new/zoom",
        "/connections/new/hubspot",  # a key, or signing in
        "/connections/new/web",  # a choice among fields
        f"/connections/{web['id']}",  # secrets that the hub makes
        f"/connections/{own}",
        "/inbox",
        "/runs",
        run,
    ]
    for path in [*inside, f"{run}/undo", "/settings", "/nope"]:
        for size in (PHONE, DESK):
            screen.set_viewport_size(size)
            for scheme in ("light", "dark"):
                screen.emulate_media(color_scheme=scheme)
                screen.goto(path)
                assert not serious(screen), (path, size, scheme)
                width = screen.evaluate("document.documentElement.scrollWidth")
                assert width <= size["width"], (path, "is wider than the screen")


def test_keyboard_theme_and_copying(screen: Any, served: Site) -> None:
    sign_in(screen, served)
    screen.keyboard.press("Tab")
    assert screen.evaluate("document.activeElement.textContent") == "Skip to the page"
    screen.keyboard.press("Enter")
    assert screen.evaluate("document.activeElement.id") == "main"
    before = screen.evaluate("getComputedStyle(document.body).backgroundColor")
    screen.click("button[data-theme]")
    screen.goto("/runs")
    assert screen.evaluate("getComputedStyle(document.body).backgroundColor") != before
    screen.goto(f"/connections/{practice.connection_id(served.hub, 'zoom')}")
    screen.click("button[data-copy]")
    screen.wait_for_selector("button:has-text('Copied')")
