"""Signing in: cookies, guessing, where it leads, and that signing out ends it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from app.core import sessions, users
from app.db import models
from app.web import guard
from tests.web.conftest import PASSWORD, Site


def person(site: Site) -> users.User:
    return users.add(site.hub, email="Mara@Example.com", name="Mara Lindt", role="owner", password=PASSWORD)


def test_in_and_out(site: Site) -> None:
    person(site)
    visitor = site.stranger()
    assert visitor.get("/runs?state=done").location == "/sign-in?next=/runs%3Fstate%3Ddone"
    visitor.get("/sign-in?next=/runs%3Fstate%3Ddone")
    response = visitor.post("/sign-in", email=" MARA@example.com ", password=PASSWORD, next="/runs?state=done")
    assert (response.status_code, response.location) == (303, "/runs?state=done")
    cookie = visitor.client.get_cookie("patchbay", domain="127.0.0.1")
    assert cookie
    visitor.get("/")
    assert visitor.post("/sign-out").status_code == 303
    visitor.client.set_cookie("patchbay", cookie.value, domain="127.0.0.1")
    assert visitor.get("/").status_code == 303


def test_the_cookie_is_ours_alone(site: Site) -> None:
    person(site)
    visitor = site.stranger()
    visitor.get("/sign-in")
    header = visitor.post("/sign-in", email="mara@example.com", password=PASSWORD).headers["Set-Cookie"]
    assert header.startswith("patchbay=")
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    value = header.split("=", 1)[1].split(";", 1)[0]
    with site.hub.db.read() as conn:
        stored = conn.execute(select(models.sessions.c.id)).scalars().all()
    assert value not in stored
    assert hashlib.sha256(value.encode()).hexdigest() in stored


def test_on_https_the_cookie_is_bound_to_the_host(site: Site) -> None:
    person(site)
    site.hub.settings = replace(site.hub.settings, public_url="https://hub.example")
    client = site.app.test_client()
    page = client.get("/sign-in", base_url="https://127.0.0.1")
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": token, "email": "mara@example.com", "password": PASSWORD}
    header = client.post("/sign-in", base_url="https://127.0.0.1", data=form).headers["Set-Cookie"]
    assert header.startswith("__Host-patchbay=")
    assert "Secure" in header
    assert "Domain" not in header
    assert page.headers["Strict-Transport-Security"]


def test_a_wrong_password_and_an_unknown_person_look_the_same(site: Site) -> None:
    person(site)
    visitor = site.stranger()
    visitor.get("/sign-in")
    wrong = visitor.post("/sign-in", email="mara@example.com", password="not it at all")
    unknown = visitor.post("/sign-in", email="nobody@example.com", password="not it at all")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert wrong.text.replace("mara@", "nobody@") == unknown.text


def test_five_guesses_then_a_pause_even_for_the_right_one(site: Site) -> None:
    person(site)
    visitor = site.stranger()
    visitor.get("/sign-in")
    guesses = [visitor.post("/sign-in", email="mara@example.com", password=f"guess {n}").status_code for n in range(5)]
    assert guesses == [422] * 5
    late = visitor.post("/sign-in", email="mara@example.com", password=PASSWORD)
    assert late.status_code == 429
    assert "Wait 15 minutes" in late.text
    site.hub.db.write(lambda conn: conn.execute(update(models.guesses).values(until=0)))
    assert visitor.post("/sign-in", email="mara@example.com", password=PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "evil", "/a\nb", "", "/ /x"],
)
def test_a_sign_in_leads_nowhere_else(path: str) -> None:
    assert guard.own_path(path) == "/"


@pytest.mark.parametrize("path", ["/", "/runs?state=done", "/recipes/zoom-recap-to-notion"])
def test_a_sign_in_leads_to_our_own_pages(path: str) -> None:
    assert guard.own_path(path) == path


def test_sessions_end(site: Site) -> None:
    user = site.people["owner"]
    now = site.hub.now()
    for column, age in (("seen_at", sessions.IDLE), ("made_at", sessions.WHOLE)):
        cookie = sessions.start(site.hub, user)
        assert sessions.find(site.hub, cookie)
        old = update(models.sessions).values({column: now - age - 1000})
        site.hub.db.write(lambda conn, old=old: conn.execute(old))  # type: ignore[misc]
        assert sessions.find(site.hub, cookie) is None


def test_a_new_password_ends_every_session(site: Site) -> None:
    user = person(site)
    cookie = sessions.start(site.hub, user)
    users.change_password(site.hub, user, PASSWORD, "another lamp over piano")
    assert sessions.find(site.hub, cookie) is None
    assert users.signs_in(site.hub, user.email, PASSWORD) is None


def test_removal_ends_everything_at_once(site: Site) -> None:
    user = person(site)
    cookie, token = sessions.start(site.hub, user), sessions.make_token(site.hub, user, "report")
    users.remove(site.hub, user.id)
    assert sessions.find(site.hub, cookie) is None
    assert sessions.token_user(site.hub, token) is None
    with pytest.raises(ValueError, match="only owner"):
        users.remove(site.hub, site.people["owner"].id)
