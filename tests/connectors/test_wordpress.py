"""WordPress over real HTTP: drafts, publishing and new words, found after a lost answer and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Refused
from tests.connectors.stand import KEY, Stand, standing

TEXT = "Hello **there**.\n\n## Plans\n\n- one\n- two\n"


@pytest.fixture
def site() -> Iterator[Stand]:
    with standing("wordpress") as stand:
        yield stand


def posts(site: Stand) -> list[dict[str, Any]]:
    return list(site.served.control("state?slug=wordpress").get("posts", []))


def by_hand(site: Stand, **more: Any) -> dict[str, Any]:
    return dict(site.served.control("wordpress_post", more))


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_stands_on_the_site_in_blocks(site: Stand) -> None:
    given = {"categories": "News, R&D", "tags": ["Open day", "6"], "excerpt": "In short"}
    made = site.do("create_draft", title="Open <b>day</b> & more", markdown=TEXT, **given)
    (post,) = posts(site)
    assert (post["status"], post["categories"], post["tags"]) == ("draft", [3, 4], [7, 6])
    assert post["title"] == "Open &lt;b&gt;day&lt;/b&gt; &amp; more"
    assert "<!-- wp:paragraph -->\n<p>Hello <strong>there</strong>.</p>\n<!-- /wp:paragraph -->" in post["content"]
    assert made["slug"].startswith("open-b-day-b-more-")
    assert (made["id"], made["status"]) == (str(post["number"]), "draft")
    assert made["url"].endswith(f"/?p={post['number']}")


def test_a_page_goes_under_pages(site: Stand) -> None:
    site.note(role="editor")
    made = site.do("create_draft", title="About us", kind="Page")
    assert made["id"].startswith("page:")
    assert site.effects() == ["page.create"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"categories": ["Nowhere"]}, "no category called “Nowhere”"),
        ({"tags": "Nowhere"}, "no tag called “Nowhere”"),
        ({"kind": "product"}, "no “product”"),
        ({"kind": "page", "tags": ["6"]}, "pages have no categories"),
        ({"picture": "logo.png"}, "was uploaded before"),
    ],
)
def test_what_the_site_has_not_is_refused_before_anything_is_sent(site: Stand, given: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        site.prepared("create_draft", title="x", **given)
    assert site.effects() == []


def test_preparing_twice_changes_nothing(site: Stand) -> None:
    once = site.prepared("create_draft", title="x", categories="News", tags="Grants")
    assert site.prepared("create_draft", **once) == once


@pytest.mark.parametrize("fault", ["cut_after", "status_after", "rubbish", "error_in_200"])
def test_a_draft_whose_answer_was_lost_is_found(site: Stand, fault: str) -> None:
    if fault == "error_in_200":
        site.served.fault("wordpress", fault, method="POST", applied=True)
        assert site.trouble("create_draft", title="Open day").kind == "unknown"
        arguments = site.prepared("create_draft", title="Open day")
        find = site.action("create_draft").find
        assert find
        (found,) = find(site.client, KEY, arguments)
    else:
        (found,) = site.lost("create_draft", fault, title="Open day")
    assert found["id"] == str(posts(site)[0]["number"])
    assert len(posts(site)) == 1


def test_a_draft_that_never_arrived_is_not_found(site: Stand) -> None:
    assert site.lost("create_draft", "cut_before", title="Open day") == []
    assert posts(site) == []


def test_looking_names_every_status_and_passes_caches(site: Stand) -> None:
    """A list without `status` holds public posts only; trashed ones have another slug."""
    made = site.do("create_draft", title="Open day")
    arguments = site.prepared("create_draft", title="Open day")
    find = site.action("create_draft").find
    assert find
    assert [one["id"] for one in find(site.client, KEY, arguments)] == [made["id"]]
    site.do("trash_post", post=made["id"], root=arguments["root"])
    assert [one["status"] for one in find(site.client, KEY, arguments)] == ["trash"]
    query = site.asked("GET")[-1]["query"]
    assert "status=publish%2Cfuture%2Cdraft%2Cpending%2Cprivate%2Ctrash" in query
    assert "_cb=" in query
    assert find(site.client, "hub-another", arguments) == []


def test_a_second_create_would_make_a_second_draft(site: Stand) -> None:
    """WordPress refuses nothing: it numbers the slug. So a draft is looked for and not simply sent again."""
    first, second = (site.do("create_draft", title="Open day") for _ in range(2))
    assert second["slug"] == f"{first['slug']}-2"
    assert all(json.loads(one["body"])["status"] == "draft" for one in site.asked("POST"))


# --- taking back ------------------------------------------------------------------------------------------------------


def test_an_untouched_draft_goes_to_the_trash_and_not_further(site: Stand) -> None:
    arguments = site.prepared("create_draft", title="Open day")
    made = site.send("create_draft", KEY, arguments)
    assert site.undo("create_draft", arguments, made) is None
    assert [post["status"] for post in posts(site)] == ["trash"]
    assert "force" not in site.asked("DELETE")[0]["query"]
    assert site.undo("create_draft", arguments, made) is None  # again: it is gone already


@pytest.mark.parametrize(
    ("edit", "says"),
    [({"content": "mine now"}, "Somebody edited “Open day”"), ({"status": "publish"}, "no longer a draft")],
)
def test_a_draft_that_somebody_took_up_stays(site: Stand, edit: dict[str, str], says: str) -> None:
    arguments = site.prepared("create_draft", title="Open day")
    made = site.send("create_draft", KEY, arguments)
    by_hand(site, number=int(made["id"]), **edit)
    assert says in (site.undo("create_draft", arguments, made) or "")
    assert posts(site)[0]["status"] != "trash"


def test_a_draft_that_was_deleted_for_good_needs_no_undo(site: Stand) -> None:
    arguments = site.prepared("create_draft", title="Open day")
    made = site.send("create_draft", KEY, arguments)
    site.served.control("wordpress_forget", {"id": int(made["id"])})
    assert site.undo("create_draft", arguments, made) is None


# --- publishing -------------------------------------------------------------------------------------------------------


def test_a_draft_is_published_and_taken_back(site: Stand) -> None:
    draft = site.do("create_draft", title="Open day", markdown=TEXT)
    arguments = site.prepared("publish_post", post=draft["id"])
    before = site.before("publish_post", **arguments)
    made = site.send("publish_post", KEY, arguments)
    assert (before, made["status"], posts(site)[0]["status"]) == ("draft", "publish", "publish")
    assert site.undo("publish_post", arguments, made, before) is None
    assert posts(site)[0]["status"] == "draft"
    drafted = site.prepared("create_draft", title="Open day", markdown=TEXT)
    assert site.undo("create_draft", drafted, draft) is None, "our own changes of status are no edits"


def test_publishing_is_for_people_to_decide(site: Stand) -> None:
    assert site.action("publish_post").judgment
    assert site.action("update_post").judgment


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_a_publication_whose_answer_was_lost_is_seen_by_its_status(site: Stand, fault: str) -> None:
    draft = site.do("create_draft", title="Open day")
    assert len(site.lost("publish_post", fault, post=draft["id"])) == (fault == "cut_after")


def test_what_was_edited_since_it_was_prepared_is_not_published(site: Stand) -> None:
    draft = site.do("create_draft", title="Open day")
    arguments = site.prepared("publish_post", post=draft["id"])
    by_hand(site, number=int(draft["id"]), content="Something else")
    with pytest.raises(Refused, match="was edited in WordPress since"):
        site.before("publish_post", **arguments)


def test_a_date_ahead_makes_it_scheduled_and_that_counts_as_done(site: Stand) -> None:
    post = by_hand(site, status="draft", date_gmt="2099-01-01T08:00:00", author=2)
    assert site.do("publish_post", post=str(post["number"]))["status"] == "future"


def test_a_contributor_may_not_publish(site: Stand) -> None:
    draft = site.do("create_draft", title="Open day")
    site.note(role="contributor")
    trouble = site.trouble("publish_post", post=draft["id"])
    assert (trouble.kind, "may not publish" in trouble.words) == ("refused", True)


def test_an_author_may_not_change_what_others_wrote(site: Stand) -> None:
    post = by_hand(site, title="The boss's")
    trouble = site.trouble("update_post", post=str(post["number"]), title="Mine")
    assert (trouble.kind, "role Editor" in trouble.words) == ("refused", True)


def test_a_published_post_that_was_edited_stays_public(site: Stand) -> None:
    draft = site.do("create_draft", title="Open day")
    arguments = site.prepared("publish_post", post=draft["id"])
    made = site.send("publish_post", KEY, arguments)
    by_hand(site, number=int(draft["id"]), content="with the new time")
    assert "Somebody edited" in (site.undo("publish_post", arguments, made, "draft") or "")


@pytest.mark.parametrize("what", ["deleted", "trashed"])
def test_a_post_that_is_gone_is_said_so(site: Stand, what: str) -> None:
    draft = site.do("create_draft", title="Open day")
    arguments = site.prepared("publish_post", post=draft["id"])
    if what == "deleted":
        site.served.control("wordpress_forget", {"id": int(draft["id"])})
    else:
        by_hand(site, number=int(draft["id"]), status="trash")
    with pytest.raises(Refused, match=r"no longer there|in WordPress's trash"):
        site.prepared("publish_post", post=draft["id"])
    assert "nothing to take back" in (site.undo("publish_post", arguments, {**draft, "status": "publish"}) or "")


# --- new words --------------------------------------------------------------------------------------------------------

RAW = "<!-- wp:paragraph -->\n<p>Old</p>\n<!-- /wp:paragraph -->\n[gallery ids=1]"


def test_old_words_come_back_raw(site: Stand) -> None:
    """Writing back what readers see would lose blocks and shortcodes."""
    post = by_hand(site, title="Old", content=RAW, author=2)
    arguments = site.prepared("update_post", post=str(post["number"]), markdown="New", title="New title")
    before = site.before("update_post", **arguments)
    made = site.send("update_post", KEY, arguments)
    assert "<p>New</p>" in posts(site)[0]["content"]
    assert site.undo("update_post", arguments, made, before) is None
    assert (posts(site)[0]["content"], posts(site)[0]["title"]) == (RAW, "Old")


def test_only_what_is_given_is_changed(site: Stand) -> None:
    post = by_hand(site, title="Old", content=RAW, author=2)
    site.do("update_post", post=str(post["number"]), title="New")
    assert json.loads(site.asked("POST")[-1]["body"]) == {"title": "New"}
    with pytest.raises(Refused, match="no new words"):
        site.prepared("update_post", post=str(post["number"]))


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_new_words_whose_answer_was_lost_are_compared(site: Stand, fault: str) -> None:
    post = by_hand(site, title="Old", content=RAW, author=2)
    found = site.lost("update_post", fault, post=str(post["number"]), markdown=TEXT)
    assert len(found) == (fault == "cut_after")


def test_new_words_that_somebody_changed_stay(site: Stand) -> None:
    post = by_hand(site, title="Old", content=RAW, author=2)
    arguments = site.prepared("update_post", post=str(post["number"]), title="New")
    made = site.send("update_post", KEY, arguments)
    by_hand(site, number=post["number"], title="Newer")
    assert "Somebody edited “Newer”" in (site.undo("update_post", arguments, made, {"title": "Old"}) or "")
