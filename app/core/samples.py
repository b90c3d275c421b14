"""Trying a recipe with a shipped sample: the stand-in vendor signs and sends it, and it takes the real path."""

from __future__ import annotations

import json
from typing import Any

from app.core import connections, firing, intake, practice, recipes
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.opening import open_with
from connectors.contract import Event, Unavailable

NOW = "now"  # the sample of a recipe of times that brings none


def names(hub: Hub, slug: str) -> list[str]:
    """The samples of a recipe, by file name without ending: first those that `practice.json` puts first."""
    there = sorted(p.stem for p in (recipes.SHIPPED / slug / "samples").glob("*.json"))
    if not there and _is_timed(hub, slug):
        return [NOW]
    first = [name for name in recipes.practice_facts(slug).get("samples", []) if name in there]
    return first + [name for name in there if name not in first]


def _is_timed(hub: Hub, slug: str) -> bool:
    loaded = recipes.get(hub, slug).recipe
    return loaded is not None and loaded.schedule is not None


def begin(hub: Hub, slug: str, sample: str) -> str:
    """Try a recipe of times: as if the sample's instant had come. Returns the run's id. Raises LookupError, ValueError."""
    return firing.try_now(hub, slug, b"{}" if sample == NOW else body(slug, sample))


def body(slug: str, sample: str) -> bytes:
    """The webhook body of a sample. Raises LookupError."""
    path = recipes.SHIPPED / slug / "samples" / f"{sample}.json"
    if not sample.replace("-", "").replace("_", "").isalnum() or not path.exists():
        raise LookupError(f"There is no sample called {sample}")
    return path.read_bytes()


def send(hub: Hub, slug: str, sample: str) -> str:
    """Fire a sample; returns the id of the event it became. Raises LookupError, ValueError, ConnectorError with a sentence."""
    page = recipes.get(hub, slug)
    if page.recipe is None:
        raise ValueError(page.error)
    vendor = page.recipe.trigger.partition(".")[0]
    own = practice.connection_id(hub, vendor)
    if hub.connectors[vendor].place:
        return _stored(hub, own, page.recipe.trigger, body(slug, sample))
    connection = connections.get(hub, own)
    hook = connection["hook_address"]
    address = hub.settings.loopback + hook.removeprefix(hub.settings.address)
    opened = open_with(hub, vendor, {}, practice=True)
    message = {"address": address, "body": json.loads(body(slug, sample))}
    headers = {"Authorization": f"Bearer {practice.token(hub)}"}
    url = f"{opened.door.url()}/deliver"
    answer = connections.asking(opened, lambda: _post(opened.door.session, url, message, headers))
    event = (answer.get("answer") or {}).get("event")
    if answer.get("status") != 200 or not event:
        raise Unavailable(
            f"The practice vendor could not deliver the sample (answer {answer.get('status')}). Is the hub running?"
        )
    return str(event)


def _stored(hub: Hub, own: str, trigger: str, told: bytes) -> str:
    """What comes in by the hub's own pages has no vendor that could send it: the sample is stored as those pages do."""
    vendor, _, kind = trigger.partition(".")
    answer = intake.store(hub, own, vendor, (Event(kind, f"sample:{new_id()}", told),))
    if answer.status != 200:
        raise Unavailable("The sample could not be stored. Is the disk full?")
    return answer.event_ids[0]


def _post(session: Any, url: str, message: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    response = session.post(url, json=message, headers=headers)
    response.raise_for_status()
    found: dict[str, Any] = response.json()
    return found
