"""Pictures on a WordPress site: uploaded once, found after a lost answer, described for people who do not see them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from tests.connectors.stand import Stand, standing


@pytest.fixture
def site() -> Iterator[Stand]:
    with standing("wordpress") as stand:
        yield stand


def posts(site: Stand) -> list[dict[str, Any]]:
    return list(site.served.control("state?slug=wordpress").get("posts", []))


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(200)).decode()


def test_a_picture_is_uploaded_and_described(site: Stand) -> None:
    made = site.do("upload_picture", name="Ünser Büro.JPG", content=PNG, alt="Our  office")
    (media,) = site.served.control("state?slug=wordpress")["media"]
    assert media["file"].startswith("unser-buro-")
    assert media["file"].endswith(".png"), "the ending that its bytes have"
    assert (media["size"], media["alt_text"], made["id"]) == (208, "Our office", str(media["number"]))
    assert site.effects() == ["media.create", "media.update"]
    post = site.do("create_draft", title="With a picture", picture=made["id"])
    assert post["status"] == "draft"
    assert posts(site)[0]["featured_media"] == media["number"]


@pytest.mark.parametrize("fault", ["cut_after", "status_after", "cut_before"])
def test_an_error_may_come_after_the_file_was_stored(site: Stand, fault: str) -> None:
    found = site.lost("upload_picture", fault, name="office.png", content=PNG)
    assert len(found) == (fault != "cut_before")


def test_a_scaled_picture_is_the_same_picture(site: Stand) -> None:
    from connectors.wordpress._pictures import _is

    shown = "https://e.example/wp-content/uploads/2026/11/{}"
    assert _is({"source_url": shown.format("office-12345678-scaled.png")}, "office-12345678.png")
    assert not _is({"source_url": shown.format("office-12345678-draft.png")}, "office-12345678.png")


@pytest.mark.parametrize(
    ("content", "says"),
    [("?", "no base64"), (base64.b64encode(b"<svg/>").decode(), "none of them")],
)
def test_what_is_no_picture_is_refused_before_it_is_sent(site: Stand, content: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        site.prepared("upload_picture", name="x", content=content)


def test_a_picture_that_is_too_large_for_the_host(site: Stand) -> None:
    site.note(largest=100)
    trouble = site.trouble("upload_picture", name="office.png", content=PNG)
    assert (trouble.kind, "upload_max_filesize" in trouble.words) == ("refused", True)
