"""A small Notion on loopback, and a connection opened to it through the real door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.notion._client import Notion
from tests.connectors import notion_fake
from tests.connectors.notion_fake import Fake


@pytest.fixture
def notion() -> Iterator[Fake]:
    with notion_fake.serve() as fake:
        yield fake


@pytest.fixture
def opened(notion: Fake) -> Notion:
    return notion_fake.connect(notion)
