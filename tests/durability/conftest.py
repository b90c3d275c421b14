"""Worlds for the durability tests: a fresh one per test, and one per process whose workers can be killed at any point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.conftest import KEYS
from tests.durability.smithy import Smithy
from tests.durability.world import World, swift_folder, world


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    """A world of this test's own."""
    with world(settings, tmp_path / "practice") as made:
        yield made


@pytest.fixture(scope="session")
def _smithy() -> Iterator[Smithy]:
    with swift_folder() as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with world(Settings(home=home, keys=KEYS), Path(folder) / "practice") as made:
            smithy = Smithy(made)
            yield smithy
            smithy.forge.close()


@pytest.fixture
def smithy(_smithy: Smithy) -> Smithy:
    """Real patience, since its clock is moved on instead of waited for. Every case gets databases of its own."""
    _smithy.served.control("faults", method="DELETE")
    return _smithy
