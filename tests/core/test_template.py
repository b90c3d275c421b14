"""Templates and conditions: what they make of values, what they refuse, and that nothing makes them run wild."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.core import filters
from app.core.condition import compile_condition
from app.core.filters import FILTERS
from app.core.liquid_limits import OUTPUT_LIMIT, TAGS
from app.core.template import Backdrop, TemplateProblem, compile_template

SCOPE: dict[str, Any] = {
    "event": {
        "topic": "Ana / Ben 1:1", "gap": "", "none": None, "zero": 0, "n": 7, "price": 2.5, "yes": True,
        "start": "2026-11-02T23:30:00Z", "tags": ["b", "a", "b"],
        "lines": [{"sku": "A1", "text": "one", "due": None}, {"sku": "B2", "text": "two", "due": "2026-11-20"}],
    },
    "settings": {"skip": ["Interview", "1:1"]},
}  # fmt: skip


def render(text: str, **more: Any) -> Any:
    return compile_template(text, backdrop=Backdrop({"recap": None})).render({**SCOPE, **more})


def holds(text: str) -> bool:
    return compile_condition(text, place=lambda _: (1, 1), backdrop=Backdrop({"recap": None})).holds(SCOPE)


def fault(text: str) -> str:
    with pytest.raises(TemplateProblem) as caught:
        render(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ event.n }}", 7),
        ("{{ event.tags }}", ["b", "a", "b"]),
        ("{{ event.lines[0] }}", {"sku": "A1", "text": "one", "due": None}),
        ("{{ event.none }}", None),
        ("{{ event.yes }}", True),
        ("{{ (1..3) }}", [1, 2, 3]),
        ("{{ event.n }} ", "7 "),
        ("n: {{ event.none }}.", "n: ."),
        ("{{ event.tags }}!", "b, a, b!"),
        ("{{ event.yes }}!", "true!"),
        ("plain", "plain"),
        ("{{ event.topic | contains_any: settings.skip | not }}", False),
        ("{{ recap.todos }}", None),
        ("{% for t in recap.todos %}x{% else %}none{% endfor %}", "none"),
        ("{{ recap.todos | size }}", 0),
    ],
)
def test_one_value_keeps_its_type_and_all_else_is_text(text: str, value: Any) -> None:
    assert render(text) == value


@pytest.mark.parametrize("name", ["gap", "none", "zero"])
def test_nothing_is_no_everywhere(name: str) -> None:
    assert render("{% if event." + name + " %}yes{% else %}no{% endif %}!") == "no!"
    assert render("{% unless event." + name + " %}no{% endunless %}!") == "no!"
    assert render("{% if event.n and event." + name + " %}yes{% endif %}!") == "!"
    assert holds("{{ event." + name + " }}") is False
    assert render("{{ event." + name + " | not }}") is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ event.lines | size }} == 2", True),
        ("{{ event.n }} > 7", False),
        ("{{ event.n }} >= 7", True),
        ("{{ event.price }} < {{ event.n }}", True),
        ("{{ event.none }} < 5", False),
        ("{{ event.none }} == nil", True),
        ("{{ event.gap }} == nil", False),
        ('{{ event.gap }} == ""', True),
        ("{{ event.yes }} == true", True),
        ("{{ event.n }} == true", False),
        ("{{ event.topic }} contains BEN", True),
        ("{{ event.tags }} contains a", True),
        ("{{ event.tags }} contains c", False),
        ("{{ event.topic }} != Ana / Ben 1:1", False),
        ("{{ event.start }} < 2026-12-01", True),
        ("{{ recap.todos | size }} <= 30", True),
        ("true", True),
    ],
)
def test_conditions(text: str, value: bool) -> None:
    assert holds(text) is value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ event.n }} < 1 < 2", "compares two values"),
        ("a {{ event.n }} == 7", "each side of a condition is one value"),
        ("{% if x %}{% endif %}", "no `{% … %}`"),
        ("{{ event.n }} == ", "is empty"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, said: str) -> None:
    with pytest.raises(TemplateProblem, match=said):
        compile_condition(text, place=lambda _: (1, 1))


def test_values_that_cannot_be_compared_are_a_sentence() -> None:
    with pytest.raises(TemplateProblem, match="compare two numbers or two texts"):
        holds("{{ event.topic }} < 5")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ event.tags | uniq | sort | join: '+' }}", "a+b"),
        ("{{ event.lines | map: 'sku' }}", ["A1", "B2"]),
        ("{{ event.lines | where: 'due' | map: 'sku' }}", ["B2"]),
        ("{{ event.lines | without: 'sku', 'A1' | first }}", {"sku": "B2", "text": "two", "due": "2026-11-20"}),
        ("{{ event.lines | sort: 'due' | last }}", {"sku": "A1", "text": "one", "due": None}),
        ("{{ event.tags | reverse | limit: 2 }}", ["b", "a"]),
        ("{{ 'a; b;;c' | split: ';' }}", ["a", "b", "c"]),
        ("{{ 'hello world' | capitalize | truncate: 6 }}", "Hello…"),
        ("{{ event.none | default: 'x' }}", "x"),
        ("{{ event.zero | default: 5 }}", 0),
        ("{{ 0.1 | plus: 0.2 }}", 0.3),
        ("{{ 7 | divided_by: 2 }}", 3.5),
        ("{{ 2.5 | times: 4 }}", 10),
        ("{{ 3.14159 | round: 2 }}", 3.14),
        ("{{ event.start | date }}", "2026-11-02"),
        ("{{ event.start | date: '%e %B %Y, %H:%M', 'Europe/Lisbon' }}", "2 November 2026, 23:30"),
        ("{{ event.start | date: '%F', 'Asia/Tokyo' }}", "2026-11-03"),
        ("{{ '2026-11-20' | date: '%A %d %b' }}", "Friday 20 Nov"),
        ("{{ event.none | date }}", ""),
        ("{{ event.lines[1] | json }}", '{"sku": "B2", "text": "two", "due": "2026-11-20"}'),
        ("{{ ' a\n b ' | one_line }}", "a b"),
        ("{{ 'aXbX' | replace: 'X', '-' }}", "a-b-"),
    ],
)
def test_filters(text: str, value: Any) -> None:
    assert render(text) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ event.nix }}", "`event.nix` is not there."),
        ("{{ nix }}", "`nix` is not there."),
        ("{% if nix %}{% endif %}", "`nix` is not there."),
        ("{{ event.topic | plus: 1 }}", "`plus` works on numbers"),
        ("{{ event.n | map: 'x' }}", "`map` works on a list"),
        ("{{ 1 | divided_by: 0 }}", "cannot divide by zero"),
        ("{{ event.topic | date }}", "needs a date like"),
        ("{{ event.start | date: '%s' }}", "knows only"),
        ("{{ event.start | date: '%F', '../etc/passwd' }}", "does not know the time zone"),
        ("{{ '1e999999999' | plus: 1 }}", "numbers up to"),
    ],
)
def test_what_cannot_be_worked_out_is_a_sentence_with_its_line(text: str, said: str) -> None:
    assert fault(text).startswith("recipe, line 1: ")
    assert said in fault(text)


@pytest.mark.parametrize(
    "text",
    [
        "{% include 'a' %}",
        "{% render 'a' %}",
        "{% liquid echo 1 %}",
        "{% increment a %}",
        "{% cycle 1, 2 %}",
        "{% tablerow x in y %}",
    ],
)
def test_only_the_tags_on_the_list_exist(text: str) -> None:
    with pytest.raises(TemplateProblem, match="unexpected tag"):
        compile_template(text)


def test_every_filter_and_tag_is_documented() -> None:
    assert "not" in FILTERS
    assert all(run.__doc__ for run in FILTERS.values())
    assert "include" not in TAGS


@pytest.mark.parametrize(
    "text",
    [
        "{{ event.topic.__class__ }}",
        "{{ event.__class__.__mro__ }}",
        "{{ event.topic.upper }}",
        "{{ event['__init__'] }}",
        "{{ event.tags.append }}",
        "{{ forloop.__class__ }}",
    ],
)
def test_python_attributes_are_out_of_reach(text: str) -> None:
    assert "is not there" in fault(text)


def test_the_clock_is_out_of_reach() -> None:
    assert "is not there" in fault("{{ now }}")
    assert "is not there" in fault("{{ today }}")


BIG = "x" * 900_000
BOMBS = [
    "{% for i in (1..100000000) %}x{% endfor %}",
    "{% for i in (1..150) %}{% for j in (1..150) %}x{% endfor %}{% endfor %}",
    "{% for i in (1..9000) %}x{% endfor %}" * 3,
    "{% assign x = 'xxxxxxxxxx' %}{% for i in (1..100) %}{% assign x = x | append: x %}{% endfor %}",
    "{% for i in (1..9000) %}{{ big }}{% endfor %}",
    "{{ big | replace: 'x', big }}",
    "{{ big | split: 'x' | join: big }}",
    "{% for i in (1..15000) %}{% assign y = big | md %}{% endfor %}",
    "{% for i in (1..15000) %}{% assign y = big | upcase | size %}{% endfor %}",
    "{{ 99999999999 | times: 99999999999 }}",
    "{{ 10 " + "| times: 1000000 " * 200 + "}}",
    "{% capture a %}{{ big }}{{ big }}{{ big }}{{ big }}{% endcapture %}{{ a }}{{ a | append: a }}",
    "{% if true %}" * 200 + "{% endif %}" * 200,
    "{{ a" + "[a" * 5000 + "]" * 5000 + " }}",
    "{{" * 9000,
    "{%" * 9000 + "%}",
    "{% raw %}" * 2000,
    "{% comment %}" * 1500,
    "{{ (" * 4000 + "}}",
    "{% if " + "(" * 5000 + " %}{% endif %}",
    "{% if " + "not " * 4000 + "true %}{% endif %}",
    "x" * 30_000,
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_no_template_runs_wild(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(TemplateProblem):
        render(text, big=BIG)
    assert time.perf_counter() - started < 10


def test_a_text_as_large_as_a_delivery_goes_through() -> None:
    assert len(render("{{ big | unlinked }}!", big="[" * 1_000_000)) == 2_000_001 < OUTPUT_LIMIT


WORDS = st.sampled_from(
    [
        *(
            "{{ ",
            " }}",
            "{% if ",
            "{% endif %}",
            "{% for x in ",
            "{% endfor %}",
            " %}",
            "{%- else -%}",
            "event.",
            "topic",
        ),
        *("lines", "x", " | ", "map: ", "'sku'", "join", "size", " == ", " contains ", "(1..3)", "{% assign y = ", ":"),
        *("{% capture z %}", "{% endcapture %}", "[0]", "nil", "empty", "{% case ", "{% when 1 %}", "{% endcase %}"),
        *("{% raw %}", ", "),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.text(max_size=3), max_size=14).map("".join))
@example("{% case event.topic %}{% when 'a' or %}{% endcase %}")
def test_any_template_renders_or_is_a_template_problem(text: str) -> None:
    try:
        made = render(text)
    except TemplateProblem:
        return
    assert made is None or isinstance(made, (str, int, float, bool, list, dict))


# --- Markdown safety --------------------------------------------------------------------------------------------------

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def inline_text(markdown: str) -> tuple[set[str], str]:
    """(kinds of tokens, the text) of a Markdown text."""
    tokens = PARSER.parse(markdown)
    inner = [t for token in tokens for t in (token.children or [])]
    return {t.type for t in [*tokens, *inner]}, "".join(t.content for t in inner)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("#*_`<>[]()!-+=~|\\&;:/.1a \n\t\"'é😀$")), max_size=25))
@example("# x")
@example("<b>x</b>")
@example("[a](http://evil)")
@example("1. x")
@example("&lt;")
@example("---")
@example("a\n===")
@example("- [ ] x")
@example("<https://evil.example>")
def test_md_makes_any_text_plain(text: str) -> None:
    line = filters.one_line(text)
    kinds, seen = inline_text("- " + filters.md(text))
    assert seen == line
    assert kinds <= {"bullet_list_open", "list_item_open", "paragraph_open", "inline", "text", "paragraph_close",
                     "list_item_close", "bullet_list_close", "text_special"}  # fmt: skip


LINKING = [
    *("[a]", "(http://e.vil)", "![", "<", "http://e.vil", ">", "[x](http://e.vil)", "\\", "x", "]", "- [ ] "),
    *("\n", "`", "**", ": ", "[x]: "),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINKING), max_size=12).map("".join))
@example("[x](http://e.vil)")
@example("\\\\[a](http://e.vil)")
@example("<http://e.vil>")
@example("[a]\n\n[a]: http://e.vil")
def test_unlinked_leaves_no_link_no_picture_and_no_html(text: str) -> None:
    kinds, _ = inline_text(filters.unlinked(text))
    assert not kinds & {"link_open", "image", "html_inline", "html_block"}


def test_unlinked_keeps_structure_and_tasks() -> None:
    kinds, text = inline_text(filters.unlinked("## Recap\n\n- [x] **done**\n- see [here](http://x.y)"))
    assert {"heading_open", "bullet_list_open", "strong_open"} <= kinds
    assert "[here](http://x.y)" in text
    assert filters.unlinked("- [x] done") == "- [x] done"


def test_quote_lines_quotes_every_line() -> None:
    assert filters.quote_lines("a\n# b\n\n[c](d)") == "> a\n> \\# b\n>\n> \\[c\\](d)"
