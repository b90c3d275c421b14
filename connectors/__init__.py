"""The connectors: every module or package beside this file that ends in a record named `connector`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from connectors.contract import Connector


@cache
def load() -> Mapping[str, Connector]:
    """All connectors by slug. Their modules import no SDK until `open`, so this is cheap."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "contract")
    found = [importlib.import_module(f"connectors.{name}").connector for name in names]
    return {c.slug: c for c in found}
