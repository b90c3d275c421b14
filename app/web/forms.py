"""Forms, for those who make them: the questions, the public address, and what recipes call the answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core import forecast
from app.core import forms as core
from app.core.forms import Published
from app.web.answers import done, page
from app.web.context import hub, person, sent
from app.web.guard import needs
from connectors.contract import ConnectorError
from connectors.form import definition
from connectors.form.definition import KINDS, MOST_QUESTIONS, Form, Question

pages = Blueprint("forms", __name__)

_BLANK = 3  # empty rows under those that are there


@pages.get("/forms")
@needs("see")
def show_all() -> Response:
    listing = [{**_plain(found), "submissions": core.submissions(hub(), found.id)} for found in core.listing(hub())]
    return page("forms/list.html", {"forms": listing})


@pages.get("/forms/new")
@needs("connect")
def new() -> Response:
    return _edit(None, Form("", "", ()))


@pages.post("/forms/new")
@needs("connect")
def create() -> Response:
    form = _typed()
    if problems := _problems(form):
        return _edit(None, form, problems)
    try:
        made = core.create(hub(), form, by=person().id)
    except (ValueError, ConnectorError) as problem:
        return _edit(None, form, {"form": str(problem)})
    return done("forms.show", "form_made", form_id=made)


@pages.get("/forms/<form_id>")
@needs("see")
def show(form_id: str) -> Response:
    found = _form(form_id)
    unasked = [{"recipe": recipe, "name": name} for recipe, name in core.unasked(hub(), found)]
    told = {"form": {**_plain(found), "submissions": core.submissions(hub(), found.id)}, "unasked": unasked}
    used_by = forecast.read(hub()).get(found.id, forecast.Forecast()).recipes
    return page("forms/show.html", told, at=found, kinds=KINDS, used_by=used_by)


@pages.get("/forms/<form_id>/change")
@needs("connect")
def change(form_id: str) -> Response:
    found = _form(form_id)
    return _edit(_own(found), found.form or abort(404))


@pages.post("/forms/<form_id>/change")
@needs("connect")
def save(form_id: str) -> Response:
    found = _own(_form(form_id))
    before = found.form or abort(404)
    form = Form(**{**_typed().__dict__, "is_open": before.is_open})
    if problems := _problems(form):
        return _edit(found, form, problems)
    try:
        core.change(hub(), form_id, form, by=person().id)
    except (ValueError, ConnectorError) as problem:
        return _edit(found, form, {"form": str(problem)})
    return done("forms.show", "saved", form_id=form_id)


@pages.post("/forms/<form_id>/open")
@needs("connect")
def switch(form_id: str) -> Response:
    """Opens a form, or closes it."""
    found = _own(_form(form_id))
    form = found.form or abort(404)
    wanted = sent("open")["open"] == "yes"
    core.change(hub(), form_id, Form(**{**form.__dict__, "is_open": wanted}), by=person().id)
    return done("forms.show", "form_open" if wanted else "form_closed", form_id=form_id)


@pages.get("/forms/<form_id>/look")
@needs("see")
def look(form_id: str) -> AnyResponse:
    return redirect(url_for("visitors.show", key=_form(form_id).key), 303)


def _form(form_id: str) -> Published:
    try:
        return core.by_id(hub(), form_id)
    except LookupError:
        abort(404)


def _own(found: Published) -> Published:
    """The practice form stays as it is."""
    return abort(404) if found.practice else found


def _plain(found: Published) -> dict[str, Any]:
    form = found.form or Form("", "", ())
    asked = [
        {"name": q.name, "label": q.label, "kind": q.kind, "required": q.required, "choices": list(q.choices)}
        for q in form.questions
    ]
    told = {"id": found.id, "title": form.title, "owner": form.owner, "words": form.words, "thanks": form.thanks}
    return {**told, "is_open": form.is_open, "practice": found.practice, "address": found.address, "questions": asked}


# --- what was typed ---------------------------------------------------------------------------------------------------


def _typed() -> Form:
    """The form as it stands on the page. Rows without words are left out; their order is that of their places."""
    told = sent("title", "owner", "words", "thanks")
    rows = [_row(number) for number in range(MOST_QUESTIONS)]
    rows = sorted((row for row in rows if row["label"]), key=lambda row: _place(row["place"]))
    questions: list[Question] = []
    for row in rows:
        taken = [*(q.name for q in questions), *(row["name"] for row in rows)]
        choices = filter(None, map(definition.line, row["choices"].splitlines()))
        name = row["name"] or definition.name_for(definition.line(row["label"]), taken)
        label, kind = definition.line(row["label"]), row["kind"]
        is_choice = kind == "choice"
        questions.append(Question(name, label, kind, row["required"] == "yes", tuple(choices) if is_choice else ()))
    title, owner = definition.line(told["title"]), definition.line(told["owner"])
    return Form(title, owner, tuple(questions), definition.lines(told["words"]), definition.lines(told["thanks"]))


def _row(number: int) -> dict[str, str]:
    names = ("label", "kind", "required", "choices", "name", "place")
    found = sent(*(f"{name}-{number}" for name in names))
    return {name: found[f"{name}-{number}"] for name in names}


def _place(text: str) -> float:
    try:
        return min(max(float(text.replace(",", ".")), 0.0), 1000.0)
    except ValueError:
        return 1000.0


def _problems(form: Form) -> dict[str, str]:
    """What has to be put right before it is saved; "more" only asks for further empty rows."""
    return {"more": "more"} if request.form.get("more") else definition.complaints(form)


def _edit(found: Published | None, form: Form, problems: dict[str, str] | None = None) -> Response:
    problems = problems or {}
    shown = problems if "more" not in problems else {}
    more = min(MOST_QUESTIONS - len(form.questions), 2 * _BLANK if "more" in problems else _BLANK)
    rows = [*form.questions, *(Question("", "") for _ in range(max(more, 0)))]
    told = {"problems": shown, "form": _plain(found) if found else None}
    facts = {"at": found, "typed": form, "rows": rows, "kinds": KINDS}
    return page("forms/edit.html", told, status=422 if shown else 200, **facts)
