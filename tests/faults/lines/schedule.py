"""A recipe that begins at times."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from app.core import recipes
from tests.faults.bed import until
from tests.faults.case import Case
from tests.faults.line import Line

_SLUG = "shop-every-minute"
_RECIPE = f"""recipe: {_SLUG}
title: Order every minute
purpose: One order for each instant, for the fault runner.
when: {{cron: "* * * * *", zone: UTC}}
steps:
  - id: change
    do: shop.order
    given:
      ref: "{{{{ event.at }}}}"
      text: "{{{{ event.local }}}}"
"""
_CASES = """- name: An instant makes one order
  event: {at: "2026-11-30T07:00"}
  expect: {writes: [{action: shop.order}]}
"""


def clocks(case: Case) -> None:
    """Three clocks, one of which dies just before each instant and one just after: one run for each instant."""
    hub, names = case.bed.home.hub, ("clock 2", "clock 3")
    recipes.publish(hub, _folder(case.bed.folder / _SLUG), by="faults")
    case.bed.start(*names)
    recipes.switch_on(hub, _SLUG, practice=True, settings={}, by="faults")
    try:
        for _ in range(case.tries):
            time.sleep(max(59.5 - time.time() % 60, 0))
            case.bed.parts["clock 2"].restart()
            time.sleep(0.8)
            case.bed.parts["clock 3"].restart()
            case.tried += 1
        if not until(lambda: len(_instants(case)) >= case.tries, 30, 0.5):
            case.wrong.append(f"{case.tries} instants came, and {len(_instants(case))} of them began a run")
    finally:
        recipes.switch_off(hub, _SLUG, practice=True, by="faults")
        for name in names:
            case.bed.parts.pop(name).leave()
    time.sleep(2.0)  # for one that came twice
    case.wrong += [f"{instant} was begun {n} times" for instant, n in _instants(case).items() if n > 1]


def _instants(case: Case) -> Counter[str]:
    effects = next(t for t in case.bed.tasks if "order" in t.title).effects(case.after)
    return Counter(effect.name for effect in effects if effect.name.startswith("20"))


def _folder(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "recipe.yaml").write_text(_RECIPE)
    (folder / "cases.yaml").write_text(_CASES)
    return folder


LINES = (Line("three clocks, killed at the instants of a schedule", clocks, tries=3, few=1),)
