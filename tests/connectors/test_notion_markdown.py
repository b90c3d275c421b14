"""Markdown as Notion blocks: each kind of line, and nothing lost of anything."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.notion._markdown import read
from connectors.notion._text import clean, slices, units
from connectors.notion._tree import Node, visible

SAMPLE = Path(__file__).parent / "samples" / "notion" / "pages" / "recap.md"


def outline(nodes: Iterable[Node], depth: int = 0) -> list[str]:
    """One line per block: how deep, what kind, what text."""
    lines = []
    for node in nodes:
        text = " | ".join(filter(None, [visible(node.payload())]))
        lines += [f"{'  ' * depth}{node.kind}: {text}".rstrip(": "), *outline(node.children, depth + 1)]
    return lines


def text_of(nodes: Iterable[Node]) -> str:
    return "\n".join(every_text(nodes))


def every_text(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        yield visible(node.payload())
        yield from every_text(node.children)


def items(markdown: str) -> list[Any]:
    (node,) = read(markdown)
    return list(node.body["rich_text"])


def test_the_sample_recap_block_by_block() -> None:
    assert outline(read(SAMPLE.read_text())) == [
        "heading_1: Weekly planning – <b>Team A</b>",
        "paragraph: Ana opened the meeting. Ben reported three blockers & one rumour; see the plan (Plan).\n"
        "שלום עולם, مرحبا, 日本語 and 👩‍👩‍👧.",
        "heading_2: Decisions",
        "numbered_list_item: Ship on Friday.",
        "numbered_list_item: Keep main green.",
        "  bulleted_list_item: Ben watches the build",
        "    bulleted_list_item: also at night",
        "      bulleted_list_item: and on Sunday",
        "paragraph: 2024. was a good year, $5 and $10 were spent, and a^2 + b^2 holds.",
        "quote: We agreed on the budget.",
        "  bulleted_list_item: under 5 000",
        "  bulleted_list_item: no travel",
        "heading_2: To do",
        "to_do: Send the offer (Ana Silva, 2026-11-06)",
        "to_do: Book the room (Ben Ortiz)",
        "table",
        "  table_row: Who What",
        "  table_row: Ana Offer extra cell",
        "  table_row: Ben",
        'code: print("hello")title="demo.py"',
        "equation: E = mc^2",
        "paragraph: image: A chart and a file (./notes.txt) and [^1].",
        "paragraph: [^1]: A footnote stays as it is.",
        "divider",
        "heading_3: Small print",
    ]


def test_looks_and_links_of_one_line() -> None:
    assert items("a **b *c*** ~~d~~ `e` [f](https://x.test) $g$ <mailto:h@i.test>") == [
        {"type": "text", "text": {"content": "a "}},
        {"type": "text", "text": {"content": "b "}, "annotations": {"bold": True}},
        {"type": "text", "text": {"content": "c"}, "annotations": {"bold": True, "italic": True}},
        {"type": "text", "text": {"content": " "}},
        {"type": "text", "text": {"content": "d"}, "annotations": {"strikethrough": True}},
        {"type": "text", "text": {"content": " "}},
        {"type": "text", "text": {"content": "e"}, "annotations": {"code": True}},
        {"type": "text", "text": {"content": " "}},
        {"type": "text", "text": {"content": "f", "link": {"url": "https://x.test"}}},
        {"type": "text", "text": {"content": " "}},
        {"type": "equation", "equation": {"expression": "g"}},
        {"type": "text", "text": {"content": " "}},
        {"type": "text", "text": {"content": "mailto:h@i.test", "link": {"url": "mailto:h@i.test"}}},
    ]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        ("[a](/home)", "a (/home)"),
        ("[a](ftp://x.test/y)", "a (ftp://x.test/y)"),
        ("[a](http://)", "a (http://)"),
        ("[](https://x.test)", "https://x.test"),
        (f"[a](https://x.test/{'y' * 2000})", f"a (https://x.test/{'y' * 2000})"),
        ("[![alt](https://x.test/i.png)](https://x.test)", "image: alt (https://x.test/i.png)"),
        ("![](https://x.test/i.png)", "image: https://x.test/i.png"),
        ("![alt](i.png)", "image: alt (i.png)"),
        ("[$x$](https://x.test)", "x (https://x.test)"),
        ("a  \nb\nc\\\nd", "a\nb\nc\nd"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("US$5/US$6 and $x$5", "US$5/US$6 and $x$5"),
        ("a\x00b\x07c\ud800d\r\ne", "a b c\ufffdd\ne"),
        ("[Owner]: Ana", "[Owner]: Ana"),
    ],
)
def test_what_notion_cannot_show_stays_as_text(markdown: str, text: str) -> None:
    assert text_of(read(markdown)) == text


@pytest.mark.parametrize("markdown", ["", " \n\t\n", "\n" * 500])
def test_blank_text_has_no_blocks(markdown: str) -> None:
    assert read(markdown) == ()


def test_boxes_that_can_be_ticked() -> None:
    nodes = read("- [ ] open\n- [X] shut\n- [x]no box\n- [ ]\n  later\n1. [x] first")
    found = [(node.kind, node.body.get("checked"), text_of([node])) for node in nodes]
    assert found == [
        ("to_do", False, "open"),
        ("to_do", True, "shut"),
        ("bulleted_list_item", None, "[x]no box"),
        ("to_do", False, "later"),
        ("to_do", True, "first"),
    ]


@pytest.mark.parametrize(
    ("markdown", "kinds"),
    [
        ("1. a\n2. b", ["numbered_list_item: a", "numbered_list_item: b"]),
        ("1. a\n1. b", ["numbered_list_item: a", "numbered_list_item: b"]),
        ("3. a\n4. b", ["paragraph: 3. a", "paragraph: 4. b"]),
        ("1) a\n7) b", ["paragraph: 1) a", "paragraph: 7) b"]),
        ("2024. was good", ["paragraph: 2024. was good"]),
    ],
)
def test_numbers_that_notion_would_change_are_written_out(markdown: str, kinds: list[str]) -> None:
    assert outline(read(markdown)) == kinds


@pytest.mark.parametrize(
    ("fence", "language", "caption"),
    [
        ("", "plain text", ""),
        ("python", "python", ""),
        ("JS", "javascript", ""),
        ("klingon", "plain text", "klingon"),
        ("sh -x", "shell", "-x"),
        ("visual basic", "plain text", "visual basic"),
    ],
)
def test_languages_of_code(fence: str, language: str, caption: str) -> None:
    (node,) = read(f"```{fence}\nx\n```")
    assert node.body["language"] == language
    assert "".join(one["text"]["content"] for one in node.body.get("caption", [])) == caption


def test_an_equation_that_is_too_long_becomes_code() -> None:
    long = "x+" * 600
    assert outline(read(f"$$\n{long}\n$$")) == [f"code: {long}"]
    (item,) = items(f"$z{long}z$")
    assert item["annotations"] == {"code": True}
    assert item["text"]["content"] == f"$z{long}z$"


def test_a_wide_table_becomes_lines_and_a_long_one_repeats_its_header() -> None:
    wide = "|" + "a|" * 101 + "\n|" + "-|" * 101 + "\n|" + "b|" * 101
    assert [node.kind for node in read(wide)] == ["paragraph", "paragraph"]
    tables = read("| h |\n|---|\n" + "\n".join(f"| {n} |" for n in range(250)))
    assert [len(table.children) for table in tables] == [100, 100, 53]
    assert {visible(table.children[0].payload()) for table in tables} == {"h"}


def test_cells_beyond_the_header_survive_inside_lists_and_quotes() -> None:
    assert text_of(read("- x\n\n  > | a |\n  > |---|\n  > | b | **c** |")).split() == ["x", "a", "b", "c"]


@pytest.mark.parametrize(
    "markdown",
    [
        "> " * 400 + "end",
        "- " * 400 + "end",
        "[" * 4000 + "end",
        "![" * 800 + "end",
        "*" * 3000 + "end" + "*" * 3000,
        "".join("  " * n + "- x\n" for n in range(150)) + "  " * 150 + "- end",
    ],
    ids=["quotes", "lists", "brackets", "images", "stars", "stairs"],
)
def test_nesting_beyond_measure_loses_nothing(markdown: str) -> None:
    assert "end" in text_of(read(markdown))


def test_twenty_levels_stay_twenty_levels() -> None:
    assert len(outline(read("".join("  " * n + f"- {n}\n" for n in range(20))))) == 20
    assert outline(read("".join("  " * n + f"- {n}\n" for n in range(20))))[-1] == "  " * 19 + "bulleted_list_item: 19"


# --- cutting text ---


@given(st.text(st.characters(), max_size=400), st.integers(2, 60))
def test_pieces_make_the_whole_again(text: str, limit: int) -> None:
    text = clean(text)
    pieces = slices(text, limit)
    assert "".join(pieces) == text
    assert all(piece and units(piece) <= limit for piece in pieces)


@pytest.mark.parametrize("sign", ["👩‍👩‍👧", "🇩🇪", "👍🏽", "e\u0301", "❤\ufe0f"])
@pytest.mark.parametrize("shift", range(9))
def test_a_cut_never_falls_inside_a_sign(sign: str, shift: int) -> None:
    sign = unicodedata.normalize("NFD", sign)
    pieces = slices("a" * shift + sign * 4000)
    assert len(pieces) > 1
    assert all(piece.replace("a", "").replace(sign, "") == "" for piece in pieces)


# --- nothing is lost ---

WORD = st.text(st.sampled_from("qwzäßжשé日🎉7"), min_size=1, max_size=6).map(lambda word: f"w{word}")
LINE = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
STYLED = st.builds("{}{}{}".format, st.sampled_from(["", "**", "*", "~~", "`"]), LINE, st.just("")).map(
    lambda line: line + line[: len(line) - len(line.lstrip("*~`"))]
)
PARAGRAPH = st.lists(STYLED, min_size=1, max_size=3).map("\n".join)
TABLE = st.lists(st.lists(LINE, min_size=1, max_size=4), min_size=1, max_size=4).map(
    lambda rows: "\n".join(
        f"| {' | '.join(row)} |" + ("\n|" + "---|" * len(row) if n == 0 else "") for n, row in enumerate(rows)
    )
)
LEAF = st.one_of(
    PARAGRAPH,
    TABLE,
    st.builds("{} {}".format, st.sampled_from(["#", "##", "###", "####", "######"]), LINE),
    st.builds("```\n{}\n```".format, LINE),
    st.builds("$$\n{}\n$$".format, LINE),
    st.builds("[{}](https://x.test/1)".format, LINE),
    st.builds("<div>{}</div>".format, LINE),
)


def _indented(text: str, first: str, rest: str) -> str:
    return "\n".join((rest if n else first) + line for n, line in enumerate(text.split("\n")))


def _inside(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    marks = st.sampled_from([("- ", "  "), ("- [ ] ", "  "), ("1. ", "   "), ("7. ", "   "), ("> ", "> ")])
    several = st.lists(blocks, min_size=1, max_size=3).map("\n\n".join)
    return st.builds(lambda text, mark: _indented(text, *mark), several, marks)


MARKDOWN = st.lists(st.recursive(LEAF, _inside, max_leaves=8), max_size=6).map("\n\n".join)


def _words(text: str) -> list[str]:
    return [word for word in "".join(c if c.isalnum() or c == "🎉" else " " for c in text).split() if word[0] == "w"]


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_every_word_of_the_source_is_on_the_page_in_order(markdown: str) -> None:
    assert _words(text_of(read(markdown))) == _words(markdown)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("qwzqwz  \n\n\t`*_~#>-+|$![]()<>\\:=1.0\"'{}^@,;/"), max_size=120))
def test_no_letter_of_any_text_is_lost(text: str) -> None:
    found, wanted = Counter(text_of(read(text))), Counter(text)
    assert {letter: found[letter] for letter in "qwz"} == {letter: wanted[letter] for letter in "qwz"}
