"""Python loads this before anything else in a process that finds it on its path.

FAULTS_MUTANT breaks the modules that a mutant is about, as they are loaded. FAULTS_CLOCK names a file with ms that the wall clock
is wrong by, for this process only: the kernel has no wall clock for a part of a machine.
"""

import os
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from mmap import mmap
from typing import Any


class _Breaking(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if not name.startswith(("app.", "connectors.")):
            return None
        from tests.faults.mutants import MUTANTS

        mutant = MUTANTS[os.environ["FAULTS_MUTANT"]]
        spec = PathFinder.find_spec(name, path) if name in mutant.breaks else None
        if spec is None or spec.loader is None:
            return None
        real = spec.loader.exec_module

        def load(module: Any) -> None:
            real(module)
            mutant.breaks[name](module)
            with open(os.environ["FAULTS_MARKS"], "a") as marks:
                marks.write(name + "\n")

        setattr(spec.loader, "exec_module", load)  # noqa: B010 - what it declares is not to be changed so
        return spec


def _wrong_clock(path: str) -> None:
    with open(path, "r+b") as file:
        shared = mmap(file.fileno(), 8)
    real = time.time

    def wrong() -> float:
        return real() + int.from_bytes(shared[:8], "big", signed=True) / 1000

    time.time = wrong


if os.environ.get("FAULTS_MUTANT"):
    sys.meta_path.insert(0, _Breaking())
if os.environ.get("FAULTS_CLOCK"):
    _wrong_clock(os.environ["FAULTS_CLOCK"])
