"""A recipe's times: which instants a cron line in a time zone means, and what a run that starts at one sees.

Local times are the house's: one that the clocks skip in spring counts at the next minute that exists, one that comes twice in
autumn counts once. Only a line for every hour (`*` or `*/n` as its hour) goes through a doubled hour twice, since that many
hours really pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from app.core import zones
from connectors.contract import JSON, Label, Trigger

KIND = "time"  # a recipe's trigger when it is a time
CatchUp = Literal["last", "all", "none"]
CATCH_UPS: tuple[CatchUp, ...] = ("last", "all", "none")
DAY = 86_400_000  # ms
MOST = 100  # instants that `catch_up: all` makes good
_FIELDS = ("at", "local", "date", "time", "weekday", "zone", "last_at")
_MARGIN = timedelta(hours=26)  # more than any zone ever moved its clocks


@dataclass(frozen=True)
class Schedule:
    """`cron` has five fields; `says` is how the author wrote it; an empty `zone` is the house's; `window` is ms."""

    cron: str
    says: str
    zone: str = ""
    catch_up: CatchUp = "last"
    window: int = DAY

    def words(self, house_zone: str) -> str:
        """ "Every Monday at 07:00, Berlin time"."""
        return f"{self.says}, {zones.words(self.zone or house_zone)}"

    def trigger(self, house_zone: str = "UTC") -> Trigger:
        """What a firing looks like to a recipe, in the form of a connector's trigger. Its body may name the instant: `{"at": …}`."""
        zone = self.zone or house_zone

        def shape(body: bytes) -> dict[str, JSON]:
            at, last = _read(body, zone)
            return seen(at, zone, last)

        return Trigger(KIND, self.words(house_zone), shape, dict.fromkeys(_FIELDS, Label.VENDOR))


def seen(at: int, zone: str, last_at: int | None) -> dict[str, JSON]:
    """The `event` of a run that starts at `at` (ms UTC): the instant, the same in local words, and the firing before it."""
    local = datetime.fromtimestamp(at / 1000, zones.zone(zone))
    return {
        "at": _iso(at),
        "local": local.isoformat(timespec="minutes"),
        "date": local.strftime("%Y-%m-%d"),
        "time": local.strftime("%H:%M"),
        "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[local.weekday()],
        "zone": zone,
        "last_at": _iso(last_at) if last_at is not None else None,
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(body: bytes, zone: str) -> tuple[int, int | None]:
    """The instants a sample or case names; without one, this minute. Raises ValueError with a sentence."""
    found = json.loads(body or b"{}")
    if not isinstance(found, dict) or not set(found) <= {"at", "last_at"}:
        raise ValueError('Write {"at": "2026-11-30T07:00"}, or {} for now')
    at = _instant(found.get("at"), zone)
    now = int(datetime.now(UTC).replace(second=0, microsecond=0).timestamp() * 1000)
    return now if at is None else at, _instant(found.get("last_at"), zone)


def _instant(text: JSON, zone: str) -> int | None:
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"`{text}` is no time. Write it like 2026-11-30T07:00") from None
    return int((when if when.tzinfo else when.replace(tzinfo=zones.zone(zone))).timestamp() * 1000)


# --- instants ---------------------------------------------------------------------------------------------------------


def problem(cron: str) -> str:
    """What is wrong with a cron line, in words; empty when nothing is."""
    parts = cron.split()
    if len(parts) != 5:
        return "a cron line has five fields: minute, hour, day, month, weekday"
    if not parts[2].startswith("*") and not parts[4].startswith("*"):
        return "a cron line that names days of the month and weekdays would start on either"
    try:
        next(CronSim(cron, datetime(2026, 1, 1)))
    except CronSimError as said:
        return f"this cron line cannot be read ({said})"
    except StopIteration:
        return "this cron line never comes"
    return ""


def next_after(cron: str, zone: str, after: int) -> int:
    """The first instant later than `after`; both ms UTC. Raises ValueError for a line that never comes again."""
    here, floor = zones.zone(zone), datetime.fromtimestamp(after / 1000, UTC)
    hourly = cron.split()[1].startswith("*")
    best: datetime | None = None
    for local in _locals(cron, _begin(here, floor, hourly)):
        first, *second = _instants(local, here, hourly)
        if best is not None and first >= best:
            break
        later = [each for each in (first, *second) if each > floor]
        best = min([*later, best] if best else later, default=None)
    if best is None:
        raise ValueError(f"the cron line {cron} never comes again")
    return int(best.timestamp() * 1000)


def between(cron: str, zone: str, after: int, until: int) -> Iterator[int]:
    """Every instant in (after, until], in order; ms UTC."""
    at = next_after(cron, zone, after)
    while at <= until:
        yield at
        at = next_after(cron, zone, at)


def _begin(here: ZoneInfo, floor: datetime, hourly: bool) -> datetime:
    """The local time to go on from. In front of a doubled hour that is before the hour, whose second pass is to come."""
    local = floor.astimezone(here)
    moved = (floor + _MARGIN).astimezone(here).utcoffset() != (floor - _MARGIN).astimezone(here).utcoffset()
    start = local.replace(tzinfo=None, second=0, microsecond=0)
    return start - _MARGIN if moved and hourly else start - timedelta(minutes=1)


def _locals(cron: str, start: datetime) -> Iterator[datetime]:
    yield from CronSim(cron, start)


def _instants(local: datetime, here: ZoneInfo, hourly: bool) -> list[datetime]:
    """When a local time comes: once, or for hourly lines twice. Skipped, it comes at the first minute there is."""
    while not (found := _passes(local, here)):
        local += timedelta(minutes=1)
    return found if hourly else found[:1]


@lru_cache(maxsize=4096)
def _passes(local: datetime, here: ZoneInfo) -> list[datetime]:
    both = (local.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted({each for each in both if each.astimezone(here).replace(tzinfo=None) == local})
