"""Loading recipes: what loads, and for everything that does not, the line, the column and what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import connectors
from app.core import recipe
from app.core.recipe import Problem, RecipeError
from app.core.recipe_problems import Problems
from app.core.recipe_yaml import Fields, Scalar, parse
from app.core.schedule import Schedule
from tests.core import shipped
from tests.core.small import CONNECTORS, HEAD, STEPS, load, problems

GOOD = HEAD + STEPS


def only(text: str) -> tuple[int, int, str, str]:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def with_step(step: str) -> str:
    return GOOD + "  - id: more\n" + "".join(f"    {line}\n" for line in step.splitlines())


def test_a_good_recipe_loads_with_everything_in_it() -> None:
    made = load(GOOD)
    assert (made.slug, made.trigger, made.slugs) == ("small", "shop.order.made", ("shop", "openai", "post"))
    assert made.settings["words"].default == ["one", "2", "1:1"]
    assert made.settings["box"].picker == ("post", "box")
    assert [(s.id, s.kind, s.action) for s in made.steps] == [("recap", "ask", ""), ("sent", "do", "post.send")]
    assert made.version == made.sha256[:12]
    assert load(GOOD + "\n# a remark\n").version != made.version


def test_a_recipe_may_say_that_those_who_wait_for_a_person_hold_up_nobody() -> None:
    serial = 'serial: "{{ event.topic }}"\n'
    assert not load(GOOD + serial).releases
    assert load(f"{GOOD}{serial}release: true\n").releases
    assert not load(f"{GOOD}{serial}release: false\n").releases
    assert only(GOOD + "release: true\n")[2:] == (
        "`release` says nothing without `serial`",
        "Add `serial:`, which says what runs are to go one after the other, or remove `release:`.",
    )
    assert only(f"{GOOD}{serial}release: yes\n")[2:] == (
        "`release` must be true or false",
        "Write release: true, or leave it out.",
    )


def test_a_problem_shows_the_place_the_line_a_caret_and_what_to_write() -> None:
    with pytest.raises(RecipeError) as caught:
        load(GOOD.replace("recap.about", "recap.abaut"))
    assert str(caught.value) == (
        "small/recipe.yaml:21:17: `recap.abaut` is not there\n"
        '          text: "{{ recap.abaut }}"\n'
        "                    ^\n"
        "    Did you mean `recap.about`?"
    )


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    broken = (
        GOOD.replace("title: Small", "titel: Small")
        .replace("type: list", "type: lisst")
        .replace("post.send", "post.sent")
        .replace("{{ event.topic }}", "{{ event.topik }}")
    )
    assert [line for line, *_ in problems(broken)] == [1, 2, 6, 11, 18]


@pytest.mark.parametrize(
    ("old", "new", "stands", "message", "hint"),
    [
        ("when:", "on:", "on:", "`on` does not belong in a recipe", "Write `when:`; YAML reads `on` as true."),
        (
            "order.made",
            "order.maid",
            "shop.order.maid",
            "there is no event `shop.order.maid`",
            "Did you mean `shop.order.made`?",
        ),
        ("shop.order", "shoop.order", "shoop", "there is no connector `shoop`", "Did you mean `shop`?"),
        ("post.send", "post.hidden", "post.hidden", "the action `post.hidden` is used by other actions only", ""),
        ("      to:", "      too:", "too:", "`post.send` takes no `too`", "Did you mean `to`?"),
        ("id: sent", "id: recap", "recap", "line 9 already has a step `recap`", "Give each step its own id."),
        ("id: sent", "id: item", "item", "`item` cannot be the id of a step", ""),
        ("short_text\n", "shorttext\n", "shorttext", "`shorttext` is not something an answer can hold", ""),
        (
            "quote of text",
            "quote of txt",
            "quote of txt",
            "`txt` is not in this step's `given`",
            "Did you mean `text`?",
        ),
        ("one of words or none", "one of words", "one of words", "`words` may be empty or not hold the right one", ""),
        ("date?", "date?, size: text", "size", "`size` cannot be the name of a part", ""),
        ("{{ event.topic }}", "{{ event.topic | upcas }}", "upcas", "there is no filter `upcas`", ""),
        (
            "{{ event.topic }}",
            "{{ event.topic | truncate: 1, 2, 3 }}",
            "truncate",
            "`truncate` takes 0 to 2 values",
            "",
        ),
        ("{{ event.topic }}", "{{ event.topic", "{{ event", "`{{` is never closed with `}}`.", ""),
        ("{{ event.topic }}", "{{ now }}", "now", "`now` is not there", "Write `house.today`"),
        (
            "{{ event.topic }}",
            "{% include 'x' %}",
            "include",
            "this is not valid Liquid: unexpected tag",
            "The tags are",
        ),
        ("{{ event.topic }}", "{{ item }}", "item", "`item` is not there", ""),
        ("{{ event.topic }}", "{{ sent.id }}", "sent.id", "`sent.id` is not there", ""),
        ("{{ event.topic }}", "{{ event.lines.text }}", "event.lines", "`event.lines.text` is not there", "is a list"),
        ("{{ event.topic }}", "{{ event.lines | map: 'txt' }}", "map", "the entries have no part `txt`", "`text`"),
        (
            "{{ recap.about }}",
            "{{ settings.words }} {{ settings.wrds }}",
            "settings.wrds",
            "`settings.wrds` is not there",
            "",
        ),
        ("recipe: small", "recipe: Small one", "Small one", "`Small one` cannot be the name of a recipe", ""),
        ("purpose: To test.", "purpose: [a]", "[a]", "`purpose` must be a text", ""),
        ("type: list", "type: choice", "{label", "this setting has no `choices`", ""),
        ("type: post.box", "type: post.bocks", "post.bocks", "there is no setting of type `post.bocks`", "`post.box`"),
        ("    ask:", "    do: post.find\n    ask:", "ask:", "a step has `do` or `ask`, not both", ""),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(old: str, new: str, stands: str, message: str, hint: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    found = [p for p in problems(text) if p[2].startswith(message)]
    assert found, problems(text)
    line, column, _, said = found[0]
    assert text.split("\n")[line - 1][column - 1 :].startswith(stands)
    assert hint in said


@pytest.mark.parametrize("kind", ["code", "review"])
def test_steps_of_later_hubs_are_refused_clearly(kind: str) -> None:
    found = only(with_step(f"{kind}: something"))
    assert found[2] == f"this hub does not know `{kind}` steps yet"


def test_learn_is_refused_clearly() -> None:
    text = with_step("do: post.find\ngiven: {name: x}\nlearn: true")
    assert only(text)[2] == "this hub does not know `learn` yet"


def test_a_setting_nobody_uses_is_a_problem() -> None:
    text = GOOD.replace('words: "{{ settings.words }}"', "words: [a, b]")
    assert only(text)[:3] == (6, 3, "no step uses the setting `words`")


def test_a_missing_argument_is_a_problem() -> None:
    assert only(GOOD.replace('      text: "{{ recap.about }}"\n', ""))[2] == "`post.send` needs `text`"


# --- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "who"),
    [
        ("{{ event.topic }}", "text that anybody may have written"),
        ("{{ recap.about }}", "the model's answer"),
        ("box {{ recap.word }}", "the model's answer"),
        ("{{ recap.word | upcase }}", "the model's answer"),
        ("{{ recap.tag }}", "text that anybody may have written and the model's answer"),
        ("{{ event.lines | map: 'text' | first }}", "text that anybody may have written"),
        ("{% for l in event.lines %}{{ l.text }}{% endfor %}", "text that anybody may have written"),
        ("{{ settings.box | append: event.topic }}", "text that anybody may have written"),
        ("{% capture x %}{{ event.topic }}{% endcapture %}{{ x }}", "text that anybody may have written"),
        ("{% assign x = event.topic %}{{ x | truncate: 3 }}", "text that anybody may have written"),
        ("{{ settings.words | default: event.tags | first }}", "text that anybody may have written"),
    ],
)
def test_where_something_goes_never_comes_from_outside_or_the_model(to: str, who: str) -> None:
    line, _, message, _ = only(
        GOOD.replace('to: "{{ settings.box }}"', f'to: "{to}"\n      extra: "{{{{ settings.box }}}}"')
    )
    assert line == 20
    assert message == f"`to` of `post.send` decides where it goes, and this comes from {who}"


def test_parts_whose_names_only_the_account_knows_may_be_used_and_count_as_written_by_anybody() -> None:
    used = GOOD.replace("{{ event.topic }}", "{{ event.answers.email }} {{ event.answers['How much?'].label }}")
    assert problems(used) == []
    where = GOOD.replace('to: "{{ settings.box }}"', 'to: "{{ event.answers.email }}"')
    assert [said for _, _, said, _ in problems(where) if "text that anybody may have written" in said]


def test_a_label_that_comes_round_a_loop_is_seen() -> None:
    to = "{% assign x = event.id %}{% for l in event.lines %}{{ x }}{% assign x = l.text %}{% endfor %}"
    found = problems(GOOD.replace('to: "{{ settings.box }}"', f'to: "{to}"\n      extra: "{{{{ settings.box }}}}"'))
    assert "comes from text that anybody may have written" in found[0][2]


@pytest.mark.parametrize(
    "to",
    [
        "fixed",
        "{{ event.id }}",
        "{{ event.id }}-{{ house.today }}",
        "{{ recap.word }}",
        "{{ event.lines | map: 'sku' | first }}",
        "{% if event.topic contains 'x' %}a{% else %}b{% endif %}",
        "{{ settings.words | first }}",
    ],
)
def test_settings_vendor_ids_and_closed_choices_may_decide(to: str) -> None:
    text = GOOD.replace('to: "{{ settings.box }}"', f'to: "{to}"\n      extra: "{{{{ settings.box }}}}"')
    assert problems(text) == []


def test_money_is_held_to_the_same_rule() -> None:
    text = GOOD.replace('text: "{{ recap.about }}"', 'text: x\n      amount: "{{ event.topic }}"')
    assert "decides how much is paid" in only(text)[2]


def test_what_a_reading_action_found_counts_as_written_by_anybody() -> None:
    step = (
        'do: post.find\ngiven: {name: x}\n  - id: last\n    do: post.send\n    given: {to: "{{ more.name }}", text: x}'
    )
    text = GOOD + "  - id: more\n    " + step.replace("\n    ", "\n    ").replace("\ngiven", "\n    given") + "\n"
    assert "comes from text that anybody may have written" in only(text)[2]


# --- for_each, check, conditions --------------------------------------------------------------------------------------


def test_inside_for_each_the_item_is_known_with_its_parts() -> None:
    step = 'for_each: "{{ recap.todos }}"\ndo: post.send\ngiven: {to: "{{ settings.box }}", text: "{{ item.%s }}"}'
    assert problems(with_step(step % "task")) == []
    assert only(with_step(step % "tusk"))[3] == "Did you mean `item.task`?"


def test_for_each_needs_one_list() -> None:
    step = 'for_each: "a {{ recap.todos }}"\ndo: post.send\ngiven: {to: x, text: y}'
    assert only(with_step(step))[2] == "`for_each` must be one list"


def test_checks_are_read() -> None:
    made = load(GOOD + 'check:\n  - {that: "{{ recap.todos | size }} <= 30", else: hold}\n')
    assert [(c.otherwise, c.that.operator) for c in made.checks] == [("hold", "<=")]
    assert made.checks[0].that.holds({"recap": {"todos": [1] * 31}}) is False
    assert made.checks[0].that.holds({}) is True
    assert only(GOOD + 'check:\n  - {that: "{{ recap }}", else: stop}\n')[3] == "Write hold, undo or tell."


def test_a_fault_in_a_condition_has_its_place() -> None:
    assert only(GOOD.replace("when:", 'only_if: "{{ event.id }} == {{ event.idd }}"\nwhen:'))[:3] == (
        7, 32, "`event.idd` is not there",
    )  # fmt: skip


# --- YAML -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1", "anchors"),
        ("a: 1\nb: *x", "aliases"),
        ("a: !!python/object/apply:os.system [ls]", "is not used here"),
        ("a: !foo 1", "is not used here"),
        ("amount: 1\namount: 2", "here twice"),
        ("a: {{ x }}", "a name must be one word"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("- " * 40 + "x", "nested more than 20 levels"),
        ("a: " + "x" * 70_000, "larger than 64 KB"),
        ("a: [1", "not valid YAML"),
        ("\x00", "not valid YAML"),
        ("", "this is not a recipe"),
        ("- a", "this is not a recipe"),
    ],
)
def test_yaml_is_plain_data_or_refused(text: str, message: str) -> None:
    assert any(message in found[2] for found in problems(text)), problems(text)


def test_only_text_whole_numbers_true_false_and_null_mean_something() -> None:
    written = "9:30 2026-11-02 0o17 1.50 no 12 true null ~ 007 'true' 1e3 on"
    text = "\n".join(f"{name}: {value}" for name, value in zip("abcdefghijklm", written.split(), strict=True))
    node = parse(text, Problems("f", text))
    assert isinstance(node, Fields)
    values = {name: value.value for name, value in node.values.items() if isinstance(value, Scalar)}
    assert values == {
        "a": "9:30", "b": "2026-11-02", "c": "0o17", "d": "1.50", "e": "no", "f": 12, "g": True, "h": None, "i": None,
        "j": "007", "k": "true", "l": "1e3", "m": "on",
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        '"a {{ nix }}"',
        "'it''s {{ nix }}'",
        '"\\n\\u00e9 {{ nix }}"',
        '"a\n    b {{ nix }}"',
        "|\n        one\n          two {{ nix }}\n",
        "|2\n          two {{ nix }}\n",
        ">\n        one\n        two\n\n        three {{ nix }}\n",
        ">-\n        {{ nix }}",
        "a {{\n        nix }}",
        '"\\\n        x {{ nix }}"',
    ],
)
def test_the_place_of_a_name_is_right_in_every_kind_of_yaml_text(value: str) -> None:
    text = GOOD.replace('"{{ recap.about }}"', value)
    line, column, message, _ = only(text)
    assert message == "`nix` is not there"
    assert text.split("\n")[line - 1][column - 1 :].startswith("nix")


# --- nothing but RecipeError ------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_loads_or_is_a_recipe_error(text: str) -> None:
    problems(text)


PIECES = [
    *("{{", "}}", "{%", "%}", "|", "recap.", "[", "]", "'", '"', ":", "\n", "  ", "- ", "for x in ", "&a", "*a", "?"),
    *("not", "\x85", "\u2028", "endif", "{% if ", "(1..9)", "empty", "\t", "#", "one of ", "quote of "),
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_broken_recipe_loads_or_is_a_recipe_error(data: st.DataObject) -> None:
    real = data.draw(st.booleans())
    text = (shipped.FOLDER / "recipe.yaml").read_text("utf-8") if real else GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.sampled_from(PIECES) | st.text(max_size=4)) + text[at + gone :]
    found: list[Problem] = []
    try:
        recipe.load(text, "f", connectors.load() if real else CONNECTORS)
    except RecipeError as error:
        found = error.problems
    assert all(p.line > 0 and p.column > 0 and p.message and str(p) for p in found)


AT_TIMES = GOOD.replace("when: shop.order.made", "when: {every: monday at 07:00, zone: Europe/Berlin}")


def at_times(when: str) -> str:
    changed = AT_TIMES.replace("{every: monday at 07:00, zone: Europe/Berlin}", when)
    return changed.replace("event.topic", "event.local").replace("event.tags", "event.weekday")


def test_a_recipe_of_times_needs_no_account_to_begin() -> None:
    made = load(at_times("{every: monday at 07:00, zone: Europe/Berlin, catch_up: all, window: 2 days}"))
    assert made.trigger == "time"
    assert made.schedule == Schedule("0 7 * * 1", "Every Monday at 07:00", "Europe/Berlin", "all", 2 * 86_400_000)
    assert made.slugs == ("openai", "post")
    assert load(at_times('{cron: "0 7 * * 1"}')).schedule == Schedule("0 7 * * 1", "At 07:00 on Monday")


@pytest.mark.parametrize(
    ("when", "column", "message", "hint"),
    [
        (
            "{every: monday at 07:00, zone: Europe/Berln}",
            38,
            "`Europe/Berln` is no time zone",
            "Did you mean `Europe/Berlin`?",
        ),
        ("{every: monday at 07:00, zone: Berlin}", 38, "`Berlin` is no time zone", "Did you mean `Europe/Berlin`?"),
        ("{every: moonday at 07:00}", 15, "`moonday` is no day this hub knows", "Write it like: monday at 07:00"),
        ("{evry: monday at 07:00}", 8, "`evry` does not belong in a `when` that is a time", "Did you mean `every`?"),
        ("{zone: UTC}", 7, "this `when` says no time", "Write one of them"),
        ('{cron: "0 7 31 2 *"}', 14, "this cron line", "Write it like 0 7 * * 1"),
        ('{cron: "0 7 1 * 1"}', 14, "would start on either", "Write it like 0 7 * * 1"),
        ("{every: hour, catch_up: lats}", 31, "`catch_up` cannot be `lats`", "Did you mean `last`?"),
        ("{every: hour, window: a while}", 29, "`a while` is no length of time", "Write it like 90 minutes"),
        ("monday at 07:00", 7, "`monday at 07:00` is a time", "Write when: {every: monday at 07:00}."),
    ],
)
def test_times_that_cannot_be_are_named_where_they_stand(when: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load(at_times(when))
    here = [p for p in caught.value.problems if (p.line, p.column) == (7, column)]
    assert any(message in p.message and hint in p.hint for p in here), str(caught.value)
