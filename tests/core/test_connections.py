"""Connections: what is typed is checked before it is saved, what was saved stays hidden, and what waited goes on."""

from __future__ import annotations

from typing import Any

import pytest

from app.core import audit, connections, intake, practice, recipes, routing
from app.core.connections import HIDDEN
from app.core.opening import NotConnected
from app.db import models
from connectors import load
from connectors.contract import Unauthorized, Unavailable
from tests.durability.world import ALL_WELL, MEETINGS, RECIPE, World

BOTH = pytest.mark.both_databases


def stored(here: World, connection_id: str, column: str = "secret") -> Any:
    (row,) = here._rows(models.connections, id=connection_id)
    return here.hub.vault.open_json(row[column], f"connections:{connection_id}:{column}")


def token(here: World) -> dict[str, str]:
    return {"token": practice.token(here.hub)}


def connect(here: World, **more: Any) -> dict[str, Any]:
    return connections.create(here.hub, "notion", token(here), practice=True, by="Ana", **more)


# --- making -----------------------------------------------------------------------------------------------------------


@BOTH
def test_a_connection_is_checked_and_named_after_its_account(here: World) -> None:
    made = connect(here)
    assert made["account_name"]
    assert made["name"] == made["account_name"]
    late = "; news comes some minutes late, for its webhooks are not set up"
    assert made["words"] == f"Connected as {made['account_name']}{late}"
    assert not made["half"]
    assert stored(here, made["id"]) == token(here)
    assert connect(here, name="Ours")["name"] == "Ours"
    assert audit.verify(here.hub)[1] is None


def test_wrong_credentials_are_not_saved(here: World) -> None:
    before = len(connections.listing(here.hub))
    with pytest.raises(Unauthorized, match="Notion no longer accepts this token"):
        connections.create(here.hub, "notion", {"token": "wrong"}, practice=True)
    assert len(connections.listing(here.hub)) == before


def test_a_vendor_that_does_not_answer_saves_nothing(here: World) -> None:
    before = len(connections.listing(here.hub))
    here.served.fault("notion", "status", path="/v1/users/me", status=503)
    with pytest.raises(Unavailable, match="503"):
        connect(here)
    assert len(connections.listing(here.hub)) == before


BAD: list[tuple[str, dict[str, str], str]] = [
    ("nothing", {}, f"There is no connector called nothing. There are: {', '.join(sorted(load()))}"),
    ("notion", {}, "Please fill in: Internal connection secret"),
    ("notion", {"token": "  "}, "Please fill in"),
    ("notion", {"token": HIDDEN}, "Please fill in"),
    ("notion", {"token": "a", "role": "owner"}, "Notion has no field role. Its fields are: token"),
    ("notion", {"token": "a\r\nX: y"}, "holds a line break or control character"),
    ("openai", {"api_key": "k", "base_url": "http://127.0.0.1:11434", "model": "m"}, "must begin with https://"),
    (
        "openai",
        {"api_key": "k", "base_url": "http://127.0.0.1:11434", "model": "m"},
        "set OPENAI_BASE_URL instead",
    ),
    (
        "wordpress",
        {"site": "http://shop.example", "user": "u", "password": "p"},
        "The address http://shop.example must begin with https://",
    ),
]


@pytest.mark.parametrize(("slug", "given", "says"), BAD)
def test_what_does_not_fit_is_said(here: World, slug: str, given: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError) as problem:
        connections.create(here.hub, slug, given)
    assert says in str(problem.value)
    assert slug == "openai" or "OPENAI" not in str(problem.value)


def test_a_typed_address_inside_the_network_is_not_called(here: World) -> None:
    inside = {"api_key": "k", "base_url": f"https://127.0.0.1:{here.served.port}/openai", "model": "practice"}
    with pytest.raises(Unavailable, match="not a public address"):
        connections.create(here.hub, "openai", inside)
    assert here.served.ledger("openai") == []


# --- changing ---------------------------------------------------------------------------------------------------------


@BOTH
def test_a_hidden_value_that_comes_back_keeps_the_stored_one(here: World) -> None:
    own = connect(here)["id"]
    assert connections.form(here.hub, own) == {"token": HIDDEN}
    for given in ({"token": HIDDEN}, {}):
        connections.change(here.hub, own, given, name="Renamed")
        assert stored(here, own) == token(here)
    assert connections.get(here.hub, own)["name"] == "Renamed"


