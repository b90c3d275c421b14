"""Connectors in a folder outside of this package, such as one that a consultant keeps for a client."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from connectors.contract import CannotLoad, Connector


def load(folder: Path) -> Iterator[Connector]:
    """The record of each module and package in `folder`; names with an underscore in front are left alone.

    Raises CannotLoad, with a sentence that names the file and what to do.
    """
    if not folder.is_dir():
        raise CannotLoad(f"There is no folder {folder}. PATCHBAY_CONNECTORS names folders with connectors in them")
    for name in sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if not m.name.startswith("_")):
        yield _record(folder, name)


def _record(folder: Path, name: str) -> Connector:
    try:
        module = _import(folder.resolve(), name)
    except (Exception, SystemExit) as problem:  # whatever a module of somebody else's may raise
        raise CannotLoad(
            f"The connector {folder / name} cannot be loaded: {type(problem).__name__}: {problem}"
        ) from problem
    record = getattr(module, "connector", None)
    if not isinstance(record, Connector):
        raise CannotLoad(
            f"{folder / name} ends in no record named connector. If it is a part of one, let its name begin with _"
        )
    return record


def _import(folder: Path, name: str) -> ModuleType:
    """Under a name of its folder's own, so that two folders may hold modules of the same name."""
    spec = importlib.machinery.PathFinder.find_spec(name, [str(folder)])
    assert spec is not None
    assert spec.origin
    full = f"connectors_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}_{name}"
    if full in sys.modules:
        return sys.modules[full]
    parts = [str(folder / name)] if spec.submodule_search_locations else None
    spec = importlib.util.spec_from_file_location(full, spec.origin, submodule_search_locations=parts)
    assert spec is not None
    assert spec.loader
    module = sys.modules[full] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module
