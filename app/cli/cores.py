"""Which core a process of `run` computes on.

Python computes on one core at a time, whatever the threads. Left to themselves, the threads of a process wander over all cores
and pass Python's lock from one to the other, and each time one has to be woken: with two cores that cost a third of the
deliveries taken and a quarter of the events worked on (measured: 690 → 1,050 and 140 → 187 a second). Processes that are
started by themselves are left as they are, for they know nothing of each other.
"""

from __future__ import annotations

import os


def keep_to(number: int) -> None:
    """This process and the threads it will make keep to one core: the `number`th of those it may use, counted round. A core
    that is taken away later is nobody's trouble: the kernel then gives them all there are."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
