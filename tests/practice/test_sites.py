"""The practice WordPress, Asana and Webflow keep their vendors' limits, ask for credentials, and show what stands in them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from app.practice.serve import Served

ADDRESSES = {
    "wordpress": ("/wp-json/wp/v2/users/me", 30),
    "asana": ("/api/1.0/users/me", 50),
    "webflow": ("/v2/sites", 60),
}


def ask(served: Served, slug: str, path: str, password: str = "") -> requests.Response:
    token = password or served.token
    login: dict[str, Any] = {"auth": ("patchbay", token)}
    login = login if slug == "wordpress" else {"headers": {"Authorization": f"Bearer {token}"}}
    return requests.get(f"{served.url}/{slug}{path}", timeout=5, **login)


@pytest.mark.parametrize("slug", ADDRESSES)
def test_limits_are_kept_and_say_how_long_to_wait(slug: str) -> None:
    path, burst = ADDRESSES[slug]
    with Served(limits=True) as served:
        answers = [ask(served, slug, path) for _ in range(burst + 15)]
    assert {answer.status_code for answer in answers[:burst]} == {200}
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1


@pytest.mark.parametrize("slug", ADDRESSES)
def test_a_wrong_credential_opens_nothing(practice: Served, slug: str) -> None:
    assert ask(practice, slug, ADDRESSES[slug][0], "guessed").status_code == 401


@pytest.mark.parametrize(
    ("slug", "command", "body"),
    [
        ("wordpress", "wordpress_post", {"title": "<b>Shown</b>", "content": "Words"}),
        ("asana", "asana_task", {"name": "<b>Shown</b>", "notes": "Words"}),
        ("webflow", "webflow_item", {"fieldData": {"name": "<b>Shown</b>", "place": "Words"}}),
    ],
)
def test_what_stands_there_is_shown_and_not_run(practice: Served, slug: str, command: str, body: Any) -> None:
    address = f"{practice.url}/{slug}/"
    assert "Nothing yet" in (empty := requests.get(address, timeout=5).text) or "No task yet" in empty
    practice.control(command, body)
    page = requests.get(address, timeout=5).text
    assert "&lt;b&gt;Shown&lt;/b&gt;" in page
    assert "Words" in page


def test_only_the_words_of_readers_are_rendered(practice: Served) -> None:
    practice.control("wordpress_post", {"content": "<!-- wp:paragraph -->\n<p>[gallery]</p>"})
    (seen,) = ask(practice, "wordpress", "/wp-json/wp/v2/posts").json()
    assert seen["content"] == {"rendered": "<p><div>shortcode</div></p>", "protected": False}
