"""Connectors in a folder outside of the package: loaded beside ours, or told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

import connectors
from connectors.contract import CannotLoad

TEXT = """
from connectors.contract import Account, ApiKey, Connector
{more}
connector = Connector(
    slug="{slug}", title="Theirs", says="", hosts={{}}, auth=ApiKey(()), open=lambda given, http: None,
    check=lambda client: Account("1", "One"), explain=lambda status, body: None,
)
"""


def module(folder: Path, name: str = "theirs.py", slug: str = "theirs", more: str = "") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(TEXT.format(slug=slug, more=more))
    return folder


def test_a_folder_of_ones_own_is_loaded_beside_ours(tmp_path: Path) -> None:
    folder = module(tmp_path / "modules", more="from dataclasses import dataclass")
    package = module(tmp_path / "packages", "grown/__init__.py", "grown", more="from ._words import SAID")
    (package / "grown" / "_words.py").write_text('SAID = "hello"')
    (package / "_left_alone.py").write_text("1 / 0")
    found = connectors.load((folder, package))
    assert set(found) == {*connectors.load(), "theirs", "grown"}


def test_two_folders_may_hold_modules_of_the_same_name(tmp_path: Path) -> None:
    folders = (module(tmp_path / "a", slug="one"), module(tmp_path / "b", slug="two"))
    assert {"one", "two"} < set(connectors.load(folders))


@pytest.mark.parametrize(
    ("slug", "more", "says"),
    [
        ("notion", "", "Two connectors are called notion: the one in {folder} must have another slug"),
        ("theirs", "1 / 0", "The connector {folder}/theirs cannot be loaded: ZeroDivisionError: division by zero"),
        ("theirs", "import nothing_of_that_name", "cannot be loaded: ModuleNotFoundError"),
        ("theirs", "def broken(", "cannot be loaded: SyntaxError"),
        ("theirs", "raise SystemExit", "cannot be loaded: SystemExit"),
    ],
)
def test_one_that_cannot_be_used_is_told(tmp_path: Path, slug: str, more: str, says: str) -> None:
    with pytest.raises(CannotLoad) as told:
        connectors.load((module(tmp_path, slug=slug, more=more),))
    assert says.format(folder=tmp_path) in str(told.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotLoad, match="There is no folder"):
        connectors.load((tmp_path / "away",))


def test_a_module_without_a_record_is_told(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text("connector = 1")
    with pytest.raises(CannotLoad, match="ends in no record named connector"):
        connectors.load((tmp_path,))
