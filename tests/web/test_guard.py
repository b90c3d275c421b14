"""Who may open what, forms only from our own pages, and the headers of every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.routing import Rule

import app.web
from app.core import sessions, users
from app.web import guard
from tests.web.conftest import Site

TEMPLATES = Path(app.web.__file__).parent / "templates"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
OPEN = {"public", "always", "raw"}


def address(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "nothing", rule.rule)


def rules(site: Site, method: str) -> list[tuple[str, str]]:
    """(address, act) of every route that takes the method."""
    found = [
        (address(r), guard.act_of(site.app, r.endpoint))
        for r in site.app.url_map.iter_rules()
        if method in (r.methods or ())
    ]
    return [(path, act) for path, act in found if not path.startswith("/static")]


def test_every_route_says_what_it_takes(site: Site) -> None:
    acts = {act for method in ("GET", "POST") for _, act in rules(site, method)}
    assert acts <= OPEN | {"see", "decide", "build", "connect", "house"}


def test_a_view_that_says_nothing_is_closed(site: Site) -> None:
    site.app.view_functions["home.show"] = lambda: "open to everybody"
    assert site.visitor("owner").get("/").status_code == 404


def test_strangers_see_nothing(site: Site) -> None:
    client = site.app.test_client()
    for path, act in rules(site, "GET"):
        if act not in OPEN:
            assert client.get(path).status_code == 303, path
            assert client.get(path, headers={"Accept": "application/json"}).status_code == 401, path


@pytest.mark.parametrize("role", users.ROLES)
def test_every_role_on_every_form(site: Site, role: str) -> None:
    """A forbidden form looks like one that is not there; an allowed one answers something else, or finds no such thing."""
    visitor = site.visitor(role)
    for path, act in rules(site, "POST"):
        if act in OPEN or path == "/sign-out":
            continue
        response = visitor.post(path)
        if not users.may(role, act):
            assert response.status_code == 404, (role, path)
        elif "nothing" not in path:
            assert response.status_code != 404, (role, path)


def test_unknown_rights_and_roles_may_nothing() -> None:
    assert not users.may("owner", "fly")
    assert not users.may("king", "see")
    assert not users.may("viewer", "decide")
    assert users.may("approver", "decide")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_forms_from_elsewhere_are_refused(site: Site, headers: dict[str, str]) -> None:
    visitor = site.visitor("owner")
    response = visitor.client.post("/settings/people", data={"csrf": visitor.token, "people": "Eve"}, headers=headers)
    assert response.status_code == 403
    assert "Eve" not in visitor.get("/settings").text


def test_forms_need_their_own_token(site: Site) -> None:
    visitor, other = site.visitor("owner"), site.visitor("builder")
    mine = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}  # what a browser says when our page asks for no referrer
    for token, status in (("", 403), (other.token, 403), (visitor.token, 303)):
        form = {"csrf": token, "people": "Ana"}
        assert visitor.client.post("/settings/people", data=form, headers=mine).status_code == status
    stranger = site.stranger()
    stranger.get("/sign-in")
    assert stranger.client.post("/sign-in", data={"email": "a@b.cc", "password": "x"}).status_code == 403


def test_looking_changes_nothing(site: Site) -> None:
    visitor = site.visitor("owner")
    for path, _ in rules(site, "POST"):
        if path not in ("/setup", "/sign-in", "/settings/people") and "nothing" not in path:
            assert visitor.client.get(path).status_code in (200, 405), path


def test_a_token_is_its_owner(site: Site) -> None:
    token = sessions.make_token(site.hub, site.add("viewer"), "report")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    client = site.app.test_client()
    answer = client.get("/runs", headers=headers)
    assert answer.json == {"runs": [], "state": "", "recipe": "", "next": ""}
    assert client.post("/settings/people", headers=headers, json={"people": "Eve"}).status_code == 404
    assert client.get("/runs", headers=headers | {"Authorization": "Bearer pb_wrong"}).status_code == 401


def test_every_page_has_a_twin(site: Site) -> None:
    visitor = site.visitor("owner")
    for path in ("/", "/recipes", "/recipes/zoom-recap-to-notion", "/connections", "/inbox", "/runs", "/settings"):
        response = visitor.get(path, headers={"Accept": "application/json"})
        assert response.status_code == 200, path
        assert response.is_json, path


def test_headers(site: Site) -> None:
    for path in ("/sign-in", "/nope", "/static/patchbay.css", "/healthz"):
        headers = site.app.test_client().get(path, buffered=True).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_other_host_names_are_refused(site: Site) -> None:
    assert site.app.test_client().get("/healthz", headers={"Host": "evil.example"}).status_code == 400


def test_a_broken_page_shows_a_number_and_no_trace(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str:
        raise RuntimeError("the inner secret")

    broken.act = "see"  # type: ignore[attr-defined]
    site.app.view_functions["home.show"] = broken
    response = site.visitor("owner").get("/")
    number = re.search(r"Number <code>(\w+)</code>", response.text)
    assert response.status_code == 500
    assert number
    assert number[1] in caplog.text
    assert "inner secret" not in response.text
    assert "inner secret" in caplog.text


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_templates_have_nothing_inline(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|javascript:|\son\w+=|\|\s*safe|autoescape", text)
    assert all('src="' in tag for tag in re.findall(r"<script[^>]*>", text))
