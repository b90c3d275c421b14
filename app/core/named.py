"""What an id at a vendor is called, for people who are asked about it: looked up there, and remembered for a while."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookLong
from functools import cache
from threading import Lock

from app.core import connections, hold
from app.core.hub import Hub
from app.core.opening import NotConnected
from connectors.contract import JSON, ConnectorError, Role

log = logging.getLogger("patchbay.named")
_PATIENCE = 3.0  # seconds that a page waits for a name; a later one is there when the page is looked at again
_REMEMBERED = 600.0  # seconds
_MOST = 500
_Key = tuple[str, str, str, str]
_known: OrderedDict[_Key, tuple[float, Future[str]]] = OrderedDict()
_guard = Lock()


def names(hub: Hub, connection_id: str, action: str, arguments: Mapping[str, JSON]) -> dict[str, str]:
    """Argument → name, of those arguments of an action that say where and for which the connector has a picker of the same
    name. What the vendor does not tell, or not soon, is left out."""
    try:
        slug = connections.get(hub, connection_id)["slug"]
    except LookupError:
        return {}
    connector = hub.connectors[slug]
    known = connector.actions.get(action)
    if known is None or hold.find(hub) is not None:
        return {}
    asked = {
        name: _ask(hub, connection_id, name, value)
        for name, value in arguments.items()
        if isinstance(value, str)
        and value
        and known.roles.get(name) is Role.WHERE
        and name in connector.lookups
        and connector.lookups[name].resolve is not None
    }
    end = time.monotonic() + _PATIENCE
    return {name: found for name, told in asked.items() if (found := _soon(told, end))}


def _soon(told: Future[str], end: float) -> str:
    try:
        return told.result(max(end - time.monotonic(), 0))
    except TookLong:
        return ""


def _ask(hub: Hub, connection_id: str, lookup: str, its_id: str) -> Future[str]:
    key, now = (hub.settings.database, connection_id, lookup, its_id), time.monotonic()
    with _guard:
        at, told = _known.get(key, (0.0, None))
        if told is None or now - at > _REMEMBERED or (told.done() and not told.result()):
            told = _pool().submit(_look, hub, connection_id, lookup, its_id)
            _known[key] = (now, told)
            _known.move_to_end(key)
        while len(_known) > _MOST:
            _known.popitem(last=False)
    return told


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="names")


def _look(hub: Hub, connection_id: str, lookup: str, its_id: str) -> str:
    try:
        found = connections.resolve(hub, connection_id, lookup, its_id)
    except (ConnectorError, NotConnected, LookupError) as problem:
        log.info("the name of a %s is not told: %s", lookup, problem)
        return ""
    except Exception:
        log.exception("the name of a %s could not be looked up", lookup)
        return ""
    return next((choice.label for choice in found if choice.id == its_id), "")
