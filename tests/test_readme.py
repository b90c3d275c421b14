"""What the README and docs/ say is there: commands, options, files, links, variables, and every example works."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors
from app import cli, settings
from app.cli import reference
from app.core import trial
from app.core.answer_checks import TYPES
from app.core.filters import FILTERS
from app.core.http import Door
from app.core.liquid_limits import TAGS
from app.core.recipe import load
from app.core.recipe_problems import RecipeError
from app.core.recipe_reader import KEYS
from app.core.recipe_settings import TYPES as SETTING_TYPES
from app.practice.door import Vendor
from app.practice.serve import Served
from connectors.contract import Connector, Safety
from tests.connectors import conformance

ROOT = Path(__file__).parents[1]
KNOWN = connectors.load()
PAGES = {name: (ROOT / name).read_text() for name in ("README.md", "docs/recipes.md", "docs/connectors.md")}
PAGES |= {f"docs/connect/{page.name}": page.read_text() for page in sorted((ROOT / "docs" / "connect").glob("*.md"))}
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
    quiet = {
        "version",
        "check",
        "test",
        "bench",
        "faults",
        "reference",
        "run",
    }  # for developers, or what no command does
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


@pytest.mark.parametrize("path", reference.pages(ROOT), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_pages_say_what_the_connectors_say(path: Path) -> None:
    assert path.exists(), "run `python3 -m app reference`"
    assert path.read_text() == reference.pages(ROOT)[path], "run `python3 -m app reference`"


@pytest.mark.parametrize("slug", KNOWN)
def test_each_connector_has_its_page_and_its_row(slug: str) -> None:
    connector, text = KNOWN[slug], PAGES[f"docs/connect/{slug}.md"]
    assert f"[{connector.title}](docs/connect/{slug}.md)" in README
    assert text.startswith(f"# {connector.title}\n")
    told = [f"`{slug}.{trigger.kind}`" for trigger in connector.triggers]
    told += [f"`{slug}.{name}`" for name, action in connector.actions.items() if not action.internal]
    told += [f"`{slug}.{name}`" for name in connector.lookups]
    told += [f"`event.{path}`" for trigger in connector.triggers for path in trigger.fields]
    guides = [*connector.auth.guide, *(connector.hook.guide if connector.hook else ())]
    guides += [*connector.oauth.guide, *connector.oauth.scopes] if connector.oauth else []
    words = re.compile(r"\w{5,}(?::\w+)*")  # scopes whole
    assert [word for word in told if word not in text] == []
    assert set(words.findall(" ".join(guides))) - set(words.findall(text)) == set()


def test_what_people_wrote_stays_and_what_was_made_is_made_anew(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "connect" / "zoom.md"
    page.parent.mkdir(parents=True)
    (tmp_path / "README.md").write_text(f"Before\n{reference.BEGIN}\nold\n{reference.END}\nAfter\n")
    page.write_text(f"# Zoom\n\nOurs\n{reference.BEGIN}\nold\n{reference.END}\nOurs, too\n")
    made = reference.pages(tmp_path)
    assert made[page].startswith("# Zoom\n\nOurs\n")
    assert made[page].endswith("\nOurs, too\n")
    assert "old" not in made[page]
    assert "zoom.meeting.summary_completed" in made[page]
    assert "| [Zoom](docs/connect/zoom.md) |" in made[tmp_path / "README.md"]
    assert made[tmp_path / "docs" / "connect" / "notion.md"].startswith("# Notion\n")
    page.write_text("# Zoom\n")
    with pytest.raises(ValueError, match="Put these two lines back"):
        reference.pages(tmp_path)


def test_the_example_of_a_connector_is_whole() -> None:
    found = _made("connector")
    assert isinstance(found, Connector)
    assert found.actions["set_note"].find
    assert found.actions["set_note"].undo
    beside = conformance.Beside(tests=1, samples=(), signing=None, stands_in=True)
    assert conformance.complaints(found, beside) == []


def _made(name: str) -> object:
    """The record of that name, from the one example that ends in it."""
    (source,) = [block for block in blocks(PAGES["docs/connectors.md"], "python") if f"\n{name} = " in block]
    made: dict[str, object] = {"__name__": "shelf"}
    exec(compile(source, "docs/connectors.md", "exec"), made)
    return made[name]


def test_the_example_of_a_stand_in_and_that_of_a_connector_work_together(tmp_path: Path) -> None:
    connector, vendor = _made("connector"), _made("vendor")
    assert isinstance(connector, Connector)
    assert isinstance(vendor, Vendor)
    with Served(tmp_path, limits=False, further=[vendor]) as practice:
        door = Door({"api": f"{practice.url}/shelf"}, seconds=5, public_only=False)
        client = connector.open({"key": practice.token}, door)
        assert connector.check(client).name == "Practice shop"
        assert [choice.label for choice in connector.lookups["order"].run(client, "chairs")] == ["Ten chairs"]
        action, given = connector.actions["set_note"], {"order": "a-1", "text": "Leave at the door"}
        assert action.find
        assert action.find(client, "hub-1", given) == []
        result = action.run(client, "hub-1", **given)
        assert action.find(client, "hub-1", given) == [result]
        assert [effect["id"] for effect in practice.effects("shelf", "order.note")] == ["a-1"]


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


def test_the_example_of_waiting_loads() -> None:
    first, *others = blocks(RECIPES, "yaml")
    (waits,) = [block for block in others if "for_event" in block]
    made = load(first.replace("\ncheck:", "\n" + waits + "\ncheck:"), "recipe.yaml", KNOWN)
    assert [step.kind for step in made.steps][-3:] == ["wait", "wait", "wait"]
