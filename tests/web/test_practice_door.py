"""The practice vendors' door: token or session, and forms only from our own pages."""

from __future__ import annotations

from app.core import practice
from tests.web.conftest import Site


def test_strangers_are_sent_to_sign_in(site: Site) -> None:
    answer = site.app.test_client().get("/practice/notion/")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/practice/notion/")


def test_people_look_around(site: Site) -> None:
    answer = site.visitor("viewer").client.get("/practice/notion/")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_clients_pass_with_the_token_only(site: Site) -> None:
    client, path = site.app.test_client(), "/practice/notion/v1/users/me"
    headers = {"Notion-Version": "2026-03-11"}
    right = headers | {"Authorization": f"Bearer {practice.token(site.hub)}"}
    assert client.get(path, headers=right).status_code == 200
    for wrong in ("Bearer nope", "Basic bm9wZTpub3Bl", "Basic %%%", "Bearer"):
        assert client.get(path, headers=headers | {"Authorization": wrong}).status_code == 401  # in the vendor's words
        assert client.get("/practice/notion/", headers={"Authorization": wrong}).status_code == 303


def test_forms_from_elsewhere_are_refused(site: Site) -> None:
    client = site.visitor("owner").client
    answer = client.post("/practice/notion/pages/x", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_there_is_no_control_here(site: Site) -> None:
    headers = {"Authorization": f"Bearer {practice.token(site.hub)}"}
    assert site.app.test_client().get("/practice/_control/ledger", headers=headers).status_code == 404


def test_the_stand_ins_are_made_when_somebody_calls(site: Site) -> None:
    shelf = site.hub.settings.home / "practice.sqlite"
    assert site.visitor("owner").client.get("/connections").status_code == 200
    assert not shelf.exists()
    assert site.visitor("viewer").client.get("/practice/notion/").status_code == 200
    assert shelf.exists()
