"""Connecting a WordPress site: where its interface is, whose password it is, and what is wrong in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.core import connections
from app.core.hub import Hub
from connectors.contract import Refused, Unauthorized, Unavailable
from connectors.wordpress import _client
from tests.connectors.stand import KEY, Stand, reopened, standing


@pytest.fixture
def site() -> Iterator[Stand]:
    with standing("wordpress") as stand:
        yield stand


def test_the_account_is_named_by_user_and_site(site: Stand) -> None:
    account = site.check()
    assert account.name.startswith("Patchbay at 127.0.0.1:")
    assert account.id.endswith("/wordpress#2")


def test_spaces_in_the_application_password_do_not_matter(site: Stand) -> None:
    token = site.served.token
    spaced = " ".join(token[n : n + 4] for n in range(0, len(token), 4))
    assert reopened(site, password=spaced).check().id.endswith("#2")


@pytest.mark.parametrize("permalinks", ["pretty", "plain"])
def test_the_root_is_found_and_never_guessed(site: Stand, permalinks: str) -> None:
    site.note(permalinks=permalinks)
    site.check()
    site.do("create_draft", title="Open day")
    paths = [f"{one['path']}?{one['query']}" for one in site.asked("POST")]
    assert paths == ["/wp-json/wp/v2/posts?" if permalinks == "pretty" else "/?rest_route=/wp/v2/posts"]
    assert ["/wp-json" in one["path"] for one in site.asked() if permalinks == "plain"].count(True) == 0


def test_a_root_that_moved_is_found_again(site: Stand) -> None:
    site.check()
    site.note(permalinks="plain")
    no_route = {"code": "rest_no_route", "message": "No route was found", "data": {"status": 404}}
    site.served.fault("wordpress", "status", path="/wp-json", status=404, body=no_route)
    assert site.check().id.endswith("#2")
    assert site.client.root == "/?rest_route="


def test_a_write_by_a_fresh_process_asks_nothing_first(site: Stand) -> None:
    """The root is one of its arguments, so that drawing it again gives the same request."""
    arguments = site.prepared("create_draft", title="Open day")
    fresh = reopened(site)
    before = len(site.asked())
    fresh.send("create_draft", KEY, arguments)
    assert len(site.asked()) == before + 1


def test_a_front_page_for_members_only_hides_no_interface(site: Stand) -> None:
    to_sign_in = {"status": 303, "headers": {"Location": "/sign-in"}, "times": 2}
    site.served.fault("wordpress", "status", path="/", **to_sign_in)
    assert site.check().id.endswith("#2")
    assert site.client.root == "/wp-json"


def test_a_front_page_that_leads_elsewhere_is_not_followed(site: Stand) -> None:
    site.note(moved="https://www.example.org/", permalinks="plain")
    site.served.fault("wordpress", "status", method="GET", path="/", status=301, times=2)
    with pytest.raises(Refused, match=r"leads to https://www\.example\.org/"):
        site.check()


def test_a_write_follows_no_redirect(site: Stand) -> None:
    site.check()
    elsewhere = {"Location": f"{site.served.url}/wordpress/wp-json/wp/v2/pages"}
    site.served.fault("wordpress", "status", method="POST", status=301, headers=elsewhere)
    trouble = site.trouble("create_draft", title="x")
    assert (trouble.kind, "another address" in trouble.words) == ("refused", True)
    assert (len(site.asked("POST")), site.effects()) == (1, [])


def test_a_site_inside_the_network_is_not_called(hub: Hub, site: Stand) -> None:
    port = site.served.url.rpartition(":")[2]
    given = {"site": f"https://127.0.0.1:{port}/wordpress", "user": "patchbay", "password": site.served.token}
    with pytest.raises(Unavailable, match="not a public address"):
        connections.create(hub, "wordpress", given)
    assert site.asked() == []


@pytest.mark.parametrize(
    "advertised",
    ["https://www.example.org/blog/wp-json/", "https://h/blog2/wp-json/", "https://h/wp-json/", "https://h"],
)
def test_a_site_that_calls_itself_otherwise_says_so(site: Stand, advertised: str) -> None:
    site.client.base = "https://h/blog"
    with pytest.raises(Refused, match="Enter that address instead"):
        _client._relative(site.client, advertised)


@pytest.mark.parametrize(
    ("advertised", "root"),
    [
        ("http://h/blog/wp-json/", "/wp-json"),
        ("https://H/blog/index.php/wp-json/", "/index.php/wp-json"),
        ("https://h/blog/?rest_route=/", "/?rest_route="),
    ],
)
def test_roots_are_kept_relative_to_the_front_page(site: Stand, advertised: str, root: str) -> None:
    site.client.base = "https://h/blog"
    assert _client._relative(site.client, advertised) == root
    url = site.client.url(root, "/wp/v2/posts", {"page": 2})
    assert url == f"https://h/blog{root}/wp/v2/posts{'&' if '?' in root else '?'}page=2"


@pytest.mark.parametrize(
    "typed", ["https://e.example/?rest_route=/", "https://u:p@e.example", "example.org", "https://"]
)
def test_an_address_that_is_no_front_page_is_refused(site: Stand, typed: str) -> None:
    with pytest.raises(Refused, match="front page"):
        reopened(site, site=typed)


@pytest.mark.parametrize(
    ("notes", "problem", "says"),
    [
        ({"strips": True}, Unauthorized, "CGIPassAuth On"),
        ({"passwords": False}, Unauthorized, "switched off"),
        ({"role": "subscriber"}, Refused, "role Author"),
    ],
)
def test_what_is_wrong_with_the_site_is_said(site: Stand, notes: Any, problem: type[Exception], says: str) -> None:
    site.note(**notes)
    with pytest.raises(problem, match=says):
        site.check()


def test_application_passwords_that_the_site_does_not_offer() -> None:
    with pytest.raises(Refused, match="Wordfence"):
        _client._offers_passwords({"namespaces": ["wp/v2"], "authentication": []})


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({"password": "the one to sign in with"}, "not the password that you sign in with"),
        ({"user": "nobody"}, "no user"),
    ],
)
def test_wrong_credentials_are_explained(site: Stand, credentials: dict[str, str], says: str) -> None:
    with pytest.raises(Unauthorized, match=says):
        reopened(site, **credentials).check()


def test_after_a_new_password_it_works_again(site: Stand) -> None:
    site.served.control("settings", {"revoked": ["wordpress"]})
    with pytest.raises(Unauthorized):
        site.check()
    site.served.control("settings", {"revoked": []})
    assert reopened(site).check().id == site.check().id


def test_a_site_without_wordpress_is_refused_in_words(site: Stand) -> None:
    site.served.fault("wordpress", "status", status=200, body="<html>A shop</html>", times=4)
    with pytest.raises(Refused, match="no WordPress REST interface"):
        site.check()


def test_a_firewalls_page_is_quoted_by_its_title(site: Stand) -> None:
    body = "<html><head><title>Access denied | Wall</title></head><body>…</body></html>"
    site.served.fault("wordpress", "status", method="POST", status=406, body=body)
    trouble = site.trouble("create_draft", title="x")
    assert (trouble.kind, "Access denied | Wall" in trouble.words) == ("refused", True)


def test_maintenance_is_waited_for(site: Stand) -> None:
    site.check()
    site.served.fault(
        "wordpress", "status", status=503, body="<h1>Briefly unavailable</h1>", headers={"Retry-After": "9"}
    )
    with pytest.raises(Unavailable):
        site.check()
