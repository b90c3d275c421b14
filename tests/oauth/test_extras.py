"""What a person says about an account beside its credentials outlives renewals and sign-ins; a key gives way to a sign-in."""

from __future__ import annotations

from sqlalchemy import update

from app.core import connections, renewal
from app.db import models
from app.practice.serve import Served
from tests.oauth.conftest import Person, credentials


def signed_in(person: Person) -> str:
    person.go("chain")
    page = person.visitor.get(person.agree("c-1"))
    state = page.text.split('name="state" value="')[1].split('"')[0]
    answer = person.visitor.post("/oauth/chain/choose", state=state, account="c-1")
    return str(answer.location.split("/connections/")[1].split("?")[0])


def save(person: Person, made: str, watch: str) -> int:
    person.visitor.get(f"/connections/{made}")
    return person.visitor.post(f"/connections/{made}", connection_name="", watch=watch).status_code


def test_it_is_asked_for_on_the_page_and_handed_to_the_connector(person: Person) -> None:
    made = signed_in(person)
    page = person.visitor.get(f"/connections/{made}").text
    assert 'name="watch"' in page
    assert 'name="key"' not in page
    before = credentials(person.site, made)
    assert save(person, made, "north, south") == 303
    assert credentials(person.site, made) == {**before, "watch": "north, south"}
    assert 'value="north, south"' in person.visitor.get(f"/connections/{made}").text
    assert save(person, made, "") == 303
    assert credentials(person.site, made) == before


def test_what_the_vendor_refuses_is_not_saved(person: Person) -> None:
    made = signed_in(person)
    before = credentials(person.site, made)
    assert save(person, made, "nowhere") == 422
    assert credentials(person.site, made) == before


def test_it_outlives_a_renewal_and_a_sign_in(person: Person) -> None:
    made, hub = signed_in(person), person.site.hub
    save(person, made, "north")
    mine = models.connections.c.id == made
    hub.db.write(lambda conn: conn.execute(update(models.connections).where(mine).values(expires_at=hub.now() - 1000)))
    first = credentials(person.site, made)
    assert connections.check(hub, made)["ok"]
    second = credentials(person.site, made)
    assert (second["watch"], second["refresh_token"] != first["refresh_token"]) == ("north", True)
    person.go("chain", connection=made)
    assert person.visitor.get(person.agree("c-1")).status_code == 303
    third = credentials(person.site, made)
    assert (third["watch"], third["refresh_token"] != second["refresh_token"]) == ("north", True)


def test_what_is_said_during_a_renewal_is_kept_and_so_are_the_new_tokens(person: Person, vendors: Served) -> None:
    made, hub = signed_in(person), person.site.hub
    first = credentials(person.site, made)
    row = connections._row(hub, made)
    assert renewal._take(hub, row, bytes(row["secret"]), "a test", 60_000)
    save(person, made, "north")  # while another process is asking for new tokens
    renewal._renew(hub, row, "a test")
    after = credentials(person.site, made)
    assert (after["watch"], after["refresh_token"] != first["refresh_token"]) == ("north", True)
    assert connections._row(hub, made)["refresh_until"] is None


def test_a_key_gives_way_to_a_sign_in(person: Person, vendors: Served) -> None:
    hub = person.site.hub
    made = str(connections.create(hub, "chain", {"key": vendors.token, "watch": "north"})["id"])
    page = person.visitor.get(f"/connections/{made}").text
    assert "Sign in instead of using a key" in page
    assert 'name="key"' in page
    person.go("chain", connection=made)
    assert person.visitor.get(person.agree("c-1")).status_code == 303
    assert connections.get(hub, made)["oauth"]
    kept = credentials(person.site, made)
    assert (kept["watch"], kept["account"], "key" in kept) == ("north", "c-1", False)
