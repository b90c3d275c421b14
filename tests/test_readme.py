"""What the README and docs/ say is there: commands, options, files, links, variables, and every example works."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors
from app import cli, settings
from app.core import trial
from app.core.answer_checks import TYPES
from app.core.filters import FILTERS
from app.core.liquid_limits import TAGS
from app.core.recipe import load
from app.core.recipe_problems import RecipeError
from app.core.recipe_reader import KEYS
from app.core.recipe_settings import TYPES as SETTING_TYPES
from connectors.contract import Connector, Safety

ROOT = Path(__file__).parents[1]
KNOWN = connectors.load()
PAGES = {name: (ROOT / name).read_text() for name in ("README.md", "docs/recipes.md", "docs/connectors.md")}
EVERYTHING = "\n".join(PAGES.values())
README, RECIPES = PAGES["README.md"], PAGES["docs/recipes.md"]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


# --- commands ---------------------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """Everything after `patchbay` or `python3 -m app`, in blocks and inside sentences."""
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", EVERYTHING, flags=re.M | re.S))
    for line in [line for block in blocks(EVERYTHING, "sh") for line in block.splitlines()] + inline:
        found = re.search(r"(?:^|.*[/\s])(?:patchbay|python3 -m app)((?:\s[^#;]*)?)(?:#|;|$)", line)
        if found and not line.startswith(("alias", "PATCHBAY_HOME")):
            yield found[1].strip()


def parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    under = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(under[0].choices) if under else {}


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_that_is_named_exists_with_its_options(command: str) -> None:
    parser, words = cli._parser(), command.split()
    while words and (inner := parsers(parser)) and not words[0].startswith("-"):
        assert words[0] in inner, f"there is no command {words[0]!r}"
        parser = inner[words.pop(0)]
    if parser.prefix_chars != "-":
        return  # hands its words on
    takes = {option for action in parser._actions for option in action.option_strings}
    assert {word for word in words if word.startswith("--")} <= takes


def test_every_command_is_named() -> None:
    quiet = {"version", "check", "test", "bench", "faults", "run"}  # for developers, or what no command does
    named = {command.split()[0] for command in commands() if command}
    assert set(parsers(cli._parser())) - quiet - named - {"web", "worker", "clock"} == _told(README)


def _told(page: str) -> set[str]:
    """Commands that are only listed beside another one."""
    return set(re.findall(r"# .*also: (.*)$", page, re.M)[0].split(", "))


# --- files and links --------------------------------------------------------------------------------------------------


def slug(heading: str) -> str:
    """As GitHub makes anchors."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", PAGES[name], flags=re.M | re.S)):
        if target.startswith("https://") or "{{" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M) if file.suffix == ".md" and file.exists() else []
        if not file.exists() or (anchor and anchor not in map(slug, headings)):
            lost.append(target)
    assert lost == []


def test_files_of_the_checkout_that_are_named_exist() -> None:
    ours = re.findall(r"`((?:app|connectors|recipes|tests|docs)/[\w./-]*)`", EVERYTHING)
    assert [path for path in ours if not (ROOT / path).exists()] == []


# --- configuration ----------------------------------------------------------------------------------------------------


def test_every_variable_is_documented_and_no_other() -> None:
    source = Path(settings.__file__).read_text()
    read = set(
        re.findall(r'"((?:PATCHBAY_[A-Z_]+[A-Z]|DATABASE_URL|REDIS_URL|OPENAI_[A-Z_]+|PORT|TRUSTED_HOSTS))"', source)
    )
    table = README.split("## Configuration")[1].split("\n## ")[0]
    told = set(re.findall(r"`([A-Z_]+(?:<SLUG>[A-Z_]*)?)`", table))
    assert told == read | {"PATCHBAY_<SLUG>_URL", "PATCHBAY_RATE_<SLUG>", "PATCHBAY_PRACTICE_URL"}
    example = (ROOT / ".env.example").read_text()
    assert [name for name in read if not re.search(rf"^#{name}=", example, re.M)] == []


# --- connectors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("connector", KNOWN.values(), ids=list(KNOWN))
def test_the_readme_has_the_clicks_of_the_connect_page(connector: Connector) -> None:
    """The same steps, in bold and with links; who changes one changes both."""
    section = re.split(rf"^### {re.escape(connector.title)}$", README, flags=re.M)[1].split("\n##")[0]
    words = re.compile(r"\w{5,}(?::\w+)*")  # scopes whole
    assert set(words.findall(" ".join(_guides(connector)).lower())) - set(words.findall(section.lower())) == set()
    assert set(re.findall(r"--secret (\w+)=", section)) <= {field.name for field in connector.auth.fields}


