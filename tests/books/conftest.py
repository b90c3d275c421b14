"""A hub whose QuickBooks and Xero are the practice ones, to which somebody signs in at a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import apps
from app.practice.serve import Served
from app.settings import Settings
from tests.oauth.conftest import Person
from tests.web.conftest import Site, bare, site

__all__ = ["bare", "site"]
SLUGS = ("quickbooks", "xero")


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "practice", limits=False) as served:
        yield served


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={slug: f"{vendors.url}/{slug}" for slug in SLUGS})


@pytest.fixture
def person(site: Site, vendors: Served) -> Person:
    for slug in SLUGS:
        apps.save(site.hub, slug, "practice", vendors.token, by="a test")
    return Person(site, site.visitor("owner"))
