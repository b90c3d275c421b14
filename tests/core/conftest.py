"""A world for tests of core: a prepared hub with practice vendors on loopback, and a clock that is moved on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.durability.world import World, world


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    """A world of this test's own; the practice model answers `ANSWER` to everything."""
    with world(settings, tmp_path / "practice") as made:
        yield made
