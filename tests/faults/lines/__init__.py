"""Every line of the matrix, in its order."""

from __future__ import annotations

from tests.faults.line import Line
from tests.faults.lines import (
    copies,
    database,
    disk,
    doorbell,
    intake,
    network,
    people,
    schedule,
    undo,
    vendor,
    wall,
    web,
    worker,
)

LINES: tuple[Line, ...] = (
    *web.LINES,
    *worker.LINES,
    *doorbell.LINES,
    *database.LINES,
    *disk.LINES,
    *vendor.LINES,
    *network.LINES,
    *intake.LINES,
    *wall.LINES,
    *schedule.LINES,
    *people.LINES,
    *undo.LINES,
    *copies.LINES,
)
