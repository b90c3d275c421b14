"""A fresh world with the shop for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.vendors.shop_hub import ShopWorld, shop_world


@pytest.fixture
def shop(settings: Settings, tmp_path: Path) -> Iterator[ShopWorld]:
    with shop_world(settings, tmp_path / "practice") as made:
        yield made
