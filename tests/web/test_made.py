"""Secrets that the hub makes: shown on one page, once; the one before goes on working; nobody else gets to see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from sqlalchemy import update

from app.core import connections, made, opening, practice
from app.db import models
from tests.web.conftest import Site, Visitor

FIELDS = {"scheme": "header", "header": "X-Shop-Key"}
SHOWN = re.compile(r'id="made-\w+-(\d)" value="([^"]*)"')
SEEN = re.compile(r'name="seen" value="([^"]*)"')


@pytest.fixture
def owner(served: Site) -> Visitor:
    return served.visitor("owner")


def connect(owner: Visitor, **fields: str) -> str:
    owner.get("/connections/new/web")
    answer = owner.post("/connections/new/web", connection_name="Shop", **{**FIELDS, **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].split("?")[0])


def make(owner: Visitor, page: str, what: str = "", seen: str | None = None) -> Any:
    found = SEEN.search(owner.get(page).text)
    given = {"what": what, "seen": (found[1] if found else "") if seen is None else seen}
    return owner.post(f"{page}/secret", **given)


def shown(text: str) -> list[str]:
    return [value for _, value in sorted(SHOWN.findall(text))]


def arrives(site: Site, page: str, secret: str) -> int:
    address = connections.get(site.hub, page.rsplit("/", 1)[1])["hook_address"]
    return requests.post(address, data=b"{}", headers={"X-Shop-Key": secret}, timeout=10).status_code


def test_a_person_connects_makes_a_secret_and_a_message_arrives(served: Site, owner: Visitor) -> None:
    page = connect(owner)
    before = owner.get(page).text
    assert "Not ready" in before
    assert "Make a new secret of the sender" in before
    assert shown(before) == []
    answer = make(owner, page)
    name, secret = shown(answer.text)
    assert (answer.status_code, name, len(secret)) == (200, "X-Shop-Key", 43)
    assert "no-store" in answer.headers["Cache-Control"]
    assert arrives(served, page, secret) == 200
    after = owner.get(page).text
    assert secret not in after
    assert "Ready" in after


def test_the_one_before_goes_on_until_the_next_is_made(served: Site, owner: Visitor) -> None:
    page = connect(owner)
    first, second = (shown(make(owner, page).text)[1] for _ in range(2))
    assert [arrives(served, page, one) for one in (first, second)] == [200, 200]
    third = shown(make(owner, page).text)[1]
    assert [arrives(served, page, one) for one in (first, second, third)] == [401, 200, 200]


def test_a_page_sent_twice_makes_one_secret(served: Site, owner: Visitor) -> None:
    page = connect(owner)
    seen = SEEN.search(owner.get(page).text)
    assert seen
    secret = shown(make(owner, page, seen=seen[1]).text)[1]
    again = make(owner, page, seen=seen[1])
    assert (again.status_code, shown(again.text)) == (409, [])
    assert "has been changed since" in again.text
    assert arrives(served, page, secret) == 200


def test_only_who_may_connect_makes_one_and_only_where_there_is_one_to_make(served: Site, owner: Visitor) -> None:
    page = connect(owner)
    for role in ("approver", "viewer"):
        other = served.visitor(role)
        assert other.post(f"{page}/secret", what="", seen="").status_code in (403, 404)
        assert f"{page}/secret" not in other.get(page).text
    assert make(owner, page, "scheme").status_code == 404
    assert make(owner, page, "signing_secret").status_code == 404  # nothing is sent from here
    assert make(owner, f"/connections/{practice.connection_id(served.hub, 'web')}").status_code == 404
    assert make(owner, f"/connections/{practice.connection_id(served.hub, 'zoom')}").status_code == 404


def test_a_script_gets_it_as_json_once(served: Site, owner: Visitor) -> None:
    page = connect(owner, scheme="bearer")
    answer = owner.client.post(
        f"{page}/secret", data={"csrf": owner.token, "what": ""}, headers={"Accept": "application/json"}
    )
    assert answer.json is not None
    (name, value) = (pair[1] for pair in answer.json["made"]["shown"])
    assert (name, value.startswith("Bearer ")) == ("Authorization", True)
    assert value[7:] not in owner.get(page, headers={"Accept": "application/json"}).text


def test_what_is_made_is_noted_but_not_told(served: Site, owner: Visitor) -> None:
    page = connect(owner)
    secret = shown(make(owner, page).text)[1]
    with served.hub.db.read() as conn:
        lines = [str(dict(row)) for row in conn.execute(models.audit.select()).mappings()]
    assert any("made a secret" in line for line in lines)
    assert not any(secret in line for line in lines)


def test_a_signing_secret_is_made_where_an_address_is_typed(served: Site, owner: Visitor) -> None:
    own = connections.create(served.hub, "web", {"address": "https://shop.example/hook"}, check_first=False)
    page = f"/connections/{own['id']}"
    assert "Nothing can be sent yet" in owner.get(page).text
    (first,) = shown(make(owner, page, "signing_secret").text)
    assert first.startswith("whsec_")
    assert "Nothing can be sent yet" not in owner.get(page).text
    (second,) = shown(make(owner, page, "signing_secret").text)
    row = opening.row(served.hub, own["id"])
    assert row is not None
    kept = served.hub.vault.open_json(row["secret"], f"connections:{own['id']}:secret")
    assert kept["signing_secret"] == f"{second} {first}"
    assert first not in owner.get(page).text
    connections.change(
        served.hub,
        own["id"],
        {"address": "https://new.example/", "signing_secret": connections.HIDDEN},
        check_first=False,
    )
    moved = opening.row(served.hub, own["id"])
    assert moved is not None
    there = served.hub.vault.open_json(moved["secret"], f"connections:{own['id']}:secret")
    assert (there["address"], there["signing_secret"]) == ("https://new.example/", f"{second} {first}")


def test_a_connection_that_only_sends_lacks_nothing(served: Site, owner: Visitor) -> None:
    own = connections.create(served.hub, "web", {"address": "https://shop.example/hook"}, check_first=False)["id"]
    assert "it sends nothing yet" in connections.get(served.hub, own)["words"]  # nobody knows yet what it is for
    named = update(models.connections).where(models.connections.c.id == own).values(account_name="shop.example")
    served.hub.db.write(lambda conn: conn.execute(named))
    found = connections.get(served.hub, own)
    assert (found["words"], found["half"]) == ("Connected as shop.example", False)
    made.make(served.hub, own, made.HOOK)
    assert connections.get(served.hub, own)["words"] == "Connected as shop.example"


def test_two_who_press_at_once_do_not_end_each_others_secret(served: Site, owner: Visitor) -> None:
    page = connect(owner)
    own = page.rsplit("/", 1)[1]
    stand = made.stand(served.hub, own)
    made.make(served.hub, own, made.HOOK, seen=stand)
    with pytest.raises(made.MadeAlready, match="press again"):
        made.make(served.hub, own, made.HOOK, seen=stand)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scheme": "magic"}, "is one of these: standard"),
        ({"scheme": "standard", "hook_secret": "abc"}, "begin with whsec_"),
        ({"scheme": "bearer", "hook_secret": "short"}, "can be guessed"),
        ({"address": "http://shop.example/"}, "must begin with https://"),
        ({"address": "https://127.0.0.1/"}, "not a public address"),
        ({"header": "X Shop"}, "name of the header"),
    ],
)
def test_what_cannot_be_meant_is_said_on_the_form_and_nothing_is_saved(
    served: Site, owner: Visitor, fields: dict[str, str], words: str
) -> None:
    owner.get("/connections/new/web")
    answer = owner.post("/connections/new/web", **{**FIELDS, **fields})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert [one for one in connections.listing(served.hub) if one["slug"] == "web" and not one["practice"]] == []


def test_the_form_keeps_what_was_chosen(owner: Visitor) -> None:
    owner.get("/connections/new/web")
    again = owner.post("/connections/new/web", scheme="basic", address="nonsense").text
    assert '<option value="basic" selected>' in again
    page = connect(owner, scheme="basic")
    assert '<option value="basic" selected>' in owner.get(page).text
