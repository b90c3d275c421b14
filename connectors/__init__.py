"""The connectors: every module or package beside this file, or in a folder of your own, that ends in a record `connector`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from connectors import outside
from connectors.contract import CannotLoad, Connector

_NO_CONNECTORS = ("auth", "contract", "errors", "outside", "strict_json")


@cache
def load(folders: tuple[Path, ...] = ()) -> Mapping[str, Connector]:
    """All connectors by slug, with those in `folders`. Their modules import no SDK until `open`, so this is cheap.

    Raises CannotLoad for a folder or a module in it that cannot be used; nothing is left out silently.
    """
    found = {c.slug: c for c in _ours()}
    for folder in folders:
        for connector in outside.load(folder):
            if connector.slug in found:
                raise CannotLoad(
                    f"Two connectors are called {connector.slug}: the one in {folder} must have another slug"
                )
            found[connector.slug] = connector
    return found


def _ours() -> Iterator[Connector]:
    for name in sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _NO_CONNECTORS):
        yield importlib.import_module(f"connectors.{name}").connector
