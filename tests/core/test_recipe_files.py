"""Recipe files as they lie in a folder: bytes that are no text are told like any other mistake, and stop nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.core import beginning, house, recipes
from app.core.hub import Hub
from app.core.recipe import RecipeError, text_of

SHIPPED = "zoom-recap-to-notion"


def spoilt(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_bytes(b"recipe: x\ntitle: caf\xe9\n")
    return folder


def test_a_file_that_is_no_utf_8_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        text_of(spoilt(tmp_path / "cafe"))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("cafe/recipe.yaml", 2, 11)
    assert "UTF-8" in problem.hint


def test_it_leaves_the_others_running(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(recipes.SHIPPED / SHIPPED, tmp_path / SHIPPED)
    spoilt(tmp_path / "cafe")
    monkeypatch.setattr(recipes, "SHIPPED", tmp_path)
    beginning.prepare(hub)
    assert recipes.get(hub, SHIPPED).recipe
    with hub.db.read() as conn:
        assert "not UTF-8" in house.get(conn, "problem:cafe", "")


def test_windows_line_ends_and_a_byte_order_mark_do_not_make_another_version(tmp_path: Path) -> None:
    plain = text_of(recipes.SHIPPED / SHIPPED)
    (tmp_path / "recipe.yaml").write_bytes(b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode())
    assert text_of(tmp_path) == plain
