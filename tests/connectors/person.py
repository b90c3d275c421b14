"""Somebody who signs in at a practice vendor, and a hub that is there to be signed in to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from app.core import apps, oauth
from app.core.hub import Hub, open_hub
from app.core.oauth import Opened
from app.practice.serve import Served
from app.settings import Settings
from tests.oauth.till_hub import SESSION


@contextmanager
def hub_at(settings: Settings, slug: str, served: Served) -> Iterator[Hub]:
    """It has an app of its own at this vendor."""
    made = open_hub(replace(settings, vendor_urls={slug: f"{served.url}/{slug}"}))
    assert made.secret  # made when it is first asked for, which must not be within a change
    apps.save(made, slug, "practice", served.token, by="a test")
    yield made
    made.close()


def sign_in(
    hub: Hub, slug: str, account: str, *, leave_out: str = "", answer: str = "allow", connection: str = ""
) -> Any:
    """There and back: what comes of it (`oauth.Opened`, or a choice). Raises what a person would read."""
    there = oauth.start(hub, slug, SESSION, connection_id=connection)
    asked = dict(parse_qsl(urlsplit(there).query)).get("scope", "").replace(",", " ").split()
    form: dict[str, Any] = {"answer": answer, "account": account, "scope": [one for one in asked if one != leave_out]}
    back = requests.post(there, data=form, allow_redirects=False, timeout=5).headers["Location"]
    return oauth.finish(hub, slug, SESSION, dict(parse_qsl(urlsplit(back).query)))


def signed_in(hub: Hub, slug: str, account: str, **more: str) -> str:
    """The id of the connection."""
    made = sign_in(hub, slug, account, **more)
    assert isinstance(made, Opened)
    return made.connection_id
