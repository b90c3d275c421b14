"""The stand-ins: every module or package beside this file that ends in a record `vendor`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from app.practice.door import Vendor


@cache
def load() -> tuple[Vendor, ...]:
    """All of them, by slug. A module whose name begins with an underscore is a part of others."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return tuple(importlib.import_module(f"{__name__}.{name}").vendor for name in names)
