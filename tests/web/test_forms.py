"""Forms, as those see them who make them: without code, with what is wrong beside it, and only for those who may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import forms, practice, recipes
from app.core.hub import Hub
from app.db import models
from connectors.form.definition import Form
from tests.web.conftest import Site, Visitor

SAMPLE = Path(__file__).parents[1] / "connectors" / "samples" / "form" / "quote.json"
ROWS = {
    "title": "Ask for a quote",
    "owner": "Berg Joinery",
    "words": "Tell us.",
    "label-0": "Your name",
    "kind-0": "short_text",
    "required-0": "yes",
    "place-0": "2",
    "label-1": "What is it?",
    "kind-1": "choice",
    "choices-1": "A repair\r\n\r\nA new piece",
    "place-1": "1",
}


def make(visitor: Visitor, **more: str) -> str:
    """The id of a form that was made on the page."""
    visitor.get("/forms/new")
    response = visitor.post("/forms/new", **{**ROWS, **more})
    assert response.status_code == 303, response.text
    return response.headers["Location"].split("/")[2].split("?")[0]


def form(hub: Hub, form_id: str) -> Form:
    found = forms.by_id(hub, form_id).form
    assert found
    return found


def test_a_form_is_made_without_code(site: Site) -> None:
    owner = site.visitor("owner")
    made = form(site.hub, make(owner))
    assert (made.title, made.owner, made.words) == ("Ask for a quote", "Berg Joinery", "Tell us.")
    assert [(q.name, q.kind, q.required, q.choices) for q in made.questions] == [
        ("what_is_it", "choice", False, ("A repair", "A new piece")),
        ("your_name", "short_text", True, ()),
    ]


def test_its_page_shows_the_address_and_what_recipes_read(site: Site) -> None:
    owner = site.visitor("owner")
    form_id = make(owner)
    shown = owner.get(f"/forms/{form_id}")
    address = forms.by_id(site.hub, form_id).address
    assert address in shown.text
    assert len(address.rsplit("/", 1)[1]) >= 22, "128 random bits or more"
    assert "event.answers.your_name" in shown.text
    twin = owner.get(f"/forms/{form_id}", headers={"Accept": "application/json"}).json
    assert twin["form"]["questions"][1]["name"] == "your_name"  # type: ignore[index]  # it has one
    assert owner.get(f"/forms/{form_id}/look").headers["Location"].startswith("/form/")
    assert form_id in owner.get("/forms").text
    assert f"/forms/{form_id}" in owner.get("/connections").text


def test_a_changed_form_keeps_its_address_and_remembers_names(site: Site) -> None:
    owner = site.visitor("owner")
    form_id = make(owner)
    before = forms.by_id(site.hub, form_id).address
    owner.get(f"/forms/{form_id}/change")
    response = owner.post(f"/forms/{form_id}/change", **{**ROWS, "label-0": "", "name-1": "what_is_it"})
    assert response.status_code == 303
    assert [q.name for q in form(site.hub, form_id).questions] == ["what_is_it"]
    assert form(site.hub, form_id).former == ("your_name",)
    assert forms.by_id(site.hub, form_id).address == before
    assert "No longer asked" in owner.get(f"/forms/{form_id}").text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"title": ""}, "Give the form a title"),
        ({"owner": ""}, "whom it belongs to"),
        ({"choices-1": "Only one"}, "between two and 50 different choices"),
        ({"name-0": "Not good"}, "The name for recipes begins with a letter"),
        ({"name-0": "same", "name-1": "same"}, "Two questions are called same"),
        ({"kind-0": "file"}, "Choose a kind of answer"),
        ({"label-0": "", "label-1": ""}, "between one and 30 questions"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(site: Site, more: dict[str, str], said: str) -> None:
    owner = site.visitor("owner")
    owner.get("/forms/new")
    response = owner.post("/forms/new", **{**ROWS, **more})
    assert response.status_code == 422
    assert said in response.text
    assert "Tell us." in response.text
    assert [found for found in forms.listing(site.hub) if not found.practice] == []


def test_more_rows_keep_what_was_typed(site: Site) -> None:
    owner = site.visitor("owner")
    before = owner.get("/forms/new").text.count('name="label-')
    more = owner.post("/forms/new", **ROWS, more="yes")
    assert more.status_code == 200
    assert more.text.count('name="label-') == 2 + 2 * before
    assert "A new piece" in more.text
    assert [found for found in forms.listing(site.hub) if not found.practice] == []


def test_closing_opening_and_removing(site: Site) -> None:
    owner = site.visitor("owner")
    form_id = make(owner)
    stranger = site.stranger()
    path = f"/form/{forms.by_id(site.hub, form_id).key}"
    owner.post(f"/forms/{form_id}/open", open="no")
    assert stranger.get(path).status_code == 410
    owner.post(f"/forms/{form_id}/open", open="yes")
    assert stranger.get(path).status_code == 200
    assert owner.post(f"/connections/{form_id}/remove").status_code == 303
    assert stranger.get(path).status_code == 410
    assert owner.get(f"/forms/{form_id}").status_code == 404


def test_who_may_only_look(site: Site) -> None:
    form_id = make(site.visitor("owner"))
    viewer = site.visitor("viewer")
    assert viewer.get(f"/forms/{form_id}").status_code == 200
    assert "Close the form" not in viewer.get(f"/forms/{form_id}").text
    for path in ("/forms/new", f"/forms/{form_id}/change"):
        assert viewer.get(path).status_code == 404
    assert viewer.post(f"/forms/{form_id}/open", open="no").status_code == 404
    assert form(site.hub, form_id).is_open


def test_the_practice_form_is_there_and_stays_as_it_is(site: Site) -> None:
    owner, own = site.visitor("owner"), practice.connection_id(site.hub, "form")
    assert "only for trying" in site.stranger().get(f"/form/{forms.by_id(site.hub, own).key}").text
    assert owner.get(f"/forms/{own}/change").status_code == 404
    assert owner.post(f"/forms/{own}/open", open="no").status_code == 404


def test_connections_lead_to_the_pages_of_forms(site: Site) -> None:
    owner = site.visitor("owner")
    assert owner.get("/connections/new/form").headers["Location"] == "/forms/new"
    form_id = make(owner)
    shown = owner.get(f"/connections/{form_id}").text
    assert f'href="/forms/{form_id}"' in shown
    assert "Definition" not in shown
    assert owner.post(f"/connections/{form_id}/check").status_code == 303
    assert recipes.slugs(site.hub)
    with site.hub.db.read() as conn:
        row = conn.execute(select(models.connections).where(models.connections.c.id == form_id)).mappings().one()
    assert b"Berg" not in bytes(row["secret"])


def test_its_page_says_what_a_recipe_misses(site: Site, tmp_path: Path) -> None:
    """The runs of that recipe would stop; the page says at which name."""
    owner = site.visitor("owner")
    form_id = make(owner)
    step = {
        "id": "page",
        "do": "notion.create_page",
        "given": {"data_source": "d", "title": "{{ event.answers.phone }}"},
    }
    told = {"recipe": "told", "title": "Told", "purpose": "A test.", "when": "form.submitted", "steps": [step]}
    (tmp_path / "recipe.yaml").write_text(json.dumps(told))
    event = json.loads(SAMPLE.read_text())
    case = {
        "name": "It writes",
        "event": {**event, "answers": {"phone": "1"}},
        "expect": {"writes": [{"action": step["do"]}]},
    }
    (tmp_path / "cases.yaml").write_text(json.dumps([case]))
    recipes.publish(site.hub, tmp_path, by="a test")
    accounts = {"form": form_id, "notion": practice.connection_id(site.hub, "notion")}
    row = {"slug": "told", "practice": False, "version": recipes.get(site.hub, "told").version, "is_on": True}
    switch = {**row, "connections": json.dumps(accounts)}
    site.hub.db.write(lambda conn: conn.execute(models.switches.insert().values(**switch)))
    shown = owner.get(f"/forms/{form_id}").text
    assert "event.answers.phone</code> and stops there" in shown
