"""Forms as people meet them, in Chromium: made by an owner, filled in by a visitor whose browser runs no script."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.core import forms, practice
from tests.web.conftest import Site
from tests.web.test_browser import DESK, PHONE, serious, sign_in
from tests.web.test_browser import screen as screen
from tests.web.test_visitors import ASKED


@pytest.fixture
def visitor(served: Site, chromium: Any) -> Iterator[Any]:
    """A page of a browser on a phone that runs no script."""
    context = chromium.new_context(viewport=PHONE, base_url=served.hub.settings.address, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def address(site: Site, form_id: str = "") -> str:
    own = form_id or practice.connection_id(site.hub, "form")
    return f"/form/{forms.by_id(site.hub, own).key}"


def test_an_owner_makes_a_form_and_a_visitor_fills_it_in(screen: Any, visitor: Any, served: Site) -> None:
    sign_in(screen, served)
    screen.goto("/connections")
    screen.click("a:has-text('New Form')")
    screen.fill("#f-title", "Book a visit")
    screen.fill("#f-owner", "Berg Joinery")
    screen.fill("#label-0", "Your name")
    screen.fill("#label-1", "Which day?")
    screen.select_option("#kind-1", "date")
    screen.click("text=Save")
    screen.wait_for_selector("text=event.answers.which_day")
    made = next(found for found in forms.listing(served.hub) if not found.practice)
    visitor.goto(address(served, made.id))
    assert visitor.locator("h1").inner_text() == "Book a visit"
    visitor.fill("#q-your_name", "Ilse Berg")
    time.sleep(2.1)  # a person needs that long
    visitor.click("text=Send")
    visitor.wait_for_url("**/thanks")
    assert "Thank you" in visitor.inner_text("main")
    visitor.reload()
    visitor.go_back()
    visitor.fill("#q-your_name", "Ilse Berg")
    visitor.click("text=Send")
    visitor.wait_for_url("**/thanks")
    assert forms.submissions(served.hub, made.id) == 1, "back and Send again is the same page"


def test_a_visitor_who_overlooked_something(visitor: Any, served: Site) -> None:
    served.add("owner")
    visitor.goto(address(served))
    visitor.fill("#q-name", "Ilse Berg")
    visitor.fill("#q-email", "ilse@example.com")
    visitor.check("input[value='A repair']")
    visitor.fill("#q-budget", "1,234")
    time.sleep(2.1)
    visitor.click("text=Send")
    assert "without a mark for thousands" in visitor.inner_text("#p-budget")
    assert visitor.input_value("#q-name") == "Ilse Berg"
    assert visitor.is_checked("input[value='A repair']")
    visitor.click("#problem a")
    assert visitor.url.endswith("#q-budget")
    visitor.fill("#q-budget", "1234")
    visitor.click("text=Send")
    visitor.wait_for_url("**/thanks")


def test_every_page_of_forms_for_axe(screen: Any, served: Site) -> None:
    sign_in(screen, served)
    made = forms.create(served.hub, ASKED, by="")
    shown = ["/forms", "/forms/new", f"/forms/{made}", f"/forms/{made}/change", "/form/nope"]
    for path in [*shown, address(served), f"{address(served)}/thanks"]:
        for size in (PHONE, DESK):
            screen.set_viewport_size(size)
            for scheme in ("light", "dark"):
                screen.emulate_media(color_scheme=scheme)
                screen.goto(path)
                assert not serious(screen), (path, size, scheme)
                width = screen.evaluate("document.documentElement.scrollWidth")
                assert width <= size["width"], (path, "is wider than the screen")


def test_a_page_with_problems_for_axe(chromium: Any, served: Site) -> None:
    served.add("owner")
    context = chromium.new_context(viewport=PHONE, base_url=served.hub.settings.address)
    page = context.new_page()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(address(served))
        time.sleep(2.1)
        page.eval_on_selector("form", "form => { form.noValidate = true; form.submit() }")
        page.wait_for_selector("#problem")
        assert not serious(page)
    context.close()