def _guides(connector: Connector) -> list[str]:
    return [*connector.auth.guide, *(connector.hook.guide if connector.hook else ())]


def test_the_example_of_a_connector_is_whole() -> None:
    (source,) = blocks(PAGES["docs/connectors.md"], "python")
    made: dict[str, object] = {"__name__": "shelf"}
    exec(compile(source, "docs/connectors.md", "exec"), made)
    found = made["connector"]
    assert isinstance(found, Connector)
    assert found.actions["set_note"].find
    assert found.actions["set_note"].undo


def test_every_safety_is_explained() -> None:
    assert [s.name for s in Safety if f"| `{s.name}` |" not in PAGES["docs/connectors.md"]] == []


# --- recipes ----------------------------------------------------------------------------------------------------------


def examples() -> list[tuple[str, str, str]]:
    """(page, recipe, cases): the README's, that one with its model step, and the handbook's."""
    recipe, cases, step = blocks(README.partition("## Write a recipe")[2], "yaml")
    asking = recipe.replace("steps:\n", f"steps:\n{step}\n")
    (answer,) = re.findall(r"`(answers: \{mood: .*?)`\.", README)
    return [
        ("README.md", recipe, cases),
        (
            "README.md, with a step that asks",
            asking,
            re.sub(r"^( +)(expect:)", rf"\1{answer}\n\1\2", cases, flags=re.M),
        ),
        ("docs/recipes.md", blocks(RECIPES, "yaml")[0], blocks(RECIPES, "yaml")[-1]),
    ]


@pytest.mark.parametrize(("page", "recipe", "cases"), examples(), ids=[page for page, *_ in examples()])
def test_the_examples_of_recipes_load_and_pass(tmp_path: Path, page: str, recipe: str, cases: str) -> None:
    (tmp_path / "recipe.yaml").write_text(recipe)
    (tmp_path / "cases.yaml").write_text(cases)
    _, results = trial.check(KNOWN, tmp_path)
    assert results
    assert {result.name: result.problems for result in results if result.problems} == {}


def test_the_mistake_that_is_shown_is_told_like_that(tmp_path: Path) -> None:
    folder = tmp_path / "client-calls"
    folder.mkdir()
    recipe = blocks(README.partition("## Write a recipe")[2], "yaml")[0]
    (folder / "recipe.yaml").write_text(recipe.replace("event.topic |", "event.topik |", 1))
    with pytest.raises(RecipeError) as told:
        trial.check(KNOWN, folder)
    assert str(told.value) in README


def test_the_handbook_has_every_word_of_the_language() -> None:
    named = set(re.findall(r"`([a-z_]+)(?::[^`]*)?`", RECIPES)) | set(re.findall(r"`(\w+ \w+)", RECIPES))
    tables = re.findall(r"^\| ([^|]+) \|", RECIPES.split("## Filters")[1].split("\n## ")[0], re.M)
    assert set(FILTERS) - set(re.findall(r"`(\w+)`", " ".join(tables))) == set()
    words = {
        *TAGS,
        *KEYS,
        *SETTING_TYPES,
        *TYPES,
        "one of",
        "quote of",
        "if",
        "for_each",
        "do",
        "ask",
        "given",
        "answer",
    }
    assert words - named == set()


def test_the_handbook_has_every_event_field_action_and_picker() -> None:
    words = {f"{c.slug}.{t.kind}" for c in KNOWN.values() for t in c.triggers}
    words |= {f"{c.slug}.{name}" for c in KNOWN.values() for name, action in c.actions.items() if not action.internal}
    words |= {f"{c.slug}.{name}" for c in KNOWN.values() for name in c.lookups}
    fields = {path.split("[")[0] for c in KNOWN.values() for t in c.triggers for path in t.fields}
    assert [word for word in sorted(words | {f"event.{field}" for field in fields}) if f"`{word}`" not in RECIPES] == []


def test_the_example_of_waiting_loads() -> None:
    first, *others = blocks(RECIPES, "yaml")
    (waits,) = [block for block in others if "for_event" in block]
    made = load(first.replace("\ncheck:", "\n" + waits + "\ncheck:"), "recipe.yaml", KNOWN)
    assert [step.kind for step in made.steps][-3:] == ["wait", "wait", "wait"]
