"""Habits of vendors' webhooks: what they sign, how they introduce themselves, and what their deliveries only hint at."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.core import connections, intake, polling
from app.db import models
from app.settings import Settings
from connectors.contract import Event
from tests.web.conftest import Site
from tests.web.connectors.post_office import sign

SLUG = "post_office"
SECRET = "the secret that the vendor made up"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, connectors=(Path(__file__).parent / "connectors",))


class Office:
    """The vendor, which calls the address of one connection."""

    def __init__(self, site: Site, account: str = "", name: str = "") -> None:
        self.site, self.client = site, site.app.test_client()
        self.made = connections.create(site.hub, SLUG, {"key": "k"}, check_first=False, name=name)
        self.url = self.made["hook_address"]
        mine = models.connections.c.id == self.made["id"]
        site.hub.db.write(lambda conn: conn.execute(update(models.connections).where(mine).values(account_id=account)))

    def send(self, body: bytes = b"", kind: str = "", **headers: str) -> TestResponse:
        given = {":method": "POST", ":url": self.url}
        signature = {"X-Signature": sign(SECRET, given, body)}
        path = self.url.removeprefix(self.site.hub.settings.address)
        return self.client.post(path, data=body, headers={**signature, **headers}, content_type=kind or None)

    def introduce(self, secret: str = SECRET) -> TestResponse:
        return self.send(b"", "", **{"X-Hand-Over": secret})

    def letters(self, *letters: dict[str, str]) -> TestResponse:
        return self.send(json.dumps(letters).encode(), "application/json")

    def stored(self) -> list[str]:
        mine = models.events.c.connection == self.made["id"]
        with self.site.hub.db.read() as conn:
            return [row.dedupe_key for row in conn.execute(select(models.events).where(mine))]


@pytest.fixture
def office(site: Site) -> Office:
    made = Office(site, "acme")
    assert made.introduce().status_code == 200
    return made


def test_a_vendor_that_hands_over_its_secret_is_answered_as_it_wants(site: Site) -> None:
    office = Office(site)
    answer = office.introduce()
    assert (answer.status_code, answer.data, answer.headers["X-Hand-Over"]) == (200, b"", SECRET)
    assert office.letters({"id": "1", "to": ""}).status_code == 200
    assert office.stored() == ["1"]


def test_nobody_hands_over_another_secret_later(office: Office) -> None:
    answer = office.introduce("the secret of a stranger")
    assert answer.status_code == 401
    assert "X-Hand-Over" not in answer.headers
    assert office.letters({"id": "1", "to": ""}).status_code == 200  # the first one still holds


def test_a_secret_to_be_pasted_back_is_shown_until_the_first_delivery(office: Office) -> None:
    visitor, page = office.site.visitor("owner"), f"/connections/{office.made['id']}"
    assert SECRET in visitor.get(page).text
    assert SECRET not in office.site.visitor("viewer").get(page).text
    office.letters({"id": "1", "to": ""})
    assert SECRET not in visitor.get(page).text


def test_what_looks_find_in_the_meantime_does_not_hide_a_secret_that_nobody_has_pasted_yet(office: Office) -> None:
    visitor, page = office.site.visitor("owner"), f"/connections/{office.made['id']}"
    found = [Event("letter", "found", b"{}")]
    assert intake.store(office.site.hub, office.made["id"], SLUG, found).event_ids
    assert SECRET in visitor.get(page).text
    assert office.send().status_code == 200  # a ring, which brings no event
    assert SECRET not in visitor.get(page).text


def test_webhooks_that_are_set_up_again_hand_over_another_secret(office: Office) -> None:
    visitor, page = office.site.visitor("owner"), f"/connections/{office.made['id']}"
    office.letters({"id": "1", "to": ""})
    assert "Set it up again" in visitor.get(page).text
    assert office.site.visitor("viewer").post(f"{page}/hook").status_code == 404
    assert visitor.post(f"{page}/hook").status_code == 303
    assert office.letters({"id": "2", "to": ""}).status_code == 401
    assert office.introduce("the secret that came next").status_code == 200
    assert "the secret that came next" in visitor.get(page).text
    assert "Set it up again" in visitor.get(page).text


def test_what_was_called_is_signed_too_and_a_wrong_signature_gets_what_the_vendor_expects(office: Office) -> None:
    assert office.send(b"[]", "application/json", **{"X-Signature": "00"}).status_code == 401
    elsewhere = sign(SECRET, {":method": "POST", ":url": "https://elsewhere.example/hooks/x"}, b"[]")
    assert office.send(b"[]", "application/json", **{"X-Signature": elsewhere}).status_code == 401
    assert office.send(b"[]", "application/json").status_code == 200


def test_a_vendor_is_told_whose_connection_it_called(site: Site, office: Office) -> None:
    assert office.send(b'"whose?"', "application/json").text == "acme"
    assert office.send(b'"whose?"', "application/json", **{":account": "beta"}).text == "acme"
    unknown = Office(site, "", "Second")
    unknown.introduce()
    assert unknown.send(b'"whose?"', "application/json").text == ""


def test_a_challenge_comes_back_as_plain_text(office: Office) -> None:
    answer = office.send(b"challenge=<b>abc</b>", "application/x-www-form-urlencoded")
    assert (answer.status_code, answer.text, answer.mimetype) == (202, "<b>abc</b>", "text/plain")
    assert office.send(b"x", "text/html").status_code == 415


def test_an_empty_delivery_means_that_there_is_something_to_fetch(office: Office) -> None:
    hub = office.site.hub
    (due,) = [poll for poll in polling.due(hub) if poll[0] == office.made["id"]]
    polling.poll(hub, *due)
    assert polling.due(hub) == []
    assert office.send().status_code == 200
    assert (office.made["id"], "letter") in polling.due(hub)


def test_what_comes_while_it_fetches_is_fetched_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = office.site.hub
    (due,) = [poll for poll in polling.due(hub) if poll[0] == office.made["id"]]
    connector = hub.connectors[SLUG]

    def meanwhile(client: Any, cursor: Any) -> tuple[list[Any], Any]:
        assert office.send().status_code == 200
        return [], cursor

    busy = replace(connector, polls=(replace(connector.polls[0], run=meanwhile),))
    monkeypatch.setitem(hub.connectors, SLUG, busy)
    polling.poll(hub, *due)
    assert due in polling.due(hub)


def test_events_of_several_accounts_at_one_address_go_to_their_own_connections(office: Office) -> None:
    other = Office(office.site, "beta", "Second")
    answer = office.letters({"id": "1", "to": "acme"}, {"id": "2", "to": "beta"}, {"id": "3", "to": "nobody"})
    assert answer.status_code == 200
    assert (office.stored(), other.stored()) == (["1"], ["2"])
    connections.remove(office.site.hub, other.made["id"], by="a test")
    assert office.letters({"id": "4", "to": "beta"}).status_code == 200
    assert other.stored() == ["2"]


def test_a_hint_for_several_accounts_has_their_own_connections_fetch(office: Office) -> None:
    hub, other = office.site.hub, Office(office.site, "beta", "Second")
    mine = {office.made["id"], other.made["id"]}
    for connection, kind in [due for due in polling.due(hub) if due[0] in mine]:
        polling.poll(hub, connection, kind)
    form = "application/x-www-form-urlencoded"
    assert office.send(b"mail-for=nobody", form).status_code == 200
    assert polling.due(hub) == []
    assert office.send(b"mail-for=beta+nobody", form).status_code == 200
    assert [due[0] for due in polling.due(hub)] == [other.made["id"]]
    assert office.send(b"mail-for=acme", form).status_code == 200
    assert [due[0] for due in polling.due(hub)] == [office.made["id"]]


def test_a_quiet_vendor_gets_empty_answers_and_no_cookies(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = office.site.hub
    connector = hub.connectors[SLUG]
    assert connector.hook
    quiet = replace(connector, hook=replace(connector.hook, quiet=True))
    monkeypatch.setitem(hub.connectors, SLUG, quiet)
    taken, refused = (
        office.letters({"id": "1", "to": ""}),
        office.send(b"[]", "application/json", **{"X-Signature": "0"}),
    )
    assert (taken.status_code, taken.data) == (200, b"")
    assert (refused.status_code, refused.data) == (401, b"")
    assert "Set-Cookie" not in taken.headers
    assert office.stored() == ["1"]


def test_a_removed_connection_takes_nothing_and_hands_over_nothing(office: Office) -> None:
    connections.remove(office.site.hub, office.made["id"], by="a test")
    assert office.letters({"id": "1", "to": ""}).status_code == 404
    assert office.introduce().status_code == 404