ELSEWHERE = [
    (
        "wordpress",
        {"site": "https://shop.example", "user": "u", "password": "canary"},
        {"site": "https://thief.example"},
        "Application password",
    ),
    (
        "wordpress",
        {"site": "https://shop.example", "user": "u", "password": "canary"},
        {"site": "https://shop.example:8443"},
        "Application password",
    ),
    (
        "email",
        {"address": "a@shop.example", "password": "canary", "imap": "imap.shop.example", "smtp": "smtp.shop.example"},
        {"smtp": "smtp.thief.example"},
        "Password",
    ),
    ("openai", {"api_key": "canary"}, {"base_url": "https://thief.example/v1"}, "API key"),
]


@pytest.mark.parametrize(("slug", "saved", "changed", "again"), ELSEWHERE)
def test_a_saved_secret_does_not_follow_to_another_server(
    here: World, slug: str, saved: dict[str, str], changed: dict[str, str], again: str
) -> None:
    own = connections.create(here.hub, slug, saved, check_first=False)["id"]
    shown = {**connections.form(here.hub, own), **changed}
    for given in (shown, {name: text for name, text in shown.items() if text != HIDDEN}):  # dots, or not sent at all
        with pytest.raises(ValueError, match=f"another server, so please type this again: {again}$"):
            connections.change(here.hub, own, given)
        with pytest.raises(ValueError, match="another server"):
            connections.change(here.hub, own, given, check_first=False)
    assert stored(here, own) == saved
    typed = {name: "typed again" if text == HIDDEN else text for name, text in shown.items()}
    connections.change(here.hub, own, typed, check_first=False)
    assert "typed again" in stored(here, own).values()


def test_another_path_on_the_same_server_keeps_the_secret(here: World) -> None:
    saved = {"site": "https://shop.example", "user": "u", "password": "canary"}
    own = connections.create(here.hub, "wordpress", saved, check_first=False)["id"]
    shown = connections.form(here.hub, own) | {"site": "https://Shop.example/blog"}
    connections.change(here.hub, own, shown, check_first=False)
    assert stored(here, own) == {**saved, "site": "https://Shop.example/blog"}


def test_dots_are_no_secret_for_webhooks(here: World) -> None:
    made = connections.create(here.hub, "zoom", {}, hook_secret="a real one", check_first=False)
    assert stored(here, made["id"], "hook_secrets") == ["a real one"]
    dots = connections.create(here.hub, "zoom", {}, hook_secret=HIDDEN, check_first=False)
    assert stored(here, dots["id"], "hook_secrets") == []


def test_an_optional_field_can_be_emptied(here: World) -> None:
    own = here.connection("openai")
    connections.change(here.hub, own, {"price_in": "1"}, check_first=False)
    assert stored(here, own)["price_in"] == "1"
    assert connections.form(here.hub, own)["price_in"] == "1"  # not a secret
    connections.change(here.hub, own, {"price_in": ""}, check_first=False)
    assert "price_in" not in stored(here, own)


def test_another_account_is_refused(here: World) -> None:
    own = here.connection("zoom")
    given = {"account_id": "another-account", "client_id": "x", "client_secret": practice.token(here.hub)}
    before = stored(here, own)
    connections.change(here.hub, own, {})  # notes which account it is
    with pytest.raises(ValueError, match="Make a new connection for another account"):
        connections.change(here.hub, own, given)
    assert stored(here, own) == before


def test_wrong_new_credentials_leave_the_old_ones(here: World) -> None:
    own = connect(here)["id"]
    with pytest.raises(Unauthorized):
        connections.change(here.hub, own, {"token": "wrong"})
    assert stored(here, own) == token(here)


def test_two_hook_secrets_are_valid_during_a_change_over(here: World) -> None:
    own, sent = here.connection("zoom"), here.delivery()  # signed with the practice token
    first = practice.token(here.hub)
    answers = []
    for secret in ("second", HIDDEN, "", "second", "third"):
        connections.change(here.hub, own, {}, hook_secret=secret)
        answers.append((stored(here, own, "hook_secrets"), _status(here, sent)))
    two = ["second", first]
    assert answers == [(two, 200)] * 4 + [(["third", "second"], 400)]


def _status(here: World, sent: Any) -> int:
    return intake.receive(here.hub, "zoom", sent.key, sent.body, sent.headers).status


