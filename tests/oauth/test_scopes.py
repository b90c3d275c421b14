"""What a vendor says it granted: as a text, as a list, under another name, in words of its own, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core import oauth
from app.core.apps import App
from app.core.hub import Hub, open_hub
from app.core.tokens import Desk, Tokens
from app.settings import Settings
from tests.connectors.loopback import Vendor, vendor

SAID: dict[str, Any] = {}


@pytest.fixture
def there() -> Iterator[Vendor]:
    with vendor(lambda asked: (200, {"access_token": "at-1", **SAID})) as served:
        yield served


@pytest.fixture
def hub(settings: Settings, there: Vendor) -> Iterator[Hub]:
    folder = Path(__file__).parent / "connectors"
    made = open_hub(replace(settings, connectors=(folder,), vendor_urls={"till": there.url}))
    yield made
    made.close()


def granted(hub: Hub, **said: Any) -> Tokens:
    """The tokens of an answer, once all that is needed is there."""
    SAID.clear()
    SAID.update(said)
    connector = hub.connectors["till"]
    assert connector.oauth
    found = Desk(hub, connector, App("till", "ours", "a secret")).exchange("code", "", "https://hub.example/back")
    oauth._all_scopes(connector, connector.oauth, found)
    return found


@pytest.mark.parametrize(
    "said",
    [
        {"scope": "sales.read notes.write"},
        {"scope": "notes.write,sales.read"},
        {"scope": ["notes.write", "sales.read"]},
        {"scopes": ["notes.write", "sales.read", "openid"]},
    ],
)
def test_all_that_is_needed_was_granted(hub: Hub, said: dict[str, Any]) -> None:
    assert {"notes.write", "sales.read"} <= set(granted(hub, **said).scope.split())


@pytest.mark.parametrize(
    "said", [{"scope": "notes.write"}, {"scope": ["notes.write"]}, {"scopes": ["notes.write", "openid"]}]
)
def test_what_was_left_out_is_said(hub: Hub, said: dict[str, Any]) -> None:
    with pytest.raises(oauth.Missing) as missing:
        granted(hub, **said)
    assert missing.value.scopes == {"sales.read": "see sales"}


@pytest.mark.parametrize("said", [{}, {"scope": ""}, {"scope": None}, {"scope": []}, {"scope": "default"}])
def test_an_answer_that_names_none_of_ours_leaves_it_to_the_check(hub: Hub, said: dict[str, Any]) -> None:
    assert granted(hub, **said).credentials["access_token"] == "at-1"
