"""Signing in at a vendor: the way there and back, and everything that may come back instead of a yes."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
import time_machine
from sqlalchemy import select

from app.core import apps, connections
from app.db import models
from app.practice.serve import Served
from tests.oauth.conftest import Person, credentials
from tests.web.conftest import Site


def real(site: Site) -> list[str]:
    return [row["id"] for row in connections.listing(site.hub) if not row["practice"]]


# --- the way there and back -------------------------------------------------------------------------------------------


def test_the_account_names_itself_before_anything_is_saved(person: Person, vendors: Served) -> None:
    made = connections.get(person.site.hub, person.connect(sign_in_name="Our till"))
    assert (made["account_name"], made["name"], made["oauth"], made["has_credentials"]) == (
        "Corner shop",
        "Our till",
        True,
        True,
    )
    kept = credentials(person.site, made["id"])
    assert kept["till"] == "t-1"
    assert set(kept) == {"access_token", "refresh_token", "till"}
    assert "Corner shop" in person.visitor.get(f"/connections/{made['id']}").text
    assert [r["path"] for r in vendors.ledger("till")] == ["/oauth/token", "/v1/me"]


def test_what_the_vendor_is_asked(person: Person) -> None:
    person.go()
    asked = person.asked()
    assert asked["redirect_uri"] == f"{person.site.hub.settings.address}/oauth/till/callback"
    assert asked["scope"] == "notes.write sales.read"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert (asked["response_type"], asked["client_id"], asked["prompt"]) == ("code", "practice", "consent")
    assert len(asked["state"]) >= 43
    person.go("chain")
    asked = person.asked()
    assert asked["scope"] == "a,b"
    assert "code_challenge" not in asked


def test_neither_state_nor_verifier_stand_in_the_database(person: Person) -> None:
    person.go()
    with person.site.hub.db.read() as conn:
        (row,) = conn.execute(select(models.grants)).mappings().all()
    assert person.asked()["state"] not in str(dict(row))


def test_the_page_has_what_the_vendor_wants_to_know(person: Person) -> None:
    page = person.visitor.get("/connections/new/till").text
    for words in ("/oauth/till/callback", "notes.write sales.read", "write notes", "Open my.till.example", "••••••"):
        assert words in page
    assert 'name="client_secret" value="practice-token"' not in page
    assert "Whoever runs this hub sets it as PATCHBAY_PUBLIC_URL" in page  # this one has only a local address


def test_without_an_app_nobody_is_sent_anywhere(site: Site) -> None:
    person = Person(site, site.visitor("owner"))
    answer = person.go()
    assert (answer.status_code, person.there) == (422, "")
    assert "First register an app of your own at Till" in answer.text
    person.visitor.post("/oauth/till/app", client_id="mine", client_secret="s3cret")
    saved = apps.get(site.hub, "till")
    assert saved
    assert (saved.client_id, saved.client_secret) == ("mine", "s3cret")
    person.visitor.post("/oauth/till/app", client_id="other", client_secret=apps.HIDDEN)
    kept = apps.get(site.hub, "till")
    assert kept
    assert (kept.client_id, kept.client_secret) == ("other", "s3cret")
    assert person.visitor.post("/oauth/till/app", client_id="", client_secret="").status_code == 422


def test_a_wrong_app_is_told_and_nothing_is_saved(person: Person) -> None:
    apps.save(person.site.hub, "till", "practice", "another secret".replace(" ", "-"), by="a test")
    person.go()
    answer = person.visitor.get(person.agree())
    assert answer.status_code == 422
    assert "Till does not know this app. Check its client ID and client secret" in answer.text
    assert real(person.site) == []


# --- what comes back instead ------------------------------------------------------------------------------------------


def test_who_says_no_is_told_what_to_do(person: Person) -> None:
    person.go()
    answer = person.visitor.get(person.agree(answer="deny"))
    assert answer.status_code == 422
    assert "You did not agree at Till, so nothing was connected" in answer.text
    assert "Connect Till" in answer.text
    assert real(person.site) == []


def test_the_vendors_words_are_shown_as_text(person: Person) -> None:
    person.go()
    more = urlencode({"error": "server_error", "error_description": "<b>down</b>", "state": person.asked()["state"]})
    answer = person.visitor.get(f"/oauth/till/callback?{more}")
    assert answer.status_code == 422
    assert "&lt;b&gt;down&lt;/b&gt;" in answer.text


def test_what_was_left_out_is_named(person: Person) -> None:
    person.go()
    answer = person.visitor.get(person.agree(leave_out="sales.read"))
    assert answer.status_code == 422
    assert "<code>sales.read</code>: see sales" in answer.text
    assert "<code>notes.write</code>" not in answer.text
    assert real(person.site) == []


def test_an_answer_counts_once(person: Person) -> None:
    person.connect()
    answer = person.visitor.get(person.back)
    assert answer.status_code == 400
    assert "This has been done already" in answer.text
    assert len(real(person.site)) == 1


def test_an_answer_counts_for_ten_minutes(person: Person) -> None:
    person.go()
    back = person.agree()
    with time_machine.travel(person.site.hub.now() / 1000 + 601, tick=True):
        answer = person.visitor.get(back)
    assert answer.status_code == 400
    assert "More than ten minutes have passed" in answer.text
    assert real(person.site) == []


@pytest.mark.parametrize("state", ["", "made-up", "é" * 20])
def test_a_state_we_did_not_give_is_refused(person: Person, state: str) -> None:
    answer = person.visitor.get(f"/oauth/till/callback?{urlencode({'code': 'x', 'state': state})}")
    assert answer.status_code == 400
    assert "This hub did not ask for that" in answer.text


def test_an_answer_belongs_to_the_browser_the_person_and_the_vendor_that_began(person: Person, vendors: Served) -> None:
    person.go()
    back = person.agree()
    same_person, other_person = person.site.visitor("owner"), person.site.visitor("builder")
    assert "was begun elsewhere" in same_person.get(back).text
    assert "was begun elsewhere" in other_person.get(back).text
    assert "was begun elsewhere" in person.visitor.get(back.replace("/till/", "/chain/")).text
    assert person.site.stranger().get(back).status_code == 303  # to the sign-in
    assert person.site.visitor("viewer").get(back).status_code == 404
    assert vendors.ledger("till") == []
    assert person.visitor.get(back).status_code == 303  # and all that spoiled nothing


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("iss", "https://elsewhere.example"), "This answer was not sent by Till"),
        (("till", ""), "an answer without till"),
        (("code", ""), "an answer without code"),
        (("code", "made-up"), "Till no longer lets us in"),
    ],
)
def test_what_does_not_belong_to_the_answer_is_refused(person: Person, change: tuple[str, str], says: str) -> None:
    person.go()
    asked = {"state": person.asked()["state"], "code": "c", "till": "t-1", "iss": "https://door.till.example"}
    answer = person.visitor.get(f"/oauth/till/callback?{urlencode({**asked, change[0]: change[1]})}")
    assert answer.status_code == 422
    assert says in answer.text
    assert real(person.site) == []


def test_a_vendor_that_does_not_answer_is_told(person: Person, vendors: Served) -> None:
    for fault in ("cut_after", "status", "rubbish"):
        vendors.fault("till", fault, path="/oauth/token")
        person.go()
        answer = person.visitor.get(person.agree())
        assert answer.status_code == 422, fault
        assert "Not connected" in answer.text
    assert real(person.site) == []


def test_an_account_that_does_not_name_itself_is_not_saved(person: Person, vendors: Served) -> None:
    vendors.fault("till", "status", path="/v1/me")
    person.go()
    assert person.visitor.get(person.agree()).status_code == 422
    assert real(person.site) == []


# --- again ------------------------------------------------------------------------------------------------------------


def test_signing_in_again_keeps_the_connection(person: Person) -> None:
    made = person.connect(sign_in_name="Our till")
    before = credentials(person.site, made)
    hook = connections.get(person.site.hub, made)["hook_address"]
    assert person.connect(connection=made) == made
    after = connections.get(person.site.hub, made)
    assert (after["name"], after["hook_address"]) == ("Our till", hook)
    assert credentials(person.site, made)["refresh_token"] != before["refresh_token"]
    assert real(person.site) == [made]


def test_another_account_is_refused_when_signing_in_again(person: Person) -> None:
    made = person.connect()
    before = credentials(person.site, made)
    person.go(connection=made)
    answer = person.visitor.get(person.agree("t-2"))
    assert answer.status_code == 422
    assert "You signed in as Market stall, but this connection is Corner shop" in answer.text
    assert credentials(person.site, made) == before
    assert real(person.site) == [made]


def test_the_same_account_is_not_connected_twice(person: Person) -> None:
    """At some vendors signing in once more ends the tokens of the first time, so both connections must be one."""
    made = person.connect()
    assert person.connect() == made
    other = person.connect(account="t-2")
    assert sorted(real(person.site)) == sorted([made, other])


def test_changing_the_name_leaves_the_tokens_alone(person: Person) -> None:
    made = person.connect()
    before = credentials(person.site, made)
    person.visitor.get(f"/connections/{made}")
    person.visitor.post(f"/connections/{made}", connection_name="Renamed", hook_secret="s")
    assert connections.get(person.site.hub, made)["name"] == "Renamed"
    assert credentials(person.site, made) == before


def test_removing_gives_the_tokens_back(person: Person, vendors: Served) -> None:
    made, other = person.connect(), person.connect(account="t-2")
    person.visitor.post(f"/connections/{made}/remove")
    assert vendors.effects("till", "token.revoke") == []  # another account may hang on the same consent
    person.visitor.post(f"/connections/{other}/remove")
    assert len(vendors.effects("till", "token.revoke")) == 1
    assert real(person.site) == []


def test_a_connection_that_was_removed_meanwhile_is_not_brought_back(person: Person) -> None:
    made = person.connect()
    person.go(connection=made)
    back = person.agree()
    connections.remove(person.site.hub, made, by="a test")
    answer = person.visitor.get(back)
    assert answer.status_code == 422
    assert "was removed meanwhile" in answer.text


# --- one consent, several accounts ------------------------------------------------------------------------------------


def test_a_person_chooses_among_several_accounts(person: Person) -> None:
    person.go("chain")
    page = person.visitor.get(person.agree())
    assert page.status_code == 200
    assert "North" in page.text
    assert "South" in page.text
    assert real(person.site) == []
    state = page.text.split('name="state" value="')[1].split('"')[0]
    answer = person.visitor.post("/oauth/chain/choose", state=state, account="c-2")
    assert answer.status_code == 303
    (made,) = real(person.site)
    assert connections.get(person.site.hub, made)["account_name"] == "South"
    assert credentials(person.site, made)["account"] == "c-2"
    assert credentials(person.site, made)["domain"] == "north.chain.example"
    assert person.visitor.post("/oauth/chain/choose", state=state, account="c-1").status_code == 400


def test_only_what_was_offered_can_be_chosen_and_only_by_who_was_asked(person: Person) -> None:
    person.go("chain")
    page = person.visitor.get(person.agree())
    state = page.text.split('name="state" value="')[1].split('"')[0]
    stranger = person.site.visitor("builder")
    assert stranger.post("/oauth/chain/choose", state=state, account="c-1").status_code == 400
    assert person.visitor.post("/oauth/chain/choose", state=state, account="c-9").status_code == 422
    assert real(person.site) == []


def test_signing_in_again_finds_its_own_account_among_several(person: Person) -> None:
    person.go("chain")
    page = person.visitor.get(person.agree())
    state = page.text.split('name="state" value="')[1].split('"')[0]
    person.visitor.post("/oauth/chain/choose", state=state, account="c-2")
    (made,) = real(person.site)
    assert person.connect("chain", connection=made) == made
    assert connections.get(person.site.hub, made)["account_name"] == "South"
