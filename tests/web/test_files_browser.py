"""Drop places as people meet them, in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.core import files
from tests.web.conftest import Site
from tests.web.test_browser import DESK, PHONE, serious, sign_in
from tests.web.test_browser import screen as screen


def test_an_owner_makes_a_place_and_drops_files(screen: Any, served: Site, tmp_path: Path) -> None:
    (tmp_path / "statement.csv").write_bytes(b"Datum;Betrag\n1.11.;12,50\n")
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7")
    sign_in(screen, served)
    screen.goto("/connections")
    screen.click("a:has-text('New Files')")
    screen.fill("#f-title", "Receipts")
    screen.click("text=Make the place")
    screen.set_input_files("#f-file", [str(tmp_path / "statement.csv"), str(tmp_path / "scan.pdf")])
    screen.click("text=Send the files")
    screen.wait_for_selector(".badge:has-text('Received')")
    assert screen.locator(".badge:has-text('Received')").count() == 2
    screen.reload()
    assert screen.locator(".badge:has-text('Already here')").count() == 2, "reloading sends again, and it is once"
    made = next(place for place in files.places(served.hub) if not place.practice)
    assert [one["name"] for one in files.latest(served.hub, made.id)] == ["scan.pdf", "statement.csv"]
    with screen.expect_download() as download:
        screen.click("a:has-text('Save')")
    assert download.value.suggested_filename == "scan.pdf"


def test_too_much_is_told_before_it_is_sent(screen: Any, served: Site, tmp_path: Path) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(60 * 1024 * 1024)
    sign_in(screen, served)
    screen.goto(f"/files/{files.create(served.hub, 'Receipts', by='')}")
    screen.set_input_files("#f-file", str(tmp_path / "huge.bin"))
    assert "more than 50 MB" in screen.evaluate("document.getElementById('f-file').validationMessage")


def test_every_page_of_files_for_axe(screen: Any, served: Site) -> None:
    sign_in(screen, served)
    made = files.create(served.hub, "Receipts", by="")
    place = files.place(served.hub, made)
    for name in ("a-very-long-name-of-a-statement-of-the-bank-" * 4 + ".csv", "scan.pdf"):
        files.take(served.hub, place, name, name.encode(), "Mara Lindt")
    for path in ("/files", "/files/new", f"/files/{made}"):
        for size in (PHONE, DESK):
            screen.set_viewport_size(size)
            for scheme in ("light", "dark"):
                screen.emulate_media(color_scheme=scheme)
                screen.goto(path)
                assert not serious(screen), (path, size, scheme)
                width = screen.evaluate("document.documentElement.scrollWidth")
                assert width <= size["width"], (path, "is wider than the screen")
