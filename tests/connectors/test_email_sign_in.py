"""A mailbox that is opened by signing in at Microsoft: XOAUTH2 at both servers, what a no in two steps means, and renewal."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from app.core import connections, extras, oauth, opening
from app.core.answers import Kind
from app.core.hub import Hub
from app.core.mail import Session
from app.core.wire import NotSent
from app.db import models
from app.settings import Settings
from connectors.contract import Refused, Unauthorized, Unavailable
from connectors.email import connector
from connectors.email._client import Mailbox, typed
from connectors.email._sign_in import MICROSOFT, read
from tests.connectors import person
from tests.connectors.mailbox import DRAFTS, MAIL, arrive, handed_over, lying
from tests.connectors.stand import Stand, reopened, standing

ADDRESS = "office@practice.example"


@pytest.fixture
def box() -> Iterator[Stand]:
    with standing("email") as stand:
        yield stand


@pytest.fixture
def hub(settings: Settings, box: Stand) -> Iterator[Hub]:
    with person.hub_at(settings, "email", box.served) as made:
        yield made


def sign_in(hub: Hub, connection: str = "", answer: str = "allow") -> str:
    return person.signed_in(hub, "email", ADDRESS, answer=answer, connection=connection)


@pytest.fixture
def signed(hub: Hub, box: Stand) -> Stand:
    """The mailbox, signed in."""
    return replace(box, opened=opening.open_connection(hub, sign_in(hub)))


def wrong(box: Stand, token: str = "another") -> Stand:
    return reopened(box, access_token=token, password="")


# --- letting in -------------------------------------------------------------------------------------------------------


def test_the_mailbox_is_that_of_who_signed_in(hub: Hub) -> None:
    made = connections.get(hub, sign_in(hub))
    assert made["account_name"] == ADDRESS
    assert connections.check(hub, made["id"])["ok"]
    assert sign_in(hub) == made["id"]  # and no second one


def test_people_read_whose_page_they_sign_in_at(hub: Hub) -> None:
    assert connector.signs_in_at == "Microsoft"
    with pytest.raises(oauth.Declined, match="You did not agree at Microsoft"):
        sign_in(hub, answer="no")


def test_mail_is_read_drafted_and_sent_with_a_token_and_no_password(signed: Stand) -> None:
    (poll,) = connector.polls
    _, cursor = poll.run(signed.client, None)
    arrive(signed, text="Are you open?")
    events, _ = poll.run(signed.client, cursor)
    assert len(events) == 1
    assert signed.lost("draft", "cut_after", **MAIL)
    assert len(lying(signed, DRAFTS)) == 1
    signed.do("send", **MAIL)
    assert [one["to"] for one in handed_over(signed)] == [["ann@client.example"]]
    assert "password" not in signed.client.login


@pytest.mark.parametrize("ended", ["revoked", "another token"])
def test_a_token_that_is_refused_asks_for_a_sign_in_at_either_server(signed: Stand, ended: str) -> None:
    there = wrong(signed) if ended == "another token" else signed
    if ended == "revoked":
        signed.served.control("email_revoke", {})
    with pytest.raises(Unauthorized, match="Sign in at Microsoft again"):
        there.client.ask("VERIFY")
    with pytest.raises(Unauthorized, match="Sign in at Microsoft again"):
        there.client.submit("VERIFY")


def test_a_refused_token_sends_nothing(signed: Stand) -> None:
    arguments = signed.prepared("send", **MAIL)
    with pytest.raises(Unauthorized), signed.door.sending(_drawn(signed, arguments)):
        signed.action("send").run(wrong_client(signed), "key", **arguments)
    assert handed_over(signed) == []


def _drawn(box: Stand, arguments: dict[str, Any]) -> Any:
    return box.door.draw(lambda: box.action("send").run(box.client, "key", **arguments))


def wrong_client(box: Stand) -> Mailbox:
    return Mailbox(box.door, {"address": ADDRESS, "access_token": "another"})


@pytest.mark.parametrize(
    ("notes", "problem", "says"),
    [
        ({"login": "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."}, Refused,
         "switch on Authenticated SMTP"),
        ({"login": "535 5.7.3 Authentication unsuccessful"}, Unauthorized, "Sign in at Microsoft again"),
        ({"login": "454 4.7.0 Temporary authentication failure"}, Unavailable, "now"),
        ({"imap_login": "[UNAVAILABLE] Try again"}, Unavailable, "not available now"),
        ({"imap_login": "AUTHENTICATE failed."}, Unauthorized, "Sign in at Microsoft again"),
        ({"no_sign_in": True}, Refused, "takes no sign-in"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(signed: Stand, notes: Any, problem: type[Exception], says: str) -> None:
    signed.note(**notes)
    with pytest.raises(problem, match=says):
        signed.check()


def test_a_server_for_sending_that_takes_no_sign_in_is_said(signed: Stand) -> None:
    signed.note(no_sign_in=True)
    with pytest.raises(Refused, match="takes no sign-in"):
        signed.client.submit("VERIFY")


@pytest.mark.parametrize("token", ["a\x01auth=Bearer b", "a\nb", "tökén"])
def test_a_token_that_would_say_more_is_not_sent(box: Stand, token: str) -> None:
    found = wrong(box, token)
    with pytest.raises(NotSent, match="cannot take"):
        found.client.ask("VERIFY")
    with pytest.raises(NotSent, match="cannot take"):
        found.client.submit("VERIFY")


def test_what_is_said_is_what_google_and_microsoft_document() -> None:
    login = {"user": "someuser@example.com", "token": "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"}
    said = base64.b64encode(Session.proof(_session(login)).encode()).decode()
    assert said == (
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
    )  # the example of https://developers.google.com/workspace/gmail/imap/xoauth2-protocol


def _session(login: dict[str, str]) -> Session:
    made = Session.__new__(Session)
    made.login = login
    return made


# --- staying connected ------------------------------------------------------------------------------------------------


def test_a_token_that_ends_is_renewed_before_the_server_is_called(hub: Hub, box: Stand) -> None:
    made = sign_in(hub)
    mine = models.connections.c.id == made
    ends = (
        update(models.connections).where(mine).values(expires_at=hub.now() + 60_000, renewed_at=hub.now() - 3_600_000)
    )
    hub.db.write(lambda conn: conn.execute(ends))
    assert connections.check(hub, made)["ok"]
    assert len(box.served.effects("email", "token.refresh")) == 1
    assert connections.get(hub, made)["account_name"] == ADDRESS


def test_a_revoked_sign_in_is_shown_and_signing_in_again_keeps_the_connection(hub: Hub, box: Stand) -> None:
    made = sign_in(hub)
    box.served.control("email_revoke", {})
    checked = connections.check(hub, made)
    assert (checked["ok"], checked["state"]) == (False, "reconnect")
    assert "Sign in at Microsoft again" in checked["words"]
    assert sign_in(hub, made) == made
    assert connections.check(hub, made)["ok"]


def test_what_may_be_said_beside_a_sign_in_are_names_and_folders() -> None:
    assert [field.name for field in extras.fields(connector)] == ["user", "name", "drafts", "sent"]


# --- Microsoft's ways -------------------------------------------------------------------------------------------------


def test_a_token_goes_to_microsofts_servers_and_to_no_typed_ones() -> None:
    given = {
        "access_token": "t",
        "address": "ann@shop.example",
        "imap": "imap.evil.example",
        "smtp": "smtp.evil.example",
    }
    assert typed(given) == {"imap": "imaps://outlook.office365.com:993", "smtp": "smtp://smtp.office365.com:587"}


def answer(claims: Any, **more: Any) -> dict[str, Any]:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return {"access_token": "a", "scope": "IMAP SMTP", "refresh_token": "r", "id_token": f"e30.{part}.sig", **more}


@pytest.mark.parametrize(
    ("claims", "address"),
    [
        ({"email": "ann@shop.example", "preferred_username": "ann@shop.onmicrosoft.com"}, "ann@shop.example"),
        ({"preferred_username": "ann@shop.example"}, "ann@shop.example"),
        ({"email": None, "preferred_username": "ann@shop.example"}, "ann@shop.example"),
    ],
)
def test_the_address_stands_in_the_id_token(claims: Any, address: str) -> None:
    found = read(answer(claims))
    assert found["address"] == address
    assert found["scope"].split() == ["IMAP", "SMTP", "openid", "email", "offline_access"]


def test_a_sign_in_that_will_not_last_is_noticed() -> None:
    found = read(answer({"email": "ann@shop.example"}, refresh_token=None))
    assert set(MICROSOFT.scopes) - set(found["scope"].split()) >= {"offline_access"}


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.bnVsbA.c", f"a.{'A' * 5}.c", "a.eyJlbWFpbCI6ICJubyJ9.c"])
def test_an_id_token_without_an_address_is_refused(token: str) -> None:
    with pytest.raises(Refused, match="which mailbox"):
        read({**answer({}), "id_token": token})


def test_a_renewal_without_an_id_token_keeps_the_address() -> None:
    plain = {"access_token": "a", "refresh_token": "r"}
    assert read(plain) == plain


def test_a_no_of_a_signed_in_mailbox_is_a_reconnect(signed: Stand) -> None:
    signed.served.control("email_revoke", {})
    assert (
        signed.trouble("discard_draft", folder=DRAFTS, uid=1, uidvalidity=1, id="<x@y.example>").kind is Kind.RECONNECT
    )
