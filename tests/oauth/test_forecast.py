"""What is told before a connection ends: when, why, which recipes stop, a week and two days ahead; and how it does today."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from app.core import connections, forecast, recipes, vitals
from app.core.forecast import DAY
from app.db import models
from app.practice.serve import Served
from tests.oauth.conftest import Person
from tests.oauth.till_hub import TillHub

HOUR = 3_600_000


def foretold(till: TillHub) -> forecast.Forecast:
    return forecast.read(till.hub)[till.id]


def test_what_the_vendor_says_about_the_end_is_kept(till: TillHub) -> None:
    row, now = till.row(), till.hub.now()
    assert abs(row["idle_until"] - now - 100 * DAY) < HOUR  # the connector's data
    assert abs(row["ends_at"] - now - DAY) < HOUR  # the answer's own field counts
    till.expire()
    till.open()
    assert abs(till.row()["ends_at"] - now - DAY) < HOUR


def test_a_consent_that_ends_whatever_happens(till: TillHub) -> None:
    now = till.hub.now()
    for days, tone in ((100, "good"), (7, "good"), (6, "warn"), (2, "warn"), (1, "bad"), (0, "bad")):
        till.set(ends_at=now + days * DAY + HOUR)
        found = foretold(till)
        assert (found.days, found.tone, found.averted) == (days, tone, False), days
    assert found.words.startswith(f"Sign in again before {forecast.day(now + HOUR)}: Till ends each sign-in")
    assert found.recipes == ("Note what was sold",)
    assert "Then “Note what was sold” stops until it works again." in found.words


def test_what_the_hub_renews_is_no_reason_to_worry(till: TillHub) -> None:
    till.set(ends_at=None)
    found = foretold(till)
    assert (found.averted, found.tone, found.days) == (True, "good", 99)
    assert found.words.startswith("It stays connected by itself. If this hub stood still, it would end on")


def test_unless_renewing_does_not_work(till: TillHub) -> None:
    till.set(ends_at=None, idle_until=till.hub.now() + 6 * DAY + HOUR, refresh_error="Till answered 500.")
    found = foretold(till)
    assert (found.averted, found.tone, found.days) == (False, "warn", 6)
    assert "Till answered 500. Then" in found.words
    till.set(refresh_error="", renewed_at=till.hub.now() - 3 * DAY)
    assert "were not renewed lately" in foretold(till).words


def test_a_sign_in_that_cannot_be_renewed_ends_with_its_token(till: TillHub) -> None:
    till.set(ends_at=None, idle_until=None, renewed_at=None, expires_at=till.hub.now() + DAY + HOUR)
    found = foretold(till)
    assert (found.averted, found.days, found.tone) == (False, 1, "bad")
    assert "Till gave no way to renew this sign-in" in found.words


def test_one_that_has_ended_and_one_of_which_nothing_is_known(till: TillHub) -> None:
    till.set(ends_at=None, idle_until=None)
    assert foretold(till).words == "Nothing is known that would end it by itself."
    till.set(state="reconnect", why="Gone")
    assert (foretold(till).tone, foretold(till).days) == ("bad", 0)
    recipes.switch_off(till.hub, "till-note", by="a test")
    assert foretold(till).words == "It has ended. No recipe uses it."


def test_webhooks_that_are_renewed_by_the_clock(till: TillHub, monkeypatch: pytest.MonkeyPatch) -> None:
    airtable = till.connection("airtable")
    if "airtable" not in till.hub.connectors:
        pytest.skip("there is no connector whose webhooks end")
    row = {"connection": airtable, "kind": "webhooks", "next_at": till.hub.steady.now() + 24 * HOUR}
    till.hub.db.write(lambda conn: conn.execute(models.polls.insert().values(**row)))
    found = forecast.read(till.hub)[airtable]
    assert (found.averted, found.days) == (True, 6)
    assert "ends webhooks that nobody renews" in found.words


# --- on the pages -----------------------------------------------------------------------------------------------------


def _ends(person: Person, connection_id: str, ms: int) -> None:
    mine = models.connections.c.id == connection_id
    values = {"ends_at": person.site.hub.now() + ms}
    person.site.hub.db.write(lambda conn: conn.execute(update(models.connections).where(mine).values(**values)))


def test_the_pages_warn_a_week_ahead(person: Person) -> None:
    made = person.connect(sign_in_name="Our till")
    _ends(person, made, 30 * DAY)
    assert "Our till ends" not in person.visitor.get("/").text
    assert "Sign in again before" in person.visitor.get(f"/connections/{made}").text
    _ends(person, made, 6 * DAY + HOUR)
    for path in ("/", "/connections", f"/connections/{made}"):
        assert "Sign in again before" in person.visitor.get(path).text, path
    assert "Our till ends in 6 days" in person.visitor.get("/").text
    assert "Ends soon" in person.visitor.get("/connections").text
    twin: Any = person.visitor.client.get("/connections", headers={"Accept": "application/json"}).json
    (row,) = [row for row in twin["connections"] if row["id"] == made]
    assert (row["ends"]["days"], row["ends"]["tone"], row["ends"]["averted"]) == (6, "warn", False)


def test_the_page_says_what_it_did_today(person: Person, vendors: Served) -> None:
    made = person.connect()
    assert "<dt>Calls today</dt><dd>None</dd>" in person.visitor.get(f"/connections/{made}").text
    assert "<dt>Last asked</dt><dd>Never</dd>" in person.visitor.get(f"/connections/{made}").text
    connections.check(person.site.hub, made)
    assert "<dt>Last asked</dt><dd>Never</dd>" not in person.visitor.get(f"/connections/{made}").text
    vendors.fault("till", "status", path="/v1/me")
    connections.check(person.site.hub, made)
    assert "<dt>Calls today</dt><dd>2, 1 of them failed</dd>" in person.visitor.get(f"/connections/{made}").text
    assert "2 calls today, 1 failed" in person.visitor.get("/connections").text


def test_counts_of_days_gone_by_are_forgotten(till: TillHub) -> None:
    till.check()
    assert vitals.today(till.hub)[till.id].calls == 1
    till.hub.tallies.count("account_calls", till.id, "2026-01-01 ok", 5)
    till.hub.tallies.count("calls", "till", "2xx", 1)
    till.hub.tallies.write_down()
    assert till.hub.db.write(lambda conn: vitals.forget(conn, till.hub.now())) == 1
    assert vitals.today(till.hub)[till.id].calls == 1
    assert till.hub.tallies.totals("calls") != {}
