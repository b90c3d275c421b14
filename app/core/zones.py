"""Time zones by their names, from the `tzdata` package, so that every machine has the same rules."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from app.core.recipe_problems import suggest

_DATA = resources.files("tzdata")


@cache
def names() -> frozenset[str]:
    """Every name there is: `Europe/Berlin`, `UTC` …"""
    return frozenset((_DATA / "zones").read_text("ascii").split())


@lru_cache(maxsize=700)
def zone(name: str) -> ZoneInfo:
    """Raises ValueError with a sentence that names the nearest zone."""
    if name not in names():
        raise ValueError(f"`{name}` is no time zone. {hint(name)}")
    with _DATA.joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def hint(name: str) -> str:
    """What to write instead of a name that is not there."""
    cities = {each.rpartition("/")[2].lower(): each for each in sorted(names())}
    if found := cities.get(name.strip().replace(" ", "_").lower()):
        return f"Did you mean `{found}`?"
    near = suggest(name, names())
    return near if near.startswith("Did") else "Write it like Europe/Berlin or America/New_York."


def spoken(local: datetime) -> str:
    """ "Monday, 30 November 2026, 07:00"."""
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M}"


def words(name: str) -> str:
    """ "Berlin time", "UTC"."""
    return f"{name.rpartition('/')[2].replace('_', ' ')} time" if "/" in name else name
