"""The first minutes: one code, one owner, and nothing else to see before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core import users
from tests.web.conftest import PASSWORD, Site, Visitor


def fill_in(visitor: Visitor, right: str, **changed: str) -> dict[str, str]:
    visitor.get("/setup")
    return {"code": right, "name": "Mara Lindt", "email": "mara@example.com", "password": PASSWORD, **changed}


def code_of(site: Site) -> str:
    code = users.setup_code(site.hub)
    assert code
    return code


@pytest.mark.parametrize("path", ["/", "/recipes", "/connections", "/inbox", "/runs", "/settings", "/sign-in", "/nope"])
def test_everything_else_is_404_before_setup(bare: Site, path: str) -> None:
    assert bare.stranger().get(path).status_code == 404


def test_whoever_opens_the_bare_address_is_shown_the_door(bare: Site) -> None:
    assert 'href="/setup"' in bare.stranger().get("/").text


def test_what_answers_before_setup(bare: Site) -> None:
    visitor = bare.stranger()
    assert visitor.get("/setup").status_code == 200
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/static/patchbay.css").status_code == 200


def test_the_code_makes_the_owner_and_signs_in(bare: Site) -> None:
    visitor = bare.stranger()
    response = visitor.post("/setup", **fill_in(visitor, code_of(bare).lower()))
    assert (response.status_code, response.location) == (303, "/?said=welcome")
    home = visitor.get(response.location)
    assert "Hello, Mara" in home.text
    assert "Try your first recipe" in home.text
    assert [user.role for user in users.listing(bare.hub)] == ["owner"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"code": "ABCD-EFGH-JKLM"}, "not the code from the console"),
        ({"password": "short"}, "at least 12 characters"),
        ({"password": "password1234"}, "too easy to guess"),
        ({"password": "MaraLindt2026!"}, "too easy to guess"),
        ({"password": "abababababab"}, "too easy to guess"),
        ({"password": "123456789012"}, "too easy to guess"),
        ({"email": "mara"}, "e-mail address"),
        ({"name": "  "}, "Write the name"),
    ],
)
def test_what_is_refused_and_why(bare: Site, changed: dict[str, str], says: str) -> None:
    visitor = bare.stranger()
    response = visitor.post("/setup", **fill_in(visitor, code_of(bare), **changed))
    assert response.status_code == 422
    assert says in response.text
    assert not users.exist(bare.hub)


def test_a_fresh_code_replaces_the_one_before(bare: Site) -> None:
    old, visitor = code_of(bare), bare.stranger()
    code_of(bare)
    assert visitor.post("/setup", **fill_in(visitor, old)).status_code == 422


def test_of_many_at_once_one_wins(bare: Site) -> None:
    code = code_of(bare)
    visitors = [bare.stranger() for _ in range(4)]
    forms = [fill_in(v, code, email=f"p{n}@example.com") for n, v in enumerate(visitors)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda pair: pair[0].post("/setup", **pair[1]), zip(visitors, forms, strict=True)))
    assert sum(answer.location == "/?said=welcome" for answer in answers) == 1
    assert len(users.listing(bare.hub)) == 1


def test_no_second_owner_by_setup(site: Site) -> None:
    assert users.setup_code(site.hub) is None
    visitor = site.stranger()
    assert visitor.get("/setup").location == "/sign-in?said=set_up_already"


def test_codes_cannot_be_guessed_for_long(bare: Site) -> None:
    visitor = bare.stranger()
    form = fill_in(visitor, "ABCD-EFGH-JKLM")
    answers = [visitor.post("/setup", **form).status_code for _ in range(21)]
    assert answers[:20] == [422] * 20
    assert answers[20] == 429
