"""Tokens are renewed ahead of time, by one at a time, and what goes wrong meanwhile costs no run."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from app import clock, jobs
from app.core import apps, connections, house, renewal
from app.db import models
from app.practice.serve import Served
from app.settings import Settings
from connectors.contract import Unauthorized, Unavailable
from tests.durability.world import until
from tests.oauth.till_hub import TillHub, till_hub

BOTH = pytest.mark.both_databases
HOUR = 3_600_000


# --- ahead of time ----------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_a_quarter_of_an_hour_before_its_end(till: TillHub) -> None:
    now = till.hub.now()
    till.set(expires_at=now + 20 * 60_000, renewed_at=now - 40 * 60_000)
    till.open()
    assert till.renewals() == 0
    till.set(expires_at=now + 14 * 60_000)
    before = till.tokens()
    assert till.check()["ok"]
    assert till.renewals() == 1
    after = till.tokens()
    assert after["refresh_token"] != before["refresh_token"]
    assert after["till"] == "t-1"
    assert abs(till.row()["expires_at"] - now - HOUR) < 60_000


def test_a_short_lived_token_is_used_for_half_of_its_life(till: TillHub) -> None:
    now = till.hub.now()
    till.set(expires_at=now + 400_000, renewed_at=now - 200_000)
    till.open()
    assert till.renewals() == 0
    till.set(expires_at=now + 200_000, renewed_at=now - 400_000)
    till.open()
    assert till.renewals() == 1


def test_the_connector_never_sees_what_renews_it(till: TillHub) -> None:
    opened: Any = till.open()
    refresh = till.tokens()["refresh_token"]
    assert refresh not in str(vars(opened.client)) + str(opened.client.session.headers)


def test_the_old_pair_is_kept_until_the_new_one_has_worked(till: TillHub) -> None:
    before = till.tokens()
    till.expire()
    opened = till.open()
    assert till.tokens("secret_before") == before
    opened.connector.check(opened.client)
    assert till.row()["secret_before"] is None


def test_idle_tokens_are_renewed_daily(till: TillHub) -> None:
    assert renewal.due(till.hub) == []
    till.set(renewed_at=till.hub.now() - 21 * HOUR)
    assert renewal.due(till.hub) == [till.id]
    jobs.use(till.hub)
    jobs.renew(till.id)
    assert till.renewals() == 1
    assert renewal.due(till.hub) == []
    jobs.renew(till.id)  # a ring that came twice
    jobs.use(None)
    assert till.renewals() == 1


def test_the_clock_rings_for_idle_tokens(till: TillHub, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = till.hub
    monkeypatch.setattr(hub, "settings", replace(hub.settings, redis_url=redis_url))
    till.set(renewed_at=hub.now() - 21 * HOUR)
    clock.tick(hub, clock.Rung())
    queue = jobs._queue(redis_url, 0)
    assert [list(job.args) for job in queue.jobs if job.func_name == "app.jobs.renew"] == [[till.id]]


def test_what_is_on_hold_broken_or_has_nothing_to_renew_is_left_alone(till: TillHub) -> None:
    till.set(renewed_at=None)
    assert renewal.due(till.hub) == []
    till.set(renewed_at=till.hub.now() - 21 * HOUR, state="reconnect")
    assert renewal.due(till.hub) == []
    till.set(state="ok")
    till.hub.db.write(lambda conn: house.put(conn, "hold", {"why": "a test", "since": till.hub.now()}))
    assert renewal.due(till.hub) == []
    till.expire()
    with pytest.raises(Unavailable, match="on hold"):
        till.open()
    assert till.tried() == 0


# --- one at a time ----------------------------------------------------------------------------------------------------


@pytest.fixture
def patient(settings: Settings, vendors: Served) -> Iterator[TillHub]:
    """Fifty threads on a busy machine need the patience of a real hub."""
    with till_hub(replace(settings, patience=1.0), vendors) as made:
        yield made


@BOTH
def test_fifty_workers_in_three_processes_make_one_renewal(patient: TillHub) -> None:
    till = patient
    till.served.fault("till", "slow", path="/oauth/token", seconds=0.5)
    till.expire()
    children = [till.process(17) for _ in range(3)]
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [line for child in children for line in child.communicate(timeout=100)[0].split("\n") if line]
    assert said == ["ok"] * 51
    assert till.tried() == 1
    assert till.renewals() == 1
    assert till.row()["state"] == "ok"
    assert till.row()["refresh_until"] is None


def test_who_meets_a_good_token_does_not_wait_for_who_renews_it(till: TillHub) -> None:
    """Whoever must have new ones waits, but not for ever."""
    now = till.hub.now()
    till.set(expires_at=now + 300_000, renewed_at=now - HOUR)
    till.set(refresh_until=till.hub.steady.now() + HOUR, refresh_holder="another process")
    assert till.check()["ok"]
    till.expire()
    with pytest.raises(Unavailable, match="is being asked for new tokens"):
        till.open()
    assert till.tried() == 0


# --- when it goes wrong -----------------------------------------------------------------------------------------------


@BOTH
def test_a_renewer_that_is_killed_after_the_vendor_rotated_costs_one_reconnect_and_no_run(till: TillHub) -> None:
    _kill_in_the_middle(till)
    for ref in ("1", "2", "3"):
        till.sell(ref)
    till.work()
    assert till.row()["state"] == "reconnect"
    assert [review["state"] for review in till.reviews(kind="reconnect")] == ["open"]
    assert {run["state"] for run in till.runs()} == {"waiting", "queued"}
    till.sell("4")  # events keep coming in
    tried = till.tried()
    till.work()
    assert till.tried() == tried  # nobody asks again and again
    assert till.notes() == []
    assert till.sign_in(connection=till.id) == till.id
    till.work()
    assert till.notes() == ["1", "2", "3", "4"]
    assert [review["state"] for review in till.reviews(kind="reconnect")] == ["decided"]


def test_a_vendor_that_takes_the_old_token_once_more_costs_nothing(till: TillHub) -> None:
    till.served.control("settings", {"till_grace": 60})
    _kill_in_the_middle(till)
    till.sell("1")
    till.work()
    assert till.notes() == ["1"]
    assert till.row()["state"] == "ok"


def _kill_in_the_middle(till: TillHub) -> None:
    """The vendor has rotated, its answer is on its way, and the process is no more."""
    till.served.fault("till", "hold_after", path="/oauth/token")
    till.expire()
    child: subprocess.Popen[str] = till.process(1, PATCHBAY_PATIENCE="1")
    assert child.stdin
    child.stdin.write("go\n")
    child.stdin.flush()
    until(lambda: any(r["held"] for r in till.served.ledger("till")))
    child.send_signal(signal.SIGKILL)
    child.communicate()
    till.served.control("release", {})
    assert till.renewals() == 1
    till.skip(120_000)  # its lease is over


@pytest.mark.parametrize("fault", ["status", "rubbish", "cut_before"])
def test_a_token_address_that_is_down_breaks_nothing(till: TillHub, fault: str) -> None:
    now = till.hub.now()
    till.served.fault("till", fault, path="/oauth/token", times=1)
    till.set(expires_at=now + 300_000, renewed_at=now - HOUR)
    till.open()  # the token is good for five minutes
    assert till.row()["state"] == "ok"
    assert "Till" in till.row()["refresh_error"]
    till.open()
    assert till.tried() == 1  # it is left alone for a while


def test_runs_wait_while_the_token_address_is_down_and_go_on_by_themselves(till: TillHub) -> None:
    till.served.fault("till", "status", path="/oauth/token", times=2)
    till.expire()
    till.sell("1")
    till.work()
    assert till.notes() == ["1"]
    assert till.tried() == 3
    assert till.reviews() == []
    assert till.row()["refresh_error"] == ""


def test_a_dead_token_is_believed_once(till: TillHub) -> None:
    till.served.control("till_revoke", {})
    till.expire()
    with pytest.raises(Unauthorized, match="Sign in there again"):
        till.open()
    with pytest.raises(Unauthorized):
        till.open()
    assert till.tried() == 1
    assert "was used before" in till.row()["why"]
    checked = till.check()  # a person asks: the vendor is asked, too
    assert not checked["ok"]
    assert till.tried() == 2
    assert len(till.reviews(kind="reconnect")) == 1


def test_a_dead_token_is_not_believed_if_somebody_has_signed_in_meanwhile(till: TillHub) -> None:
    till.served.control("till_revoke", {})
    till.served.fault("till", "hold_before", path="/oauth/token")
    till.expire()
    said: list[Any] = []
    thread = threading.Thread(target=lambda: said.append(till.check()))
    thread.start()
    until(lambda: any(r["held"] for r in till.served.ledger("till")))
    assert till.sign_in(connection=till.id) == till.id
    mine = till.tokens()
    till.served.control("release", {})
    thread.join(20)
    assert said[0]["ok"], said
    assert till.tokens() == mine
    assert till.row()["state"] == "ok"


def test_what_a_slow_renewal_brings_does_not_replace_a_later_sign_in(till: TillHub) -> None:
    till.served.fault("till", "hold_after", path="/oauth/token")
    till.expire()
    thread = threading.Thread(target=till.check)
    thread.start()
    until(lambda: any(r["held"] for r in till.served.ledger("till")))
    till.sign_in(connection=till.id)
    mine = till.tokens()
    till.served.control("release", {})
    thread.join(20)
    assert till.tokens() == mine


def test_the_pair_before_is_tried_when_the_new_one_never_worked(till: TillHub) -> None:
    good = till.tokens()
    place = f"connections:{till.id}"
    bad = till.hub.vault.seal_json({**good, "refresh_token": "rt-never"}, f"{place}:secret")
    till.set(secret=bad, secret_before=till.hub.vault.seal_json(good, f"{place}:secret_before"))
    till.expire()
    assert till.check()["ok"]
    assert till.row()["state"] == "ok"
    assert (till.tried(), till.renewals()) == (2, 1)


def test_an_app_that_the_vendor_does_not_know_is_told_and_mended(till: TillHub, vendors: Served) -> None:
    apps.save(till.hub, "till", "practice", "wrong", by="a test")
    till.expire()
    till.sell("1")
    till.work()
    assert "does not know this app" in till.row()["why"]
    apps.save(till.hub, "till", "practice", vendors.token, by="a test")
    assert till.check()["ok"]
    till.work()
    assert till.notes() == ["1"]


# --- tokens that are refused before their time ------------------------------------------------------------------------


def test_a_write_whose_token_is_refused_is_sent_once_with_the_new_one(till: TillHub) -> None:
    till.set(renewed_at=till.hub.now() - HOUR)
    till.served.fault("till", "status", status=401, path="/v1/notes", method="POST")
    till.sell("1")
    till.work()
    assert till.notes() == ["1"]
    assert till.renewals() == 1
    assert till.row()["state"] == "ok"


def test_a_fresh_token_that_is_refused_is_not_renewed_again_and_again(till: TillHub) -> None:
    till.set(renewed_at=till.hub.now() - HOUR)
    till.served.fault("till", "status", status=401, path="/v1/notes", method="POST", times=9)
    till.sell("1")
    till.work()
    assert till.renewals() == 1
    assert till.row()["state"] == "reconnect"
    assert till.run()["state"] == "waiting"


def test_a_refused_token_and_a_token_address_that_is_down_are_waited_for(till: TillHub) -> None:
    till.set(renewed_at=till.hub.now() - HOUR)
    till.served.fault("till", "status", status=401, path="/v1/notes", method="POST", times=2)
    till.served.fault("till", "status", path="/oauth/token")
    till.sell("1")
    till.work()
    assert till.notes() == ["1"]
    assert till.tried() == 2
    assert till.row()["state"] == "ok"


def test_a_token_without_a_known_end_is_renewed_when_it_is_refused(till: TillHub) -> None:
    chain = till.sign_in("chain", "c-1")
    mine = models.connections.c.id == chain
    hour_ago = update(models.connections).where(mine).values(renewed_at=till.hub.now() - HOUR)
    till.hub.db.write(lambda conn: conn.execute(hour_ago))
    assert till.row(chain)["expires_at"] is None
    till.served.fault("chain", "status", status=401, path="/v1/stores")
    assert connections.check(till.hub, chain)["ok"]
    assert len(till.served.effects("chain", "token.refresh")) == 1


# --- what nobody may see ----------------------------------------------------------------------------------------------


def test_no_token_stands_in_the_database_or_the_log(till: TillHub, caplog: pytest.LogCaptureFixture) -> None:
    first = till.tokens()
    till.served.fault("till", "status", path="/oauth/token")
    till.expire()
    with pytest.raises(Unavailable):
        till.open()
    till.skip(600_000)
    till.check()
    secrets = {*first.values(), *till.tokens().values()} - {"t-1"}
    assert len(secrets) == 4
    stored = b"".join(path.read_bytes() for path in till.settings.home.glob("patchbay.sqlite*"))
    assert [token for token in secrets if token.encode() in stored or token in caplog.text] == []
