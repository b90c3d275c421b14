"""WordPress: Markdown as blocks, pickers, and refusals that say what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Choice, Refused
from connectors.wordpress import connector
from connectors.wordpress._blocks import blocks, words
from tests.connectors.stand import Stand, standing


@pytest.fixture
def site() -> Iterator[Stand]:
    with standing("wordpress") as stand:
        yield stand


def by_hand(site: Stand, **more: Any) -> dict[str, Any]:
    return dict(site.served.control("wordpress_post", more))


# --- blocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "made"),
    [
        ("a *b*", "<!-- wp:paragraph -->\n<p>a <em>b</em></p>\n<!-- /wp:paragraph -->"),
        ("## H", '<!-- wp:heading -->\n<h2 class="wp-block-heading">H</h2>\n<!-- /wp:heading -->'),
        ("### H", '<!-- wp:heading {"level":3} -->\n<h3 class="wp-block-heading">H</h3>\n<!-- /wp:heading -->'),
        (
            "- a\n\n- b",
            '<!-- wp:list -->\n<ul class="wp-block-list">\n<li>a</li>\n<li>b</li>\n</ul>\n<!-- /wp:list -->',
        ),
        ("1. a", '<!-- wp:list {"ordered":true} -->\n<ol class="wp-block-list">\n<li>a</li>\n</ol>\n<!-- /wp:list -->'),
        (
            "---",
            '<!-- wp:separator -->\n<hr class="wp-block-separator has-alpha-channel-opacity"/>\n<!-- /wp:separator -->',
        ),
        (
            "```\n<b>\n```",
            '<!-- wp:code -->\n<pre class="wp-block-code"><code>&lt;b&gt;\n</code></pre>\n<!-- /wp:code -->',
        ),
        ("", ""),
    ],
)
def test_markdown_becomes_blocks(markdown: str, made: str) -> None:
    assert blocks(markdown) == made


def test_quotes_and_tables_hold_what_is_in_them() -> None:
    quote = blocks("> said\n> - one")
    assert quote.startswith('<!-- wp:quote -->\n<blockquote class="wp-block-quote"><!-- wp:paragraph -->\n<p>said</p>')
    assert quote.endswith("<!-- /wp:list --></blockquote>\n<!-- /wp:quote -->")
    table = blocks("| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<!-- wp:table -->\n<figure class="wp-block-table"><table>' in table
    assert "<td>2</td>" in table


@pytest.mark.parametrize("deep", ["> " * 40 + "words", "".join(f"{'  ' * n}- words {n}\n" for n in range(40))])
def test_nothing_is_lost_in_the_depths(deep: str) -> None:
    assert blocks(deep).count("words") == deep.count("words")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>x</script>",
        "[gallery]",
        "<!-- wp:html -->",
        "[a](javascript:alert(1))",
        "`[shortcode]`",
        "<iframe src=x>",
    ],
)
def test_text_of_anybody_starts_nothing(hostile: str) -> None:
    for made in (blocks(hostile), blocks(f"> {hostile}"), words(hostile)):
        inner = made.replace("<!-- wp:paragraph -->", "").replace("<!-- wp:quote -->", "")
        assert "<script" not in inner
        assert "<iframe" not in inner
        assert "<!-- wp:html" not in inner
        assert "[" not in inner
        assert 'href="javascript' not in inner


def test_titles_are_one_line_of_plain_text() -> None:
    assert words(" two\nlines <b> & [x] ") == "two lines &lt;b&gt; &amp; &#091;x]"


# --- pickers ----------------------------------------------------------------------------------------------------------


def test_posts_are_picked_with_their_state(site: Stand) -> None:
    site.note(role="editor")
    post = by_hand(site, title="Open &amp; free", status="draft")
    page = by_hand(site, title="About us", kind="pages")
    by_hand(site, title="Gone", status="trash")
    assert site.choices("post") == [
        Choice(str(post["number"]), "Open & free (draft)"),
        Choice(f"page:{page['number']}", "About us (page, publish)"),
    ]
    assert site.choices("post", "about") == [Choice(f"page:{page['number']}", "About us (page, publish)")]


def test_an_author_sees_no_pages_and_still_picks_posts(site: Stand) -> None:
    post = by_hand(site, title="Mine")
    assert site.choices("post") == [Choice(str(post["number"]), "Mine (publish)")]


def test_categories_and_tags_are_picked_by_name(site: Stand) -> None:
    assert site.choices("category", "R&D") == [Choice("4", "R&D")]
    assert [choice.label for choice in site.choices("tag")] == ["Grants", "Open day"]


@pytest.mark.parametrize(
    "text",
    [
        "{n}",
        " https://site.example/wp-admin/post.php?post={n}&action=edit",
        "https://site.example/?p={n}&preview=true",
        "https://site.example/2026/11/open-day/",
    ],
)
def test_pasted_addresses_are_understood(site: Stand, text: str) -> None:
    post = by_hand(site, title="Open day", slug="open-day", status="draft")
    assert site.resolve("post", text.format(n=post["number"])) == [Choice(str(post["number"]), "Open day (draft)")]


def test_ids_of_recipes_have_names(site: Stand) -> None:
    site.note(role="editor")
    page = by_hand(site, title="About us", kind="pages")
    own = f"page:{page['number']}"
    assert site.resolve("post", own) == [Choice(own, "About us (page, publish)")]


@pytest.mark.parametrize("text", ["99", "https://site.example/", "https://site.example/nothing-here/", "Ä!"])
def test_an_address_with_nothing_behind_it(site: Stand, text: str) -> None:
    with pytest.raises(Refused, match="no post or page"):
        site.resolve("post", text)


@pytest.mark.parametrize("given", ["product:5", "5/../6", "", "page:", "-1", "٣"])
def test_an_id_of_something_else_is_refused(site: Stand, given: str) -> None:
    with pytest.raises(Refused, match="is no post of this site"):
        site.prepared("publish_post", post=given)


# --- refusals ---------------------------------------------------------------------------------------------------------


def said(status: int, code: str = "", message: str = "words", **data: Any) -> str:
    body = {"code": code, "message": message, "data": {"status": status, **data}}
    return connector.explain(status, json.dumps(body).encode()) or ""


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, "rest_not_logged_in", "HTTP_AUTHORIZATION"),
        (401, "incorrect_password", "Application Passwords"),
        (401, "invalid_username", "no user of this name"),
        (401, "application_passwords_disabled", "switched off"),
        (403, "rest_cannot_create", "Contributor or Author"),
        (403, "rest_cannot_edit", "role Editor"),
        (403, "rest_cannot_publish", "may not publish"),
        (404, "rest_no_route", "has moved"),
        (404, "rest_post_invalid_id", "was deleted"),
        (410, "rest_already_trashed", "Restore it"),
        (413, "", "upload_max_filesize"),
        (301, "", "another address"),
        (403, "", "firewall"),
        (400, "rest_something", "words"),
    ],
)
def test_refusals_say_what_to_do(status: int, code: str, says: str) -> None:
    assert says in said(status, code)


def test_a_wrong_field_is_named() -> None:
    assert "“slug”" in said(400, "rest_invalid_param", "Invalid parameter(s): slug", params={"slug": "not a string"})


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_where_waiting_helps_nothing_is_asked_of_people(status: int) -> None:
    assert connector.explain(status, b"<html>busy</html>") is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"code": 5, "data": []}', b"[" * 100_000, b"\xff\xfe", b"<title>"])
def test_hostile_answers_are_read_calmly(body: bytes) -> None:
    sentence = connector.explain(403, body)
    assert sentence
    assert len(sentence) < 600
