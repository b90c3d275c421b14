"""The public page of a form: stored before it says thanks, once for each page, and nothing for hostile visitors."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import connections, forms
from app.db import models
from app.web import headers, limits, refusals, visitors
from connectors.form.definition import Form, Question
from tests.web.conftest import Site

ASKED = Form(
    "Ask for a quote",
    "Berg Joinery",
    (
        Question("name", "Your name", required=True),
        Question("email", "E-mail", "email"),
        Question("what", "What is it?", "choice", True, ("A repair", "A new piece")),
        Question("message", "Anything else", "long_text"),
    ),
)
GIVEN = {"q-name": "Ilse Berg", "q-what": "A repair"}


@pytest.fixture(autouse=True)
def _fresh_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "_each", limits.Bucket(rate=0.1, burst=12))
    monkeypatch.setattr(visitors, "_all", limits.Bucket(rate=1 / 3, burst=60))
    refusals.reset()


@dataclass
class Visit:
    """A stranger with a form before them; `later` seconds pass before it is sent."""

    site: Site
    form_id: str
    client: FlaskClient
    path: str
    ticket: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def open(self) -> TestResponse:
        response = self.client.get(self.path)
        if found := re.search(r'name="ticket" value="([^"]+)"', response.text):
            self.ticket = found[1]
        return response

    def send(self, given: dict[str, str] = GIVEN, *, later: float = 5, ticket: str = "", **more: str) -> TestResponse:
        told = {"ticket": ticket or self.ticket, **given, **more}
        with time_machine.travel(self.site.hub.now() / 1000 + later, tick=True):
            return self.client.post(f"{self.path}/send", data=told, headers=self.more)

    def stored(self) -> list[dict[str, object]]:
        query = select(models.events).where(models.events.c.connection == self.form_id).order_by(models.events.c.id)
        with self.site.hub.db.read() as conn:
            rows = conn.execute(query).mappings().all()
        return [json.loads(self.site.hub.vault.open(row["body"], f"events:{row['id']}:body")) for row in rows]


@pytest.fixture
def visit(site: Site) -> Visit:
    made = forms.create(site.hub, ASKED, by="Ana")
    key = forms.by_id(site.hub, made).key
    visit = Visit(site, made, site.app.test_client(use_cookies=False), f"/form/{key}")
    visit.open()
    return visit


def test_the_page_needs_no_cookie_and_has_no_script(visit: Visit) -> None:
    response = visit.open()
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert response.headers["Content-Security-Policy"] == headers.WITHOUT_SCRIPT
    assert "script" not in headers.WITHOUT_SCRIPT
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "<script" not in response.text
    assert "This form belongs to Berg Joinery" in response.text
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_received_is_said_after_the_commit_and_the_page_counts_once(visit: Visit) -> None:
    first = visit.send()
    assert (first.status_code, first.headers["Location"]) == (303, f"{visit.path}/thanks")
    assert visit.stored()[0]["answers"] == {"name": "Ilse Berg", "email": None, "what": "A repair", "message": None}
    assert visit.send().status_code == 303  # a second click, or back and Send again
    assert len(visit.stored()) == 1
    assert "Thank you" in visit.client.get(f"{visit.path}/thanks").text
    assert "Set-Cookie" not in first.headers


def test_who_goes_back_and_corrects_something_is_heard(visit: Visit) -> None:
    visit.send()
    visit.send({**GIVEN, "q-name": "Ilse Bergmann"})
    assert [one["answers"]["name"] for one in visit.stored()] == ["Ilse Berg", "Ilse Bergmann"]  # type: ignore[index]  # JSON
    visit.open()
    visit.send()
    assert len(visit.stored()) == 3, "another page is another submission, with the same answers, too"


def test_problems_stand_beside_their_fields_and_nothing_typed_is_lost(visit: Visit) -> None:
    told = {"q-name": "", "q-email": 'ilse"><script>alert(1)</script>', "q-what": "A repair", "q-message": "two\nlines"}
    response = visit.send(told)
    assert response.status_code == 422
    assert 'aria-describedby="p-name"' in response.text
    assert re.search(r'id="p-email">Please write an e-mail address', response.text)
    assert "<script" not in response.text
    assert html.escape(told["q-email"]).replace("&quot;", "&#34;") in response.text
    assert "two\nlines</textarea>" in response.text
    assert 'value="A repair" checked' in response.text
    assert visit.stored() == []
    assert visit.send(GIVEN).status_code == 303  # the same page, put right


def test_markup_in_the_form_itself_is_text(visit: Visit) -> None:
    mean = "<img src=x onerror=alert(1)>"
    asked = (Question("name", mean), Question("what", "W", "choice", False, (mean, "b")))
    forms.change(visit.site.hub, visit.form_id, Form(mean, mean, asked, mean, mean), by="Ana")
    for page in (visit.open().text, visit.client.get(f"{visit.path}/thanks").text, visit.send({}, later=0).text):
        assert "<img" not in page


def test_fields_nobody_asked_for_are_left_out(visit: Visit) -> None:
    visit.send({**GIVEN, "q-role": "owner", "form": "another", "state": "dead"})
    (held,) = visit.stored()
    assert held["form"] == visit.form_id
    assert "role" not in held["answers"]  # type: ignore[operator]  # JSON


# --- robots and worse -------------------------------------------------------------------------------------------------


def test_a_robot_fills_in_the_hidden_field_and_a_person_may_send_again(visit: Visit) -> None:
    response = visit.send(website="https://spam.example")
    assert response.status_code == 422
    assert "press Send once more" in response.text
    assert 'value="Ilse Berg"' in response.text
    assert "spam.example" not in response.text
    assert visit.stored() == []
    assert visit.send().status_code == 303
    assert refusals.totals(visit.site.hub) == {"form": 1}


def test_too_quick_for_a_person(visit: Visit) -> None:
    response = visit.send(later=0.5)
    assert response.status_code == 422
    assert 'value="Ilse Berg"' in response.text
    assert visit.send(later=3).status_code == 303


@pytest.mark.parametrize("kind", ["none", "made up", "of another form", "changed", "strange", "too old"])
def test_a_page_that_is_not_ours_is_handed_out_anew(visit: Visit, kind: str) -> None:
    nonce, moment, seal = visit.ticket.split(".")
    other = forms.ticket(visit.site.hub, forms.create(visit.site.hub, ASKED, by="Ana"))
    tickets = {
        "none": "x",
        "made up": f"{'0' * 32}.{moment}.{'0' * 64}",
        "of another form": other,
        "changed": f"{nonce}.{int(moment) - 9000}.{seal}",
        "strange": "é.\u0661.é",
        "too old": visit.ticket,
    }
    later = timedelta(days=8).total_seconds() if kind == "too old" else 5
    response = visit.send(ticket=tickets[kind], later=later)
    assert response.status_code == 422
    assert 'value="Ilse Berg"' in response.text
    assert visit.stored() == []


def test_a_browser_that_says_only_where_the_page_came_from(visit: Visit) -> None:
    visit.more = {"Origin": visit.site.hub.settings.address}
    assert visit.send().status_code == 303


@pytest.mark.parametrize(
    "more",
    [
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_website_cannot_send_it(visit: Visit, more: dict[str, str]) -> None:
    visit.more = more
    response = visit.send()
    assert response.status_code == 403
    assert "Ilse Berg" not in response.text
    assert visit.stored() == []


def test_too_much_and_too_often(visit: Visit) -> None:
    assert visit.send({**GIVEN, "q-message": "x" * 70_000}).status_code == 413
    answers = [visit.send({**GIVEN, "q-name": f"Ilse {n}"}) for n in range(12)]
    assert [one.status_code for one in answers] == [303] * 11 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
    assert 'value="Ilse 11"' in answers[-1].text
    assert len(visit.stored()) == 11
    visit.client.environ_base["REMOTE_ADDR"] = "127.0.0.2"
    assert visit.send({**GIVEN, "q-name": "Ilse 11"}).status_code == 303


def test_many_addresses_together_are_slowed_down_too(visit: Visit) -> None:
    sent = []
    for number in range(61):
        visit.client.environ_base["REMOTE_ADDR"] = f"127.0.1.{number}"
        sent.append(visit.send({**GIVEN, "q-name": f"Ilse {number}"}).status_code)
    assert sent == [303] * 60 + [429]


def test_other_kinds_of_body_hold_no_answers(visit: Visit) -> None:
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        response = visit.client.post(f"{visit.path}/send", data=b"\xff\x00%%%=&&", content_type=kind)
        assert response.status_code == 422
    assert visit.stored() == []


def test_line_breaks_go_into_no_header(visit: Visit) -> None:
    response = visit.send({**GIVEN, "q-name": "Ilse\r\nSet-Cookie: a=b"})
    assert response.status_code == 303
    assert visit.stored()[0]["answers"]["name"] == "Ilse Set-Cookie: a=b"  # type: ignore[index]  # JSON


# --- forms that are not there ------------------------------------------------------------------------------------------


def test_unknown_closed_and_removed_forms_say_so(visit: Visit) -> None:
    hub = visit.site.hub
    assert visit.client.get("/form/nope").status_code == 404
    forms.change(hub, visit.form_id, replace(ASKED, is_open=False), by="Ana")
    for closed in (visit.client.get(visit.path), visit.send()):
        assert closed.status_code == 410
        assert "takes no more answers" in closed.text
    connections.remove(hub, visit.form_id, by="Ana")
    for gone in (visit.client.get(visit.path), visit.send()):
        assert gone.status_code == 410
        assert "Berg Joinery" not in gone.text
    assert visit.client.get(f"{visit.path}/thanks").status_code == 404
    assert visit.stored() == []


def test_a_hub_that_nobody_has_set_up_shows_no_form(bare: Site) -> None:
    key = forms.by_id(bare.hub, forms.create(bare.hub, ASKED, by="")).key
    assert bare.app.test_client().get(f"/form/{key}").status_code == 404


def test_a_full_disk_says_try_again_and_keeps_what_was_typed(visit: Visit) -> None:
    visit.site.hub.settings = replace(visit.site.hub.settings, least_disk=10**18)
    response = visit.send()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert 'value="Ilse Berg"' in response.text
    assert visit.stored() == []


def test_a_question_that_was_added_meanwhile(visit: Visit) -> None:
    """Whoever had the page open before is asked, if it must be answered; else their answer counts as it is."""
    more = replace(ASKED, questions=(*ASKED.questions, Question("phone", "Phone")))
    forms.change(visit.site.hub, visit.form_id, more, by="Ana")
    assert visit.send().status_code == 303
    assert visit.stored()[0]["answers"]["phone"] is None  # type: ignore[index]  # JSON
