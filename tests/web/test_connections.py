"""The pages of connections: what needs somebody stands first, nothing is green that does not work, one more account is possible."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import insert, update

from app.core import connections as core
from app.core.connections import break_connection
from app.db.models import connections, polls
from tests.web.conftest import Site, Visitor


def made(site: Site, name: str, slug: str = "wordpress", **credentials: str) -> str:
    given = credentials or {"site": "https://shop.example", "user": "ana", "password": "0123456789"}
    return str(core.create(site.hub, slug, given, name=name, check_first=False)["id"])


def change(site: Site, connection_id: str, **values: Any) -> None:
    mine = connections.c.id == connection_id
    site.hub.db.write(lambda conn: conn.execute(update(connections).where(mine).values(**values)))


def failed(site: Site, connection_id: str, kind: str, error: str) -> None:
    row = {"connection": connection_id, "kind": kind, "error": error}
    site.hub.db.write(lambda conn: conn.execute(insert(polls).values(**row)))


def listed(visitor: Visitor) -> list[dict[str, Any]]:
    answer: Any = visitor.client.get("/connections", headers={"Accept": "application/json"}).json
    return [row for row in answer["connections"] if not row["practice"]]


def test_what_needs_somebody_stands_first(site: Site) -> None:
    visitor = site.visitor("owner")
    well, late, ends, broken = (made(site, name) for name in ("Well", "Late", "Ends", "Broken"))
    change(site, late, circuit="open", circuit_until=site.hub.steady.now() + 60_000)
    change(site, ends, ends_at=site.hub.now() + 5 * 86_400_000)
    site.hub.db.write(lambda conn: break_connection(conn, site.hub, broken, "No longer."))
    assert [row["id"] for row in listed(visitor)] == [broken, ends, late, well]
    page = visitor.get("/connections").text
    places = [page.index(f">{name}<") for name in ("Broken", "Ends", "Late", "Well")]
    assert places == sorted(places)
    assert page.index("Practice accounts") > places[-1]


def test_a_connection_whose_news_cannot_be_fetched_is_not_green(site: Site) -> None:
    """As with a plan that lacks the interface: every other call works."""
    visitor, own = site.visitor("owner"), made(site, "Ours")
    assert core.get(site.hub, own)["words"] == "Connected"
    failed(site, own, "post.published", "Your plan does not have this. Choose a larger one there.")
    said = "Connected, but looking for news does not work: Your plan does not have this. Choose a larger one there."
    assert listed(visitor)[0]["words"] == said
    assert listed(visitor)[0]["trouble"]
    for path in ("/connections", f"/connections/{own}"):
        page = visitor.get(path).text
        assert said in page
        assert f"{said}." not in page
        assert "Half connected" in page
    site.hub.db.write(lambda conn: conn.execute(update(polls).values(error="")))
    assert core.get(site.hub, own)["words"] == "Connected"


def test_webhooks_that_are_not_set_up_yet_and_those_that_cannot_be(site: Site) -> None:
    own = made(site, "Ours", "calendly", token="0123456789")
    assert core.get(site.hub, own)["words"] == "Connected; its webhooks are set up in a minute or two"
    failed(site, own, "webhooks", "Webhooks need the plan Standard.")
    assert (
        core.get(site.hub, own)["words"]
        == "Connected, but its webhooks are not set up: Webhooks need the plan Standard."
    )


def test_one_more_account_of_the_same_kind_can_be_connected(site: Site) -> None:
    owner, viewer = site.visitor("owner"), site.visitor("viewer")
    assert "one more account" not in owner.get("/connections").text
    made(site, "Ours")
    page = owner.get("/connections").text
    below = page[page.index("one more account") :]
    assert 'href="/connections/new/wordpress"' in below
    assert owner.get("/connections/new/wordpress").status_code == 200
    assert "one more account" not in viewer.get("/connections").text


def test_a_broken_one_shows_first_what_mends_it(site: Site) -> None:
    visitor, own = site.visitor("owner"), made(site, "Ours", "stripe", key="rk_test_0123456789")
    order = [r">What Stripe sends here<", r">Change it<"]
    page = visitor.get(f"/connections/{own}").text
    assert page.index(order[0][1:-1]) < page.index(order[1][1:-1])
    site.hub.db.write(lambda conn: break_connection(conn, site.hub, own, "Stripe has ended this key. Make a new one."))
    page = visitor.get(f"/connections/{own}").text
    assert page.index(order[1][1:-1]) < page.index(order[0][1:-1])
    assert len(re.findall("Stripe has ended this key", page)) == 1
    assert ".." not in re.sub(r"\s", "", re.sub("<[^>]+>", " ", page))


def test_a_secret_that_was_typed_wrongly_does_not_come_back(site: Site) -> None:
    visitor, own = site.visitor("owner"), made(site, "Ours")
    given = {"site": "https://shop.example", "user": "ben", "password": "typed anew\n"}
    answer = visitor.post(f"/connections/{own}", **given)
    assert answer.status_code == 422
    assert "Secrets have to be typed again" in answer.text
    assert "typed anew" not in answer.text
    assert 'value="ben"' in answer.text