def test_a_hook_secret_alone_is_enough_where_there_are_hooks(here: World) -> None:
    made = connections.create(here.hub, "zoom", {}, hook_secret="s", by="Ana")
    assert (made["hook_ready"], made["has_credentials"]) == (True, False)
    assert made["hook_address"].startswith(f"{here.settings.address}/hooks/zoom/")
    bare = connections.create(
        here.hub, "zoom", {"account_id": "a", "client_id": "b", "client_secret": "c"}, check_first=False
    )
    assert "the secret of its webhooks is missing" in bare["words"]


# --- what waits goes on -------------------------------------------------------------------------------------------------


def waiting(here: World) -> str:
    """A run that waits since the token was revoked; returns the connection."""
    here.served.control("revoke", {"slug": "notion"})
    here.receive()
    here.work()
    assert here.run()["state"] == "waiting"
    here.served.control("unrevoke", {"slug": "notion"})
    own = here.connection("notion")
    listed = next(c for c in connections.listing(here.hub) if c["id"] == own)
    assert (listed["state"], listed["waiting"]) == ("reconnect", 1)
    assert listed["words"].startswith("Stopped: ")
    return own


@BOTH
@pytest.mark.parametrize("how", ["check", "change"])
def test_runs_go_on_when_the_account_works_again(here: World, how: str) -> None:
    own = waiting(here)
    if how == "check":
        assert connections.check(here.hub, own)["words"].startswith("Works")
    else:
        connections.change(here.hub, own, token(here), by="Ana")
    assert here.run()["state"] == "queued"
    assert here.reviews(state="open") == []
    here.work()
    assert here.state() == ALL_WELL


def test_a_check_that_fails_wakes_nobody(here: World) -> None:
    own = waiting(here)
    here.served.control("revoke", {"slug": "notion"})
    told = connections.check(here.hub, own)
    assert (told["ok"], told["state"]) == (False, "reconnect")
    assert here.run()["state"] == "waiting"
    assert len(here.reviews(kind="reconnect", state="open")) == 1  # not a second one


def test_a_run_that_waits_for_any_model_goes_on_with_the_first_one(here: World) -> None:
    accounts = {slug: here.connection(slug) for slug in ("zoom", "notion")}
    connections.remove(here.hub, here.connection("openai"), by="Ana")
    here.hub.db.write(lambda conn: conn.execute(models.switches.delete()))
    switch = recipes.switch_on(here.hub, RECIPE, practice=True, settings={"meetings": MEETINGS}, accounts=accounts)
    assert "openai" not in switch.connections
    routing.route(here.hub, here.receive())
    here.work(most=0)
    run = here.run()
    assert (run["state"], run["waits_for"]) == ("later", "slug:openai")
    key = {"api_key": practice.token(here.hub), "model": "practice"}
    connections.create(here.hub, "openai", key, practice=True)
    assert here.run()["state"] == "queued"
    here.work()
    assert here.run()["state"] == "done"


# --- removing and asking ------------------------------------------------------------------------------------------------


def test_a_removed_connection_forgets_its_secrets(here: World) -> None:
    own = here.connection("zoom")
    connections.choices(here.hub, here.connection("notion"), "data_source")
    connections.remove(here.hub, own, by="Ana")
    (row,) = here._rows(models.connections, id=own)
    assert (row["secret"], row["hook_secrets"], row["state"]) == (None, None, "removed")
    assert own not in [c["id"] for c in connections.listing(here.hub)]
    assert own in [c["id"] for c in connections.listing(here.hub, removed=True)]
    connections.remove(here.hub, here.connection("notion"), by="Ana")
    with pytest.raises(NotConnected, match="was removed"):
        connections.choices(here.hub, here.connection("notion"), "data_source")


def test_pickers_are_filled_and_pasted_addresses_understood(here: World) -> None:
    own = here.connection("notion")
    assert MEETINGS in [c.id for c in connections.choices(here.hub, own, "data_source")]
    assert [c.id for c in connections.resolve(here.hub, own, "data_source", MEETINGS)] == [MEETINGS]


@pytest.mark.parametrize("call", [connections.get, connections.form, connections.check])
def test_an_unknown_connection(here: World, call: Any) -> None:
    with pytest.raises(LookupError, match="There is no connection nothing"):
        call(here.hub, "nothing")
